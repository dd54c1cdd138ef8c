/* What turns.c needs of sdk.c. */
#ifndef FLORA_SDK_H
#define FLORA_SDK_H

#include <stddef.h>
#include <stdint.h>

typedef struct { const char *name; void *target; } Symbol;

/* Writes each symbol's address to its target; the name of one that is missing, else NULL. */
const char *find_symbols(void *library, const Symbol *symbols, size_t count);

/* The same for all of V8's that sdk.c needs. */
const char *load_v8(void *library);

typedef struct Sdk Sdk;
typedef struct { const uint8_t *bytes; int length; } Code;

/* These run on an isolate's thread, inside of a script. What the first throws is pending in V8. */
void install_sdk(void *sdk);
void take_code(void *code);

#endif

/* What turns.c needs of place.c. */
#ifndef FLORA_PLACE_H
#define FLORA_PLACE_H

#include <pthread.h>
#include <stddef.h>

enum { STACK_BYTES = 4096 };

/* Where an isolate's script was when it was last asked, in the turn that is under way. */
typedef struct {
    void *isolate;
    char stack[STACK_BYTES];
    size_t length;
    _Atomic int is_asked;
    pthread_mutex_t lock;
} Place;

/* The name of what is missing in the library, else NULL. */
const char *load_places(void *library);

void init_place(Place *place);
void destroy_place(Place *place);

/* On the isolate's thread, inside of a script: from now on it can be asked. */
void place_isolate(Place *place);

/* From any thread. The place is noted as soon as the script comes to a point where V8 can tell. */
void ask_for_place(Place *place);
size_t copy_place(Place *place, char *to);
void forget_place(Place *place);

#endif

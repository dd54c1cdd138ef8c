/*
 * The SDK inside an isolate, by V8's own interface: what mini-racer has no words for.
 *
 * All isolates of a process share one copy of the SDK's text, and take its compiled code from one
 * of them (runtime/worker/compiled_ahead.py): a start costs 3.3 ms of CPU instead of 6.9, an
 * isolate 1.13 MiB instead of 1.31 (25 November 2026). As in v8_internals.py handles are pointers
 * to slots. The layouts are those of V8 14.4's headers, on machines with 64 bits.
 */
#define _GNU_SOURCE
#include "sdk.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* v8::ScriptCompiler::CachedData; the buffer stays ours. */
typedef struct {
    const uint8_t *bytes;
    int length;
    _Bool refused;
    int policy;
} CachedData;

/* v8::ScriptCompiler::Source */
typedef struct {
    void *text, *name;
    int line, column, options;
    void *source_map, *host_options;
    CachedData *code;
    void *consume_task, *compile_hint, *compile_hint_argument;
    struct { int cache_result; int64_t foreground_us, background_us; } details;
} Source;

/* v8::PromiseRejectMessage */
typedef struct { void *promise; int event; void *reason; } Rejection;

/* A v8::String::ExternalOneByteStringResource, and what goes with it. It lives as long as the
 * process: isolates refer to it. */
struct Sdk {
    void (*const *methods)(void);
    const char *cached_text; /* V8's; the same for every isolate */
    const char *text;
    size_t length;
    Code code;
    atomic_int code_taken;
};

static void *(*current_isolate)(void);
static void *(*current_context)(void *);
static void *(*global_object)(void *);
static void *(*new_integer)(void *, int);
static void *(*new_text)(void *, const char *, int, int);
static void *(*new_external_text)(void *, Sdk *);
static void *(*get)(void *, void *, void *);
static uint16_t (*set)(void *, void *, void *, void *);
static _Bool (*is_object)(void *);
static _Bool (*is_function)(void *);
static void *(*globalize)(void *, uintptr_t);
static void *(*call)(void *, void *, void *, void *, int, void **);
static void *(*compile)(void *, Source *, int, int);
static void *(*bind)(void *);
static void *(*run)(void *, void *);
static CachedData *(*create_code)(void *);
static void (*set_reject_callback)(void *, void (*)(Rejection));
static _Bool (*is_terminating)(void *);
static void (*terminate)(void *);

/* Of the isolate of this thread: who is told of rejections (V8's callback brings no data along),
 * and the SDK's script. All but the first are global handles. */
static __thread struct { void *isolate, *rejected, *script; } here;

const char *find_symbols(void *library, const Symbol *symbols, size_t count) {
    for (size_t i = 0; i < count; i++) {
        void *found = dlsym(library, symbols[i].name);
        if (found == NULL) return symbols[i].name;
        memcpy(symbols[i].target, &found, sizeof found);
    }
    return NULL;
}

const char *load_v8(void *library) {
    const Symbol symbols[] = {
        {"_ZN2v87Isolate10GetCurrentEv", &current_isolate},
        {"_ZN2v87Isolate17GetCurrentContextEv", &current_context},
        {"_ZN2v87Context6GlobalEv", &global_object},
        {"_ZN2v87Integer3NewEPNS_7IsolateEi", &new_integer},
        {"_ZN2v86String11NewFromUtf8EPNS_7IsolateEPKcNS_13NewStringTypeEi", &new_text},
        {"_ZN2v86String18NewExternalOneByteEPNS_7IsolateEPNS0_29ExternalOneByteStringResourceE",
         &new_external_text},
        {"_ZN2v86Object3GetENS_5LocalINS_7ContextEEENS1_INS_5ValueEEE", &get},
        {"_ZN2v86Object3SetENS_5LocalINS_7ContextEEENS1_INS_5ValueEEES5_", &set},
        {"_ZNK2v85Value8IsObjectEv", &is_object},
        {"_ZNK2v85Value10IsFunctionEv", &is_function},
        {"_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEm", &globalize},
        {"_ZN2v88Function4CallEPNS_7IsolateENS_5LocalINS_7ContextEEENS3_INS_5ValueEEEiPS7_", &call},
        {"_ZN2v814ScriptCompiler20CompileUnboundScriptEPNS_7IsolateEPNS0_6SourceENS0_14CompileOptions"
         "ENS0_13NoCacheReasonE", &compile},
        {"_ZN2v813UnboundScript20BindToCurrentContextEv", &bind},
        {"_ZN2v86Script3RunENS_5LocalINS_7ContextEEE", &run},
        {"_ZN2v814ScriptCompiler15CreateCodeCacheENS_5LocalINS_13UnboundScriptEEE", &create_code},
        {"_ZN2v87Isolate24SetPromiseRejectCallbackEPFvNS_20PromiseRejectMessageEE",
         &set_reject_callback},
        {"_ZN2v87Isolate22IsExecutionTerminatingEv", &is_terminating},
        {"_ZN2v87Isolate18TerminateExecutionEv", &terminate},
    };
    return find_symbols(library, symbols, sizeof symbols / sizeof *symbols);
}

/* --- the text -------------------------------------------------------------------------------- */

static void nothing(void) {}
static int yes(void) { return 1; }
static const char *text_of(Sdk *sdk) { return sdk->text; }
static size_t length_of(Sdk *sdk) { return sdk->length; }

typedef void (*Method)(void);

/* The virtual methods, in their order. */
static const Method METHODS[] = {
    nothing, nothing,    /* two destructors */
    (Method)yes,         /* IsCacheable */
    nothing,             /* Unaccount */
    (Method)length_of,   /* EstimateMemoryUsage */
    nothing,             /* EstimateSharedMemoryUsage */
    nothing,             /* Dispose: other isolates have the same */
    nothing, nothing,    /* Lock, Unlock */
    (Method)text_of,     /* data */
    (Method)length_of,   /* length */
};

/* text: ASCII. code: what V8 has made of it, in this release and with these flags; none is needed.
 * Both are copied. */
Sdk *flora_sdk(const char *text, size_t length, const char *code, size_t code_length) {
    Sdk *sdk = calloc(1, sizeof *sdk);
    char *copy = malloc(length + code_length + sizeof(void *));
    if (sdk == NULL || copy == NULL) _exit(71);
    /* V8 would copy code that is not aligned. */
    size_t text_start = (code_length + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
    memcpy(copy, code, code_length);
    memcpy(copy + text_start, text, length);
    sdk->methods = METHODS;
    sdk->text = copy + text_start;
    sdk->length = length;
    sdk->code.bytes = (uint8_t *)copy;
    sdk->code.length = (int)code_length;
    return sdk;
}

/* How many isolates have taken the code instead of compiling the text. */
int flora_code_taken(Sdk *sdk) { return atomic_load(&sdk->code_taken); }

/* --- in the isolate -------------------------------------------------------------------------- */

static void *property(void *isolate, void *context, void *object, const char *name) {
    return get(object, context, new_text(isolate, name, 0, -1));
}

/* In C, so that a rejected promise that is caught at once costs 1 us instead of 23. */
static void on_rejection(Rejection rejection) {
    enum { REJECTED, HANDLED };
    if (rejection.event != REJECTED && rejection.event != HANDLED) return;
    void *arguments[3] = {
        new_integer(here.isolate, rejection.event),
        rejection.promise,
        rejection.reason != NULL ? rejection.reason : rejection.promise,
    };
    void *context = current_context(here.isolate);
    void *returned = call(here.rejected, here.isolate, context, here.rejected, 3, arguments);
    /* V8 lets nothing that a callback of this kind throws reach the script. */
    if (returned == NULL && is_terminating(here.isolate)) terminate(here.isolate);
}

/* The bridge becomes a global, for mini-racer to find its functions, and is told of each promise
 * that is rejected without a handler or gets one afterwards. */
void install_sdk(void *argument) {
    enum { COMPILE, TAKE_CODE };
    Sdk *sdk = argument;
    void *isolate = here.isolate = current_isolate();
    void *context = current_context(isolate);
    CachedData code = {sdk->code.bytes, sdk->code.length, 0, 0};
    Source source = {.text = new_external_text(isolate, sdk)};
    if (code.length > 0) source.code = &code;
    void *script = compile(isolate, &source, source.code != NULL ? TAKE_CODE : COMPILE, 0);
    if (script == NULL) return;
    if (source.code != NULL && !code.refused) atomic_fetch_add(&sdk->code_taken, 1);
    here.script = globalize(isolate, *(uintptr_t *)script);
    void *bridge = run(bind(script), context);
    if (bridge == NULL || !is_object(bridge)) return;
    set(global_object(context), context, new_text(isolate, "__floraBridge", 0, -1), bridge);
    void *rejected = property(isolate, context, bridge, "rejected");
    if (rejected == NULL || !is_function(rejected)) return;
    here.rejected = globalize(isolate, *(uintptr_t *)rejected);
    set_reject_callback(isolate, on_rejection);
}

/* What V8 has compiled of the SDK so far in this thread's isolate. It is never freed. */
void take_code(void *argument) {
    Code *code = argument;
    CachedData *created = here.script != NULL ? create_code(here.script) : NULL;
    if (created != NULL) *code = (Code){created->bytes, created->length};
}

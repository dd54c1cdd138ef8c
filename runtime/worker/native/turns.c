/*
 * Turns of V8 isolates without Python on the isolates' threads.
 *
 * The same protocol as runtime/worker/v8.py's ThinIsolate, spoken to the same C interface of
 * mini-racer; what differs is who takes an isolate's results: here they leave through a socket as
 * frames (runtime/worker/protocol.py), written by the isolate's own thread, so that no result costs
 * a fight for the interpreter. An allocation or a write that fails ends the process, a worker.
 */
#define _GNU_SOURCE
#include "place.h"
#include "sdk.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* mini-racer's BinaryValue: a value or pointer, a length and a type. */
#pragma pack(push, 1)
typedef struct {
    union { char *text; int64_t number; } value;
    size_t length;
    uint8_t type;
} Value;

/* protocol.HEADER, "<IBQQ" */
typedef struct {
    uint32_t length;
    uint8_t kind;
    uint64_t isolate;
    uint64_t number;
} Header;
#pragma pack(pop)

enum { STRING = 5, FIRST_ERROR = 200 };
/* How a turn ended: the order of v8.py's Outcome. */
enum { COMPLETED, THREW, DID_NOT_PARSE, OUT_OF_MEMORY, TERMINATED };
/* What a result belongs to: in the low bits of its number, the rest of which is the isolate. */
enum { EVALUATED = 1, RECEIVED = 2, DRAINED = 3, SYNCHRONOUS = 4, INSIDE = 5, TAG_BITS = 7 };

typedef void (*Callback)(uint64_t, Value *);

static uint64_t (*init_context)(Callback);
static void (*free_context)(uint64_t);
static uint64_t (*evaluate)(uint64_t, Value *, uint64_t);
static uint64_t (*call_function)(uint64_t, Value *, Value *, Value *, uint64_t);
static void (*cancel_task)(uint64_t, uint64_t);
static void (*free_value)(uint64_t, Value *);
static Value *(*make_js_callback)(uint64_t, uint64_t);
static Value *(*alloc_string)(uint64_t, const char *, uint64_t, uint8_t);
static void (*set_soft_memory_limit)(uint64_t, size_t);
static void (*set_hard_memory_limit)(uint64_t, size_t);
static int (*hard_memory_limit_reached)(uint64_t);

typedef struct {
    uint64_t context, number;
    Value *receive, *drain, *no_arguments;
    uint64_t tasks[2];
    /* What receive() threw, which it never should: told instead of the drain's result. */
    Value *receive_error;
    /* The result that somebody waits for. */
    Value *synchronous;
    /* What is to be done on the isolate's thread inside of a script. */
    void (*work)(void *);
    void *work_argument;
    pid_t thread;
    Place place;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
} Isolate;

static int results = -1;
static pthread_mutex_t results_lock = PTHREAD_MUTEX_INITIALIZER;

static int outcome_of(uint8_t type) {
    switch (type) {
    case 201: return DID_NOT_PARSE;
    case 202: return OUT_OF_MEMORY;
    case 203: case 204: return TERMINATED;
    default: return type >= FIRST_ERROR && type < FIRST_ERROR + 16 ? THREW : COMPLETED;
    }
}

static void write_result(Isolate *isolate, int outcome, const char *text, size_t length) {
    struct timespec cpu;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    uint64_t cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
    Header header = {(uint32_t)length, (uint8_t)outcome, isolate->number, cpu_ns};
    struct iovec parts[2] = {{&header, sizeof header}, {(void *)text, length}};
    size_t left = sizeof header + length;
    pthread_mutex_lock(&results_lock);
    for (int first = 0; left > 0;) {
        ssize_t written = writev(results, parts + first, 2 - first);
        if (written < 0) {
            if (errno == EINTR) continue;
            _exit(71);
        }
        left -= (size_t)written;
        while (first < 2 && (size_t)written >= parts[first].iov_len)
            written -= (ssize_t)parts[first++].iov_len;
        if (first < 2) {
            parts[first].iov_base = (char *)parts[first].iov_base + written;
            parts[first].iov_len -= (size_t)written;
        }
    }
    pthread_mutex_unlock(&results_lock);
}

static void tell(Isolate *isolate, Value *value) {
    int outcome = outcome_of(value->type);
    int is_text = value->type == STRING || outcome != COMPLETED;
    if (hard_memory_limit_reached(isolate->context)) {
        outcome = OUT_OF_MEMORY;
        is_text = 0;
    }
    write_result(isolate, outcome, value->value.text, is_text ? value->length : 0);
    free_value(isolate->context, value);
}

/* Runs on the isolate's thread. */
static void on_result(uint64_t number, Value *value) {
    Isolate *isolate = (Isolate *)(uintptr_t)(number & ~(uint64_t)TAG_BITS);
    switch (number & TAG_BITS) {
    case RECEIVED:
        if (outcome_of(value->type) == COMPLETED) free_value(isolate->context, value);
        else isolate->receive_error = value;
        break;
    case DRAINED:
        if (isolate->receive_error != NULL) {
            free_value(isolate->context, value);
            value = isolate->receive_error;
            isolate->receive_error = NULL;
        }
        tell(isolate, value);
        break;
    case EVALUATED:
        tell(isolate, value);
        break;
    case INSIDE:
        isolate->work(isolate->work_argument);
        place_isolate(&isolate->place);
        free_value(isolate->context, value);
        break;
    case SYNCHRONOUS:
        pthread_mutex_lock(&isolate->lock);
        isolate->thread = (pid_t)syscall(SYS_gettid);
        isolate->synchronous = value;
        pthread_cond_signal(&isolate->arrived);
        pthread_mutex_unlock(&isolate->lock);
        break;
    }
}

static uint64_t tagged(Isolate *isolate, int tag) { return (uint64_t)(uintptr_t)isolate | tag; }

/* The name of what is missing, NULL when all is there. */
const char *flora_load(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    if (handle == NULL) return "the library is not loaded";
    const Symbol symbols[] = {
        {"mr_init_context", &init_context},
        {"mr_free_context", &free_context},
        {"mr_eval", &evaluate},
        {"mr_call_function", &call_function},
        {"mr_cancel_task", &cancel_task},
        {"mr_free_value", &free_value},
        {"mr_make_js_callback", &make_js_callback},
        {"mr_alloc_string_val", &alloc_string},
        {"mr_set_soft_memory_limit", &set_soft_memory_limit},
        {"mr_set_hard_memory_limit", &set_hard_memory_limit},
        {"mr_hard_memory_limit_reached", &hard_memory_limit_reached},
    };
    const char *missing = find_symbols(handle, symbols, sizeof symbols / sizeof *symbols);
    if (missing == NULL) missing = load_v8(handle);
    return missing != NULL ? missing : load_places(handle);
}

void flora_write_results_to(int descriptor) { results = descriptor; }

Isolate *flora_new(uint64_t number, size_t soft_heap_bytes, size_t hard_heap_bytes) {
    /* Aligned, so that the low bits of its address are free for the tag. */
    Isolate *isolate = aligned_alloc(64, (sizeof *isolate + 63) / 64 * 64);
    if (isolate == NULL) _exit(71);
    memset(isolate, 0, sizeof *isolate);
    isolate->number = number;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&isolate->lock, NULL);
    pthread_cond_init(&isolate->arrived, &monotonic);
    init_place(&isolate->place);
    isolate->context = init_context(on_result);
    set_soft_memory_limit(isolate->context, soft_heap_bytes);
    set_hard_memory_limit(isolate->context, hard_heap_bytes);
    return isolate;
}

uint64_t flora_context(Isolate *isolate) { return isolate->context; }
int flora_thread(Isolate *isolate) { return (int)isolate->thread; }

/* --- what is waited for: a value's handle, or NULL after `milliseconds`; 0 waits for ever ------ */

static struct timespec moment_in(int milliseconds) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    moment.tv_sec += milliseconds / 1000;
    moment.tv_nsec += milliseconds % 1000 * 1000000L;
    if (moment.tv_nsec >= 1000000000L) { moment.tv_sec++; moment.tv_nsec -= 1000000000L; }
    return moment;
}

static Value *next_synchronous(Isolate *isolate, int milliseconds) {
    struct timespec until = moment_in(milliseconds);
    pthread_mutex_lock(&isolate->lock);
    while (isolate->synchronous == NULL) {
        if (milliseconds == 0) pthread_cond_wait(&isolate->arrived, &isolate->lock);
        else if (pthread_cond_timedwait(&isolate->arrived, &isolate->lock, &until) == ETIMEDOUT) break;
    }
    Value *value = isolate->synchronous;
    isolate->synchronous = NULL;
    pthread_mutex_unlock(&isolate->lock);
    return value;
}

Value *flora_evaluate_now(Isolate *isolate, const char *source, size_t length, int milliseconds) {
    Value *text = alloc_string(isolate->context, source, length, STRING);
    evaluate(isolate->context, text, tagged(isolate, SYNCHRONOUS));
    Value *value = next_synchronous(isolate, milliseconds);
    free_value(isolate->context, text);
    return value;
}

static Value *inside(Isolate *isolate, void (*work)(void *), void *argument, int milliseconds) {
    isolate->work = work;
    isolate->work_argument = argument;
    Value *none = isolate->no_arguments;
    Value *callback = make_js_callback(isolate->context, tagged(isolate, INSIDE));
    call_function(isolate->context, callback, none, none, tagged(isolate, SYNCHRONOUS));
    Value *value = next_synchronous(isolate, milliseconds);
    free_value(isolate->context, callback);
    return value;
}

/* Evaluates the SDK and leaves its bridge in the global __floraBridge; an error if it throws. */
Value *flora_install(Isolate *isolate, Sdk *sdk, int milliseconds) {
    isolate->no_arguments = flora_evaluate_now(isolate, "[]", 2, milliseconds);
    if (isolate->no_arguments == NULL) return NULL;
    return inside(isolate, install_sdk, sdk, milliseconds);
}

/* What V8 has compiled of the SDK so far, in memory that stays. */
Value *flora_take_code(Isolate *isolate, Code *code, int milliseconds) {
    return inside(isolate, take_code, code, milliseconds);
}

/* --- turns ----------------------------------------------------------------------------------- */

void flora_set_functions(Isolate *isolate, Value *receive, Value *drain) {
    isolate->receive = receive;
    isolate->drain = drain;
}

void flora_evaluate(Isolate *isolate, const char *source, size_t length) {
    forget_place(&isolate->place);
    Value *text = alloc_string(isolate->context, source, length, STRING);
    isolate->tasks[0] = evaluate(isolate->context, text, tagged(isolate, EVALUATED));
    isolate->tasks[1] = 0;
    free_value(isolate->context, text);
}

void flora_turn(Isolate *isolate, const char *text, size_t length) {
    forget_place(&isolate->place);
    Value *none = isolate->no_arguments;
    Value *this = alloc_string(isolate->context, text, length, STRING);
    isolate->tasks[0] = call_function(
        isolate->context, isolate->receive, this, none, tagged(isolate, RECEIVED));
    isolate->tasks[1] = call_function(
        isolate->context, isolate->drain, none, none, tagged(isolate, DRAINED));
    free_value(isolate->context, this);
}

void flora_ask_for_place(Isolate *isolate) { ask_for_place(&isolate->place); }

/* How much was written: at most STACK_BYTES. */
size_t flora_copy_place(Isolate *isolate, char *to) { return copy_place(&isolate->place, to); }

void flora_cancel(Isolate *isolate) {
    for (int i = 0; i < 2; i++)
        if (isolate->tasks[i] != 0) cancel_task(isolate->context, isolate->tasks[i]);
}

/* Blocks while a built-in runs. Results that come meanwhile still find the isolate's memory, so
 * that goes only afterwards. */
void flora_close(Isolate *isolate) {
    free_context(isolate->context);
    pthread_cond_destroy(&isolate->arrived);
    pthread_mutex_destroy(&isolate->lock);
    destroy_place(&isolate->place);
    free(isolate);
}

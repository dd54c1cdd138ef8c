/*
 * Where a script is, asked from another thread: V8 interrupts it between two of its instructions
 * and tells its stack. As in v8_internals.py handles are pointers to slots.
 */
#define _GNU_SOURCE
#include "place.h"

#include <stdio.h>
#include <string.h>

#include "sdk.h"

enum { FRAMES = 10, NAME_BYTES = 256 };

/* v8::Location; both count from 0. */
typedef struct { int line, column; } Location;

static void *(*current_isolate)(void);
static void (*request_interrupt)(void *, void (*)(void *, void *), void *);
static void *(*current_stack)(void *, int, int);
static int (*frame_count)(void *);
static void *(*frame_at)(void *, void *, unsigned);
static Location (*frame_location)(void *);
static void *(*frame_script)(void *);
static void *(*frame_function)(void *);
static size_t (*write_utf8)(void *, void *, char *, size_t, int, size_t *);

const char *load_places(void *library) {
    const Symbol symbols[] = {
        {"_ZN2v87Isolate10GetCurrentEv", &current_isolate},
        {"_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_", &request_interrupt},
        {"_ZN2v810StackTrace17CurrentStackTraceEPNS_7IsolateEiNS0_17StackTraceOptionsE",
         &current_stack},
        {"_ZNK2v810StackTrace13GetFrameCountEv", &frame_count},
        {"_ZNK2v810StackTrace8GetFrameEPNS_7IsolateEj", &frame_at},
        {"_ZNK2v810StackFrame11GetLocationEv", &frame_location},
        {"_ZNK2v810StackFrame24GetScriptNameOrSourceURLEv", &frame_script},
        {"_ZNK2v810StackFrame15GetFunctionNameEv", &frame_function},
        {"_ZNK2v86String11WriteUtf8V2EPNS_7IsolateEPcmiPm", &write_utf8},
    };
    return find_symbols(library, symbols, sizeof symbols / sizeof *symbols);
}

void init_place(Place *place) { pthread_mutex_init(&place->lock, NULL); }
void destroy_place(Place *place) { pthread_mutex_destroy(&place->lock); }
void place_isolate(Place *place) { place->isolate = current_isolate(); }

static void copy_text(void *isolate, void *string, char *to) {
    size_t length = 0;
    if (string != NULL) length = write_utf8(string, isolate, to, NAME_BYTES - 1, 0, NULL);
    to[length] = 0;
}

/* On the isolate's thread. The lines are as V8 writes an error's stack. */
static void on_interrupt(void *isolate, void *data) {
    enum { DETAILED = 0x7f };
    Place *place = data;
    char stack[STACK_BYTES], function[NAME_BYTES], script[NAME_BYTES];
    size_t length = 0;
    void *trace = current_stack(isolate, FRAMES, DETAILED);
    int frames = trace != NULL ? frame_count(trace) : 0;
    for (int i = 0; i < frames; i++) {
        void *frame = frame_at(trace, isolate, (unsigned)i);
        Location at = frame_location(frame);
        /* What V8 says of a frame whose place it cannot find out: on a stack that is all but full. */
        if (at.line <= 0 && at.column <= 0) continue;
        copy_text(isolate, frame_function(frame), function);
        copy_text(isolate, frame_script(frame), script);
        int written = snprintf(
            stack + length, sizeof stack - length,
            *function != 0 ? "    at %s (%s:%d:%d)\n" : "    at %s%s:%d:%d\n",
            function, script, at.line + 1, at.column + 1);
        if (written < 0 || (size_t)written >= sizeof stack - length) break;
        length += (size_t)written;
    }
    if (length > 0) {
        pthread_mutex_lock(&place->lock);
        memcpy(place->stack, stack, length);
        place->length = length;
        pthread_mutex_unlock(&place->lock);
    }
    place->is_asked = 0;
}

void ask_for_place(Place *place) {
    if (place->isolate == NULL || place->is_asked) return;
    place->is_asked = 1;
    request_interrupt(place->isolate, on_interrupt, place);
}

size_t copy_place(Place *place, char *to) {
    pthread_mutex_lock(&place->lock);
    size_t length = place->length;
    memcpy(to, place->stack, length);
    pthread_mutex_unlock(&place->lock);
    return length;
}

void forget_place(Place *place) {
    pthread_mutex_lock(&place->lock);
    place->length = 0;
    pthread_mutex_unlock(&place->lock);
}

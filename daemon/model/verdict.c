// SPDX-License-Identifier: MIT
/*
 * The names under which states and kinds are exported; tests hold them against the interface.
 */
#include "daemon/model/verdict.h"

#include <assert.h>

#include "daemon/model/model.h"

static const char *const state_names[] = {
    [LEAK_STATE_WARMUP] = "warmup",       [LEAK_STATE_INSUFFICIENT] = "insufficient",
    [LEAK_STATE_STABLE] = "stable",       [LEAK_STATE_FILLING] = "filling",
    [LEAK_STATE_STEP] = "step",           [LEAK_STATE_LOAD] = "load",
    [LEAK_STATE_SUSPECTED] = "suspected", [LEAK_STATE_LEAK] = "leak",
    [LEAK_STATE_THRASH] = "thrash",
};

static const char *const kind_names[] = {
    [LEAK_KIND_NONE] = "none",
    [LEAK_KIND_JS_HEAP] = "js-heap",
    [LEAK_KIND_LARGE_OBJECT] = "large-object",
    [LEAK_KIND_EXTERNAL] = "external",
    [LEAK_KIND_NATIVE] = "native",
    [LEAK_KIND_CODE] = "code",
    [LEAK_KIND_FRAGMENTATION] = "fragmentation",
    [LEAK_KIND_THREADS] = "threads",
    [LEAK_KIND_UNKNOWN] = "unknown",
};

_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == LEAK_STATE_COUNT, "a name each");
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == LEAK_KIND_COUNT, "a name each");

const char *leak_state_name(enum leak_state state)
{
	assert(state < LEAK_STATE_COUNT);
	return state_names[state];
}

const char *leak_kind_name(enum leak_kind kind)
{
	assert(kind < LEAK_KIND_COUNT);
	return kind_names[kind];
}

static const char *const end_names[] = {
    [PROCESS_END_EXIT] = "exit",
    [PROCESS_END_SIGNAL] = "signal",
    [PROCESS_END_OOM_KILL] = "oom_kill",
    [PROCESS_END_HEAP_OOM] = "heap_oom",
};

_Static_assert(sizeof(end_names) / sizeof(end_names[0]) == PROCESS_END_COUNT, "a name each");

const char *process_end_name(enum process_end end)
{
	assert(end < PROCESS_END_COUNT);
	return end_names[end];
}

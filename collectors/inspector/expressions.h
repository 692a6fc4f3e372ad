// SPDX-License-Identifier: MIT
/*
 * The JavaScript that runs in observed processes: constants, all of it. Nothing that a user or a
 * process says ever becomes part of it. It makes no global, throws nothing that anybody sees, and
 * loops over nothing but what one of these keeps itself, at most EXPRESSION_RING_MAX collections.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_EXPRESSIONS_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_EXPRESSIONS_H

#define EXPRESSION_RING_MAX 512 /* collections kept until they are fetched */

/* Numbers of one collection in the array "e" of a drain. */
#define EXPRESSION_GC_FIELDS 5 /* kind, start ms, duration ms, heap used, heap total */

/*
 * An expression for Runtime.evaluate with includeCommandLineAPI, which gives require on every
 * version and in ES modules, too. Its value is the ring, an object, or null where perf_hooks is not
 * to be had. The ring observes collections and stops by itself when nobody has fetched them for 30
 * seconds: then whoever installed it is gone.
 */
extern const char expression_ring[];

/*
 * Functions for Runtime.callFunctionOn on the ring. The first fetches what it holds and the levels
 * of now, and starts it again if it had stopped; ring.h reads its value. The second ends it.
 */
extern const char expression_drain[];
extern const char expression_stop[];

#endif

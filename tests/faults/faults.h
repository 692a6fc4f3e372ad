// SPDX-License-Identifier: MIT
/*
 * Torture: runs a piece of work again and again, in a child each, and lets its n-th call of one
 * kind fail, for every n. Calls are those that heapwatch's own objects make (the linker wraps them,
 * Makefile.inc), not those within libraries, and only between faults_begin() and faults_end().
 *
 * TORTURE_CALLS in the environment bounds how many n of each kind are tried, spread evenly over
 * all. TORTURE_ONE=open:17 tries that alone and without a child, for a debugger.
 */
#ifndef HEAPWATCH_TESTS_FAULTS_FAULTS_H
#define HEAPWATCH_TESTS_FAULTS_FAULTS_H

#include <stdbool.h>

/* What a child ends with, beside EXIT_SUCCESS, when it says so itself. */
#define FAULTS_BROKEN 3

void faults_begin(void);
/* Returns whether it was between the two. */
bool faults_end(void);
/* The fault has happened. */
bool faults_hit(void);
/* Says what is wrong and ends the child. */
void faults_broken(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/*
 * One TAP line for each kind of call. work runs in a child of its own for each n; n is a problem
 * when the child does not end with EXIT_SUCCESS. Returns the exit status of the program.
 */
int faults_torture(const char *name, void (*work)(void));

#endif

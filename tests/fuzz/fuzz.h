// SPDX-License-Identifier: MIT
/*
 * The entry that libFuzzer calls, and that replay.c calls with every file of the corpus. One
 * program fuzz_NAME per target; its seeds are tests/fixtures/NAME.
 */
#ifndef HEAPWATCH_TESTS_FUZZ_H
#define HEAPWATCH_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The runtime finds it by name in a program whose other symbols are hidden. */
__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

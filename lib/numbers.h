// SPDX-License-Identifier: MIT
/*
 * Text to number and back, without locale. The parsers take a length, accept nothing but the number
 * (no blanks, no sign unless stated), and leave ret_ untouched on failure:
 * -EINVAL not a number, -ERANGE does not fit.
 */
#ifndef HEAPWATCH_LIB_NUMBERS_H
#define HEAPWATCH_LIB_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_TEXT_SIZE 32 /* holds every number that the formatters print, with its NUL */

int number_parse_u64(const char *text, size_t length, uint64_t *ret_value)
    __attribute__((warn_unused_result));
int number_parse_i64(const char *text, size_t length, int64_t *ret_value) /* optional '-' */
    __attribute__((warn_unused_result));
/* Optional 0x prefix, at most 16 digits. */
int number_parse_hex(const char *text, size_t length, uint64_t *ret_value)
    __attribute__((warn_unused_result));
/* Optional '-', digits with an optional fraction and exponent. Exact (correctly rounded). */
int number_parse_double(const char *text, size_t length, double *ret_value)
    __attribute__((warn_unused_result));

/* Both return the length written, without the NUL. */
size_t number_format_u64(char out[NUMBER_TEXT_SIZE], uint64_t value);
/* Shortest text that reads back as the same double; NaN, +Inf, -Inf. */
size_t number_format_double(char out[NUMBER_TEXT_SIZE], double value);

#endif

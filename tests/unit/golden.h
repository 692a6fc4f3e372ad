// SPDX-License-Identifier: MIT
/*
 * Compares a text with a file of tests/golden; HEAPWATCH_UPDATE_GOLDEN=1 writes the file anew.
 */
#ifndef HEAPWATCH_TESTS_UNIT_GOLDEN_H
#define HEAPWATCH_TESTS_UNIT_GOLDEN_H

#include <stdio.h>

#include "lib/buf.h"
#include "tests/unit/unit.h"

static inline void golden_update(const char *path, const struct buf *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_uint_eq(fwrite(text->data, 1, text->length, file), text->length);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void golden_compare(const char *name, const struct buf *text)
{
	const char *top = getenv("top_srcdir");
	struct buf golden = BUF_INIT(4U << 20);
	char path[512];
	char bytes[4096];
	size_t length;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/%s", top != NULL ? top : ".", name);
	if (getenv("HEAPWATCH_UPDATE_GOLDEN") != NULL)
		golden_update(path, text);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(&golden, bytes, length);
	(void)fclose(file);
	ck_assert_str_eq(buf_string(text), buf_string(&golden));
	buf_done(&golden);
}

#endif

// SPDX-License-Identifier: MIT
#include "collectors/inspector/script_name.h"

#include <stddef.h>
#include <string.h>

#define NODE_SCHEME "node:"

bool script_has_node_scheme(const char *script)
{
	return strncmp(script, NODE_SCHEME, strlen(NODE_SCHEME)) == 0;
}

bool script_is_bare(const char *script)
{
	size_t length = strlen(script);

	if (length < 3 || strcmp(script + length - 3, ".js") != 0)
		return false;
	return strncmp(script, "internal/", strlen("internal/")) == 0 ||
	       strcspn(script, "/:\\[") == length;
}

bool script_is_buffer(const char *script)
{
	if (script_has_node_scheme(script))
		script += strlen(NODE_SCHEME);
	return strcmp(script, "buffer") == 0 || strcmp(script, "internal/buffer") == 0 ||
	       strcmp(script, "buffer.js") == 0 || strcmp(script, "internal/buffer.js") == 0;
}

bool function_makes_buffers(const char *function)
{
	static const char array[] = "Array", buffer[] = "ArrayBuffer";
	size_t length = strlen(function);

	return (length > strlen(array) && strcmp(function + length - strlen(array), array) == 0) ||
	       (length >= strlen(buffer) &&
	        strcmp(function + length - strlen(buffer), buffer) == 0);
}

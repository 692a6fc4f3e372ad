// SPDX-License-Identifier: MIT
/*
 * cJSON in one place, for small documents; large ones are written as text
 * (daemon/exposition/json.h) or read as a stream (snapshot/).
 */
#ifndef HEAPWATCH_LIB_CJSON_H
#define HEAPWATCH_LIB_CJSON_H

#include <cjson/cJSON.h>

static inline void json_deletep(cJSON **json)
{
	cJSON_Delete(*json);
}

#endif

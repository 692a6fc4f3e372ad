// SPDX-License-Identifier: MIT
/*
 * On disk each app is its name and its plateaus as one byte string, of which another length is
 * another version.
 */
#include "daemon/model/experience.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "daemon/model/slots.h"
#include "lib/pack.h"

#define APP_NAME_SIZE 512

static bool is_empty(const struct experience *experience)
{
	size_t i;

	for (i = 0; i < EXPERIENCE_COUNT; i++) {
		if (experience->plateaus[i].level > 0)
			return false;
	}
	return true;
}

static bool can_be_right(const struct experience *experience)
{
	size_t i;

	for (i = 0; i < EXPERIENCE_COUNT; i++) {
		const struct plateau *plateau = &experience->plateaus[i];

		if (!isfinite(plateau->level) || plateau->level < 0 ||
		    !isfinite(plateau->age_seconds) || plateau->age_seconds < 0)
			return false;
	}
	return true;
}

void experiences_pack(struct app_table *apps, struct buf *out)
{
	struct app *app = NULL;

	while ((app = app_table_next(apps, app)) != NULL) {
		const struct experience *experience = app_experience(app);

		if (is_empty(experience))
			continue;
		pack_string(out, app_name(app));
		pack_bytes(out, experience, sizeof(*experience));
	}
}

void experiences_unpack(struct app_table *apps, struct unpack *in)
{
	struct experience experience;
	char name[APP_NAME_SIZE];
	const char *bytes;
	struct app *app;
	size_t length;

	while (in->at < in->end) {
		unpack_string(in, name, sizeof(name));
		bytes = unpack_bytes(in, &length);
		if (in->has_failed || length != sizeof(experience))
			return;
		memcpy(&experience, bytes, sizeof(experience));
		app = can_be_right(&experience) ? app_table_obtain(apps, name) : NULL;
		if (app != NULL)
			*app_experience(app) = experience;
	}
}

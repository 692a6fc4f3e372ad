// SPDX-License-Identifier: MIT
#include "daemon/settings.h"

#include "config/config.h"
#include "lib/log.h"

struct model_options model_options_of(const struct config *config)
{
	double time_scale = config->scoring.time_scale;

	return (struct model_options){
	    .processes_max = config->limits.processes,
	    .apps_max = config->limits.apps,
	    .min_age_ns = (uint64_t)((double)config->discovery.min_age_ns / time_scale),
	    .time_scale = time_scale,
	};
}

void settings_warn(void *context, const char *message)
{
	(void)context;
	log_warnx("%s", message);
}

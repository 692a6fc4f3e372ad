// SPDX-License-Identifier: MIT
/*
 * What of the configuration the model is told, scaled; and what is said of it.
 */
#ifndef HEAPWATCH_DAEMON_SETTINGS_H
#define HEAPWATCH_DAEMON_SETTINGS_H

#include "daemon/model/model.h"

struct config;

struct model_options model_options_of(const struct config *config);
/* A config_warn that logs. */
void settings_warn(void *context, const char *message);

#endif

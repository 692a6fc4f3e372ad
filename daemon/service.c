// SPDX-License-Identifier: MIT
/*
 * The only file that includes libsystemd's headers.
 */
#include "daemon/service.h"

#ifdef HAVE_SYSTEMD

#include <systemd/sd-daemon.h>

int service_sockets(int *ret_first)
{
	*ret_first = SD_LISTEN_FDS_START;
	return sd_listen_fds(1);
}

void service_ready(void)
{
	(void)sd_notify(0, "READY=1\nSTATUS=Watching Node.js processes"); /* no manager: no loss */
}

void service_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void service_reloading(void)
{
	(void)sd_notify(0, "RELOADING=1");
}

void service_reloaded(void)
{
	(void)sd_notify(0, "READY=1");
}

void service_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

uint64_t service_watchdog_interval_ms(void)
{
	uint64_t limit_us = 0;

	if (sd_watchdog_enabled(0, &limit_us) <= 0)
		return 0;
	return limit_us / 2 / 1000;
}

#else

#include <errno.h>

int service_sockets(int *ret_first)
{
	(void)ret_first;
	return -ENOTSUP;
}

void service_ready(void)
{
}

void service_stopping(void)
{
}

void service_reloading(void)
{
}

void service_reloaded(void)
{
}

void service_alive(void)
{
}

uint64_t service_watchdog_interval_ms(void)
{
	return 0;
}

#endif

// SPDX-License-Identifier: MIT
/*
 * Many scrapers of one exporter, each on a connection of its own per scrape, as often as told; says
 * how long a scrape took, from connecting to its last byte.
 *
 *	scrapers PORT [SCRAPERS [SECONDS [INTERVAL_MS]]]
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define SCRAPERS_MAX  1024
#define DURATIONS_MAX 1000000
#define READ_BYTES    ((size_t)1 << 18)

struct scraper {
	int fd; /* -1: between two scrapes */
	uint64_t begun_ns;
	uint64_t next_ns;
	uint64_t byte_count;
	bool is_ok;
};

struct run {
	struct sockaddr_in address;
	uint64_t interval_ns;
	uint64_t byte_count;
	uint64_t error_count;
	size_t count;
	uint64_t durations_ns[DURATIONS_MAX];
};

static const char request[] = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n"
                              "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n"
                              "Accept-Encoding: gzip\r\n\r\n";

static void begin(struct run *run, struct scraper *scraper, uint64_t now_ns)
{
	*scraper = (struct scraper){.begun_ns = now_ns, .next_ns = now_ns + run->interval_ns};
	scraper->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (scraper->fd >= 0 &&
	    connect(scraper->fd, (const struct sockaddr *)&run->address, sizeof(run->address)) ==
	        0 &&
	    send(scraper->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == sizeof(request) - 1)
		return;
	run->error_count++;
	if (scraper->fd >= 0)
		(void)close(scraper->fd);
	scraper->fd = -1;
}

static void finish(struct run *run, struct scraper *scraper)
{
	(void)close(scraper->fd);
	scraper->fd = -1;
	run->byte_count += scraper->byte_count;
	if (!scraper->is_ok)
		run->error_count++;
	else if (run->count < DURATIONS_MAX)
		run->durations_ns[run->count++] = clock_boottime_ns() - scraper->begun_ns;
}

static void receive(struct run *run, struct scraper *scraper)
{
	static char bytes[READ_BYTES];
	ssize_t length = recv(scraper->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length <= 0) {
		finish(run, scraper);
		return;
	}
	if (scraper->byte_count == 0)
		scraper->is_ok = length > 12 && memcmp(bytes + 8, " 200", 4) == 0;
	scraper->byte_count += (uint64_t)length;
}

static int wait_ms(const struct scraper *scrapers, size_t count, uint64_t now_ns)
{
	uint64_t next_ns = UINT64_MAX;
	size_t i;

	for (i = 0; i < count; i++)
		if (scrapers[i].fd < 0 && scrapers[i].next_ns < next_ns)
			next_ns = scrapers[i].next_ns;
	if (next_ns == UINT64_MAX)
		return 100;
	return (int)((u64_subtract_floor(next_ns, now_ns) + NS_PER_MS - 1) / NS_PER_MS);
}

static void scrape(struct run *run, struct scraper *scrapers, size_t count, uint64_t end_ns)
{
	static struct pollfd fds[SCRAPERS_MAX];
	uint64_t now_ns;
	size_t i;

	while ((now_ns = clock_boottime_ns()) < end_ns) {
		for (i = 0; i < count; i++) {
			if (scrapers[i].fd < 0 && scrapers[i].next_ns <= now_ns)
				begin(run, &scrapers[i], now_ns);
			fds[i] = (struct pollfd){.fd = scrapers[i].fd, .events = POLLIN};
		}
		if (poll(fds, count, wait_ms(scrapers, count, now_ns)) <= 0)
			continue;
		for (i = 0; i < count; i++)
			if (fds[i].revents != 0)
				receive(run, &scrapers[i]);
	}
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static int print(struct run *run)
{
	if (run->count == 0) {
		(void)printf("no scrape succeeded, %lu failed\n", (unsigned long)run->error_count);
		return EXIT_FAILURE;
	}
	qsort(run->durations_ns, run->count, sizeof(run->durations_ns[0]), compare);
	(void)printf("scrapes=%zu failed=%lu mean_bytes=%lu ms p50=%.2f p99=%.2f max=%.2f\n",
	             run->count, (unsigned long)run->error_count,
	             (unsigned long)(run->byte_count / run->count),
	             (double)run->durations_ns[run->count / 2] / 1e6,
	             (double)run->durations_ns[run->count * 99 / 100] / 1e6,
	             (double)run->durations_ns[run->count - 1] / 1e6);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct run run;
	static struct scraper scrapers[SCRAPERS_MAX];
	uint64_t numbers[] = {0, 64, 60, 1000}; /* port, scrapers, seconds, interval */
	uint64_t now_ns = clock_boottime_ns();
	size_t i;

	for (i = 1; i < (size_t)argc && i <= 4; i++)
		if (number_parse_u64(argv[i], strlen(argv[i]), &numbers[i - 1]) < 0)
			return 2;
	if (numbers[0] == 0 || numbers[0] > UINT16_MAX || numbers[1] > SCRAPERS_MAX)
		return 2;
	run.address = (struct sockaddr_in){.sin_family = AF_INET,
	                                   .sin_port = htons((uint16_t)numbers[0]),
	                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
	run.interval_ns = numbers[3] * NS_PER_MS;
	for (i = 0; i < numbers[1]; i++) /* spread over the interval */
		scrapers[i] = (struct scraper){
		    .fd = -1, .next_ns = now_ns + run.interval_ns * i / numbers[1]};
	scrape(&run, scrapers, numbers[1], now_ns + numbers[2] * NS_PER_SECOND);
	return print(&run);
}

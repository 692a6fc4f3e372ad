// SPDX-License-Identifier: MIT
/*
 * Any bytes as the state that was kept: histories, clocks and files are taken or refused, and what
 * was taken can be gone on with and kept again.
 */
#include <assert.h>
#include <string.h>

#include "collectors/gclog/attribute.h"
#include "collectors/gclog/kept_files.h"
#include "daemon/model/model.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/pack.h"
#include "tests/fuzz/fuzz.h"

#define KEY_OFFSET sizeof(uint64_t) /* behind the number of the layout */

static void go_on(struct model *model, const struct process_key *key)
{
	const struct process_facts facts = {.key = *key, .app = "fuzz", PROCESS_FACTS_UNKNOWN};
	struct gc_event event = {.kind = GC_MARK_COMPACT, .isolate = 1, .used_after_bytes = 1};
	const struct memory_sample memory = {.at_ns = NS_PER_HOUR, .rss_bytes = 1};
	uint64_t minute;

	if (model_process_found(model, NS_PER_HOUR, &facts) < 0)
		return;
	for (minute = 1; minute < 100; minute++) {
		event.uptime_ns = minute * NS_PER_MINUTE;
		model_gc(model, key, NS_PER_HOUR + event.uptime_ns, &event);
	}
	model_memory(model, key, &memory);
}

static void read_histories(const char *bytes, size_t size)
{
	const struct model_options options = {.processes_max = 4, .apps_max = 4, .time_scale = 1};
	struct model *model = model_new(&options);
	struct buf out = BUF_INIT(1U << 20);
	uint64_t words[2] = {0, 0};
	struct process_key key;

	assert(model != NULL);
	if (size >= KEY_OFFSET + sizeof(words))
		memcpy(words, bytes + KEY_OFFSET, sizeof(words));
	key = (struct process_key){(pid_t)words[0], words[1]};
	if (model_histories_restore(model, bytes, size) == 0)
		go_on(model, &key);
	model_histories_save(model, &out);
	buf_done(&out);
	(void)model_free(model);
}

static void read_collector(const char *bytes, size_t size)
{
	struct attribution *attribution = attribution_new();
	struct kept_files files = {0};
	struct unpack in = {bytes, bytes + size, false};
	struct buf out = BUF_INIT(1U << 20);

	assert(attribution != NULL);
	attribution_unpack(attribution, &in);
	kept_files_unpack(&files, &in);
	attribution_pack(attribution, &out);
	kept_files_pack(&files, &out);
	buf_done(&out);
	kept_files_done(&files);
	(void)attribution_free(attribution);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack in;

	if (seal_open((const char *)data, size, "heapwatch state 1", &in) == 0)
		(void)unpack_u64(&in);
	read_histories((const char *)data, size);
	read_collector((const char *)data, size);
	return 0;
}

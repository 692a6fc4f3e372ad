// SPDX-License-Identifier: MIT
/*
 * Any bytes as what a process says of itself (names, script, unit, evidence) and as requests: no
 * exposition, document, page or log line is broken by them, and the names come back as they were.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/exposition/api.h"
#include "daemon/exposition/metrics.h"
#include "daemon/exposition/negotiate.h"
#include "daemon/exposition/probe.h"
#include "daemon/exposition/status.h"
#include "daemon/exposition/target.h"
#include "daemon/model/picture.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"
#include "tests/fuzz/exposition_check.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX     (16U << 20)
#define STRING_SIZE  512
#define STRING_COUNT 5
#define NOW_NS       (2 * NS_PER_HOUR)

/* What the input is cut into, at its NULs. */
struct strings {
	char text[STRING_COUNT][STRING_SIZE];
};

static void cut(const uint8_t *data, size_t size, struct strings *ret_strings)
{
	size_t number = 0, length = 0, i;

	memset(ret_strings, 0, sizeof(*ret_strings));
	for (i = 0; i < size && number < STRING_COUNT; i++) {
		if (data[i] == 0) {
			number++;
			length = 0;
		} else if (length + 1 < STRING_SIZE) {
			ret_strings->text[number][length++] = (char)data[i];
		}
	}
}

/* ---- the model ---- */

static struct process *add_process(struct model *model, const struct strings *strings)
{
	const struct process_facts facts = {
	    .key = {.pid = 7, .start_ticks = 100},
	    .start_ns = NS_PER_HOUR,
	    .app = strings->text[0],
	    .script = strings->text[1],
	    .node_version = strings->text[2],
	    .container_id = strings->text[3],
	    .pod_uid = strings->text[4],
	    .container_name = strings->text[4],
	    .unit = strings->text[1],
	};
	const struct memory_sample memory = {.at_ns = NOW_NS, .rss_bytes = MIB, .threads = 1};
	const struct gc_event event = {.kind = GC_MARK_COMPACT,
	                               .isolate = 1,
	                               .uptime_ns = NS_PER_MINUTE,
	                               .used_after_bytes = MIB,
	                               .committed_after_bytes = MIB,
	                               .average_mutator_utilization = (double)NAN};
	struct process *process;
	int result = model_process_found(model, NS_PER_HOUR, &facts);

	assert(result == 0);
	model_memory(model, &facts.key, &memory);
	model_gc(model, &facts.key, NOW_NS, &event);
	process = model_find(model, &facts.key);
	process->verdict = (struct verdict){.at_ns = NOW_NS, .exhaustion_p10_seconds = 1};
	process->evidence = calloc(EVIDENCE_MAX, sizeof(*process->evidence));
	assert(process->evidence != NULL);
	(void)snprintf(process->evidence[0], EVIDENCE_TEXT_SIZE, "%.*s", EVIDENCE_TEXT_SIZE - 1,
	               strings->text[1]);
	process->evidence_count = 1;
	model_advance(model, NOW_NS);
	return process;
}

/* ---- what is written of it ---- */

static const struct self_status self = {.version = "1", .revision = "2", .compiler = "3"};

/* Each value of the label is the name, cleaned of what is no UTF-8. */
static void check_names(const struct buf *found, const char *name)
{
	struct buf wanted = BUF_INIT(TEXT_MAX);
	const char *at = found->data;

	check_sanitise(name, &wanted);
	assert(found->length > 0);
	for (; at < found->data + found->length; at += strlen(at) + 1)
		assert(strcmp(at, buf_string(&wanted)) == 0);
	buf_done(&wanted);
}

static void check_metrics(const struct picture *picture, enum text_format format, const char *app)
{
	const struct metrics_source source = {.picture = picture, .self = &self, .now_ns = NOW_NS};
	struct buf text = BUF_INIT(TEXT_MAX);
	struct buf found = BUF_INIT(TEXT_MAX);

	metrics_write(&source, format, &text);
	assert(!buf_failed(&text));
	assert(strlen(buf_string(&text)) == text.length);
	check_exposition(buf_string(&text), format == TEXT_OPENMETRICS, "app", &found);
	check_names(&found, app);
	buf_done(&text);
	buf_done(&found);
}

static void check_probe(const struct process *process, const char *format)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct buf found = BUF_INIT(TEXT_MAX);

	probe_write(probe_format_find(format), process, 0, &text);
	assert(!buf_failed(&text));
	check_exposition(buf_string(&text), false, "version", &found);
	buf_done(&text);
	buf_done(&found);
}

static void check_string(const cJSON *object, const char *key, const char *text)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	struct buf wanted = BUF_INIT(TEXT_MAX);

	check_sanitise(text, &wanted);
	assert(cJSON_IsString(item) && strcmp(item->valuestring, buf_string(&wanted)) == 0);
	buf_done(&wanted);
}

static void check_api(const struct process *process, const struct strings *strings)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	cJSON *document;

	api_write_process(process, 0, &text);
	assert(!buf_failed(&text) && strlen(buf_string(&text)) == text.length);
	check_terminal(buf_string(&text), false); /* of curl, say */
	document = cJSON_Parse(buf_string(&text));
	assert(document != NULL);
	check_string(document, "app", strings->text[0]);
	check_string(document, "script", strings->text[1]);
	check_string(document, "container_id", strings->text[3]);
	cJSON_Delete(document);
	buf_done(&text);
}

static void check_list(struct model *model, const char *app)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	cJSON *document;

	target_write_list(model, "localhost:1", &text);
	assert(!buf_failed(&text));
	document = cJSON_Parse(buf_string(&text));
	assert(cJSON_GetArraySize(document) == 1);
	check_string(cJSON_GetObjectItem(cJSON_GetArrayItem(document, 0), "labels"), "app", app);
	cJSON_Delete(document);
	buf_done(&text);
}

static void check_pages(const struct picture *picture, const struct process *process,
                        const char *path)
{
	const struct status_source source = {&self, path, NOW_NS};
	struct buf text = BUF_INIT(TEXT_MAX);

	status_write_list(&source, picture, &text);
	assert(!buf_failed(&text));
	check_html(buf_string(&text));
	buf_clear(&text);
	status_write_process(&source, process, path, &text);
	assert(!buf_failed(&text));
	check_html(buf_string(&text));
	buf_done(&text);
}

/* ---- requests ---- */

static void check_requests(struct model *model, const struct process *process,
                           const struct strings *strings)
{
	const struct process *found = NULL;
	struct buf target = BUF_INIT(TEXT_MAX);
	int result = target_find(model, strings->text[1], &found);

	assert(result == 0 || result == -EINVAL || result == -ENOENT);
	assert((result == 0) == (found != NULL));
	if (strings->text[0][0] != '\0') {
		buf_append_string(&target, strings->text[0]);
		buf_append_string(&target, "/0");
		result = target_find_slot(model, buf_string(&target), &found);
		assert(result == 0 && found == process);
	}
	buf_done(&target);
	(void)negotiate_format(strings->text[2]);
	(void)negotiate_gzip(strings->text[2]);
	if (target_host_is_valid(strings->text[3]))
		assert(strpbrk(strings->text[3], "\"\\/@ \t\r\n<>") == NULL);
}

/* ---- the log ---- */

static void read_back(int fd, char *out, size_t size)
{
	ssize_t length = pread(fd, out, size - 1, 0);

	assert(length > 0);
	out[length] = '\0';
}

/* stderr is a file for the time of one message. */
static void check_log(const char *text, enum log_format format)
{
	static char line[64 * 1024];
	int file = memfd_create("log", MFD_CLOEXEC);
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	cJSON *document;
	size_t i;

	assert(file >= 0 && saved >= 0 && dup2(file, STDERR_FILENO) >= 0);
	log_setup(LOG_LEVEL_INFO, format);
	log_info("following app=%s", text);
	assert(dup2(saved, STDERR_FILENO) >= 0);
	read_back(file, line, sizeof(line));
	(void)close(saved);
	(void)close(file);
	assert(strchr(line, '\n') == line + strlen(line) - 1);
	for (i = 0; line[i + 1] != '\0'; i++)
		assert(!check_acts((const unsigned char *)&line[i]));
	if (format != LOG_FORMAT_JSON)
		return;
	document = cJSON_Parse(line);
	assert(cJSON_IsObject(document));
	cJSON_Delete(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct strings strings;
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 2, .apps_max = 2, .min_age_ns = 1, .time_scale = 1});
	const struct process *process;
	struct picture *picture;

	assert(model != NULL);
	cut(data, size, &strings);
	process = add_process(model, &strings);
	picture = picture_take(model, NULL);
	assert(picture != NULL);
	check_metrics(picture, TEXT_PROMETHEUS, strings.text[0]);
	check_metrics(picture, TEXT_OPENMETRICS, strings.text[0]);
	check_probe(process, NULL);
	check_probe(process, "otel");
	check_api(process, &strings);
	check_list(model, strings.text[0]);
	check_pages(picture, process, strings.text[1]);
	check_requests(model, process, &strings);
	check_log(strings.text[0], LOG_FORMAT_LOGFMT);
	check_log(strings.text[0], LOG_FORMAT_JSON);
	(void)picture_free(picture);
	(void)model_free(model);
	return 0;
}

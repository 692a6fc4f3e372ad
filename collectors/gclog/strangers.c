// SPDX-License-Identifier: MIT
/*
 * Keys are made of what stays the same over a restart of heapwatch, with pids that the kernel never
 * gives (at most 2^22): whoever signals or looks up such a pid finds nothing.
 */
#include "collectors/gclog/strangers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "collectors/container_name.h"
#include "config/config.h"
#include "lib/clock.h"
#include "lib/units.h"

#define PID_FIRST       ((pid_t)1 << 30)
#define NAME_MAX_LENGTH 128
#define SHORT_ID_LENGTH 12
#define ENDS_AT_ONCE    128 /* in one turn of the loop */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 29);
}

static struct process_key key_of(const struct strange_line *line)
{
	uint64_t hash = mix(mix(mix(0, line->file.device), line->file.inode), (uint64_t)line->pid);

	return (struct process_key){PID_FIRST | (pid_t)(hash & (uint64_t)(PID_FIRST - 1)),
	                            mix(hash, line->isolate ^ line->life << 48)};
}

static bool is_same(const struct file_identity *a, const struct file_identity *b)
{
	return a->inode == b->inode && a->device == b->device;
}

struct stranger *strangers_find(const struct strangers *strangers, const struct file_identity *file,
                                uint64_t life)
{
	struct stranger *stranger;

	for (stranger = strangers->list; stranger != NULL; stranger = stranger->next)
		if (stranger->life == life && is_same(&stranger->file, file))
			return stranger;
	return NULL;
}

/* Its clock went on by no more than the time that passed: the same process in another file. */
static bool continues(const struct stranger *stranger, const struct strange_line *line)
{
	uint64_t passed_ns = u64_subtract_floor(line->arrival_ns, stranger->last_line_ns);

	return stranger->pid == line->pid && stranger->isolate == line->isolate &&
	       line->uptime_ns >= stranger->last_uptime_ns &&
	       line->uptime_ns - stranger->last_uptime_ns <= passed_ns + NS_PER_MINUTE;
}

/* Who wrote the log, as far as its path tells. */
struct author {
	char app[NAME_MAX_LENGTH];
	struct container_name names; /* all "" when the path is no runtime's */
	char container_name[3 * KUBERNETES_NAME_SIZE];
};

/* "shop" of "/logs/shop.log". */
static void name_after_file(const char *path, char out[NAME_MAX_LENGTH])
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t length = strlen(name);

	if (length > 4 && strcmp(name + length - 4, ".log") == 0)
		length -= 4;
	if (length >= NAME_MAX_LENGTH)
		length = NAME_MAX_LENGTH - 1;
	memcpy(out, name, length);
	out[length] = '\0';
}

/* Where runtimes name logs by the id alone: as much of it as people are shown. */
static void name_after_log(const char *path, struct author *ret_author)
{
	struct author author = {.app = ""};
	const struct container_name *names = &author.names;

	if (!container_name_of_log(path, &author.names)) {
		name_after_file(path, author.app);
	} else if (names->pod[0] == '\0') {
		(void)snprintf(author.app, sizeof(author.app), "%.*s", SHORT_ID_LENGTH, names->id);
	} else {
		container_name_of_pod(names->pod, author.app, sizeof(author.app));
		(void)snprintf(author.container_name, sizeof(author.container_name), "%s/%s%s%s",
		               names->name_space, names->pod,
		               names->container[0] != '\0' ? "/" : "", names->container);
	}
	*ret_author = author;
}

static const struct app_rule *rule_of(const struct strangers *strangers, const char *path)
{
	struct app_subject subject = {.script = path, .argv = "", .unit = ""};
	struct author author;

	name_after_log(path, &author);
	subject.container = author.names.pod[0] != '\0' ? author.app : "";

	return config_app_rule(strangers->config, &subject);
}

static void introduce(const struct strangers *strangers, const struct stranger *stranger,
                      void (*tell)(void *context, const struct process_facts *facts))
{
	const struct app_rule *rule = rule_of(strangers, stranger->path);
	struct author author;
	const struct process_facts facts = {
	    .key = stranger->key,
	    .start_ns = stranger->clocks.start_ns,
	    .app = rule != NULL && rule->name != NULL ? rule->name : author.app,
	    .script = "",
	    .node_version = "",
	    .container_id = author.names.id,
	    .pod_uid = author.names.pod_uid,
	    .container_name = author.container_name,
	    .unit = "",
	    .namespace_pids = {stranger->pid},
	    .namespace_count = 1,
	    .stdout_file = stranger->file,
	    .stdout_path = stranger->path,
	    .is_log_only = true,
	    .rule = rule != NULL ? (unsigned)(rule - strangers->config->apps) + 1 : 0,
	};

	name_after_log(stranger->path, &author);
	tell(strangers->sink->context, &facts);
}

static void release(struct stranger *stranger)
{
	isolate_clocks_done(&stranger->clocks);
	free(stranger->path);
	free(stranger);
}

static struct stranger *make(struct strangers *strangers, const struct strange_line *line)
{
	struct stranger *stranger = calloc(1, sizeof(*stranger));

	if (stranger == NULL)
		return NULL;
	*stranger = (struct stranger){
	    .key = key_of(line),
	    .pid = line->pid,
	    .file = line->file,
	    .life = line->life,
	    .isolate = line->isolate,
	    .last_uptime_ns = line->uptime_ns,
	    .last_line_ns = line->arrival_ns,
	    .path = strdup(line->path),
	    .clocks = {.start_ns = u64_subtract_floor(line->arrival_ns, line->uptime_ns)},
	};
	if (stranger->path == NULL) {
		release(stranger);
		return NULL;
	}
	DL_APPEND(strangers->list, stranger);
	strangers->count++;
	return stranger;
}

/* A life that said nothing since another of its pid began; containers that share a log both do. */
static void end_former(struct strangers *strangers, const struct strange_line *line)
{
	struct stranger *stranger;
	struct stranger *next;

	DL_FOREACH_SAFE(strangers->list, stranger, next)
	{
		if (stranger->pid == line->pid && stranger->life < line->life &&
		    is_same(&stranger->file, &line->file) &&
		    stranger->last_line_ns <= line->arrival_ns)
			strangers_end(strangers, stranger, line->arrival_ns);
	}
}

struct stranger *strangers_meet(struct strangers *strangers, const struct strange_line *line)
{
	const struct app_rule *rule = rule_of(strangers, line->path);
	struct stranger *stranger;

	if (rule != NULL && rule->ignore)
		return NULL;
	DL_FOREACH(strangers->list, stranger)
	{
		if (!continues(stranger, line))
			continue;
		stranger->file = line->file;
		stranger->life = line->life;
		return stranger;
	}
	end_former(strangers, line);
	if (strangers->count >= STRANGERS_MAX)
		return NULL;
	stranger = make(strangers, line);
	if (stranger == NULL)
		return NULL;
	introduce(strangers, stranger, strangers->sink->process_found);
	return stranger;
}

static void forget(struct strangers *strangers, struct stranger *stranger)
{
	DL_DELETE(strangers->list, stranger);
	strangers->count--;
	release(stranger);
}

void strangers_end(struct strangers *strangers, struct stranger *stranger, uint64_t now_ns)
{
	const struct process_exit exit = {.at_ns = now_ns, .cause = EXIT_CAUSE_EXIT};

	strangers->sink->process_exited(strangers->sink->context, &stranger->key, &exit);
	forget(strangers, stranger);
}

bool strangers_pass(struct strangers *strangers, uint64_t now_ns)
{
	struct stranger *stranger;
	struct stranger *next;
	unsigned ended = 0;

	DL_FOREACH_SAFE(strangers->list, stranger, next)
	{
		if (!stranger->has_died && now_ns <= stranger->last_line_ns + STRANGERS_SILENCE_NS)
			continue;
		if (ended++ == ENDS_AT_ONCE)
			return false;
		strangers_end(strangers, stranger, now_ns);
	}
	return true;
}

void strangers_reconfigure(struct strangers *strangers, const struct config *config,
                           uint64_t now_ns)
{
	struct stranger *stranger;
	struct stranger *next;

	strangers->config = config;
	DL_FOREACH_SAFE(strangers->list, stranger, next)
	{
		const struct app_rule *rule = rule_of(strangers, stranger->path);

		if (rule != NULL && rule->ignore)
			strangers_end(strangers, stranger, now_ns);
		else
			introduce(strangers, stranger, strangers->sink->process_changed);
	}
}

void strangers_done(struct strangers *strangers)
{
	while (strangers->list != NULL)
		forget(strangers, strangers->list);
}

// SPDX-License-Identifier: MIT
/*
 * The file is "boot ID" and then the model's own lines; another boot's pids mean nothing.
 */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/model/model.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"

#define BOOT_ID_SIZE     64
#define SLOTS_BYTES_MAX  (4U << 20)
#define BOOT_LINE_PREFIX "boot "

struct state {
	const struct collector_host *host;
	char *path;
	char boot_line[BOOT_ID_SIZE + sizeof(BOOT_LINE_PREFIX)];
	uint64_t saved_generation;
	bool is_writing;
	int write_result;
	bool has_warned;
	struct buf text; /* of the write under way */
};

static void read_boot_line(struct state *state)
{
	char id[BOOT_ID_SIZE];
	size_t length;

	if (file_read_text_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", id, sizeof(id),
	                      &length) < 0)
		length = 0;
	id[length] = '\0';
	id[strcspn(id, "\n")] = '\0';
	(void)snprintf(state->boot_line, sizeof(state->boot_line), BOOT_LINE_PREFIX "%s\n", id);
}

static void restore(struct state *state, struct model *model)
{
	_cleanup_(freep) char *text = malloc(SLOTS_BYTES_MAX);
	size_t boot_length = strlen(state->boot_line);
	size_t length;
	int r;

	if (text == NULL)
		return;
	r = file_read_text_at(AT_FDCWD, state->path, text, SLOTS_BYTES_MAX, &length);
	if (r == -ENOENT)
		return;
	if (r < 0) {
		log_warn(r, "cannot read the slots kept, starting afresh path=%s", state->path);
		return;
	}
	if (length >= boot_length && memcmp(text, state->boot_line, boot_length) == 0)
		model_slots_restore(model, text + boot_length, length - boot_length);
}

static struct state *state_free(struct state *state)
{
	if (state == NULL)
		return NULL;
	buf_done(&state->text);
	free(state->path);
	free(state);
	return NULL;
}

DEFINE_CLEANUP(struct state, state_free)

static int make_directory(const char *path)
{
	struct stat status;

	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return -errno;
	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	if (access(path, W_OK | X_OK) < 0)
		return -errno;
	return 0;
}

/* Of the disk, which may be mended while heapwatchd runs; other errors are of the path. */
static bool is_of_the_disk(int result)
{
	return result == -EROFS || result == -ENOSPC || result == -EDQUOT || result == -EIO;
}

/* 1: there is a directory, and it can be written to, now or perhaps later; 0: keep nothing. */
static int check_directory(const char *storage_path, bool is_required)
{
	const char *which = is_required ? "" : "the default ";
	int result = make_directory(storage_path);

	if (result == 0)
		return 1;
	if (is_required && !is_of_the_disk(result)) {
		log_error(result, "cannot write to --storage.path=%s", storage_path);
		return result;
	}
	if (is_of_the_disk(result) && access(storage_path, R_OK | X_OK) == 0) {
		log_warn(result,
		         "cannot write to %s--storage.path=%s for now, going on from what is there",
		         which, storage_path);
		return 1;
	}
	log_warn(result, "cannot write to %s--storage.path=%s, running in memory", which,
	         storage_path);
	return 0;
}

int state_open(const char *storage_path, bool is_required, const struct collector_host *host,
               struct model *model, struct state **ret_state)
{
	_cleanup_(state_freep) struct state *state = NULL;
	int result = check_directory(storage_path, is_required);

	if (result <= 0) {
		if (result == 0)
			*ret_state = NULL;
		return result;
	}
	state = calloc(1, sizeof(*state));
	if (state == NULL || asprintf(&state->path, "%s/slots", storage_path) < 0)
		return -ENOMEM;
	state->host = host;
	buf_init(&state->text, SLOTS_BYTES_MAX);
	read_boot_line(state);
	restore(state, model);
	state->saved_generation = model_slots_generation(model);
	*ret_state = TAKE_PTR(state);
	return 0;
}

static void render(struct state *state, struct model *model)
{
	buf_clear(&state->text);
	buf_append_string(&state->text, state->boot_line);
	model_slots_save(model, &state->text);
	state->saved_generation = model_slots_generation(model);
}

static void write_work(void *data)
{
	struct state *state = data;

	state->write_result =
	    file_replace(state->path, buf_string(&state->text), state->text.length);
}

static void write_done(void *data)
{
	struct state *state = data;

	state->is_writing = false;
	if (state->write_result < 0 && !state->has_warned) /* once, until it works again */
		log_warn(state->write_result,
		         "cannot keep the slots, trying again at the next change path=%s",
		         state->path);
	state->has_warned = state->write_result < 0;
}

void state_save(struct state *state, struct model *model)
{
	if (state == NULL || state->is_writing ||
	    state->saved_generation == model_slots_generation(model))
		return;
	render(state, model);
	if (buf_failed(&state->text))
		return;
	state->is_writing =
	    state->host->submit(state->host->context, write_work, write_done, state) == 0;
}

struct state *state_close(struct state *state, struct model *model)
{
	if (state == NULL)
		return NULL;
	if (state->saved_generation != model_slots_generation(model)) {
		render(state, model);
		write_work(state);
		write_done(state);
	}
	return state_free(state);
}

// SPDX-License-Identifier: MIT
/*
 * Copies in chunks that are freed together: an allocation for each string would take longer than
 * the copying.
 */
#include "daemon/model/picture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)256 * 1024)
#define ALIGNMENT   sizeof(max_align_t)

struct picture_chunk {
	struct picture_chunk *next;
	size_t size_bytes;
	size_t used_bytes;
	max_align_t bytes[];
};

struct arena {
	struct picture_memory *memory;
	struct picture_chunk *chunks;
	size_t chunk_count;
	bool has_failed;
};

struct owned_picture {
	struct picture picture; /* first: what others see */
	struct arena arena;
};

static struct picture_chunk *obtain_chunk(struct picture_memory *memory, size_t wanted_bytes)
{
	size_t size_bytes = wanted_bytes > CHUNK_BYTES ? wanted_bytes : CHUNK_BYTES;
	struct picture_chunk *chunk = memory != NULL ? memory->chunks : NULL;

	if (chunk != NULL && chunk->size_bytes >= wanted_bytes) {
		memory->chunks = chunk->next;
		memory->count--;
		return chunk;
	}
	chunk = malloc(sizeof(*chunk) + size_bytes);
	if (chunk != NULL)
		chunk->size_bytes = size_bytes;
	return chunk;
}

static void give_back(struct picture_memory *memory, struct picture_chunk *chunk)
{
	if (memory == NULL || memory->count >= memory->count_max) {
		free(chunk);
		return;
	}
	chunk->next = memory->chunks;
	memory->chunks = chunk;
	memory->count++;
}

static bool add_chunk(struct arena *arena, size_t wanted_bytes)
{
	struct picture_chunk *chunk = obtain_chunk(arena->memory, wanted_bytes);

	if (chunk == NULL) {
		arena->has_failed = true;
		return false;
	}
	chunk->next = arena->chunks;
	chunk->used_bytes = 0;
	arena->chunks = chunk;
	arena->chunk_count++;
	return true;
}

/* NULL without memory, which the picture as a whole then has not. */
static void *copy(struct arena *arena, const void *source, size_t length)
{
	size_t taken = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	char *target;

	if (length == 0)
		return NULL;
	if ((arena->chunks == NULL ||
	     arena->chunks->size_bytes - arena->chunks->used_bytes < taken) &&
	    !add_chunk(arena, taken))
		return NULL;
	target = (char *)arena->chunks->bytes + arena->chunks->used_bytes;
	arena->chunks->used_bytes += taken;
	memcpy(target, source, length);
	return target;
}

static char *copy_string(struct arena *arena, const char *string)
{
	return copy(arena, string, strlen(string) + 1);
}

static void copy_isolates(struct arena *arena, struct process *process)
{
	size_t i;

	process->isolates =
	    copy(arena, process->isolates, process->isolate_count * sizeof(*process->isolates));
	if (process->isolates == NULL)
		process->isolate_count = 0; /* none, or no memory */
	for (i = 0; i < process->isolate_count; i++)
		process->isolates[i] =
		    copy(arena, process->isolates[i], sizeof(*process->isolates[i]));
}

static struct process *copy_process(struct arena *arena, const struct process *source)
{
	struct process *process = copy(arena, source, sizeof(*source));

	if (process == NULL)
		return NULL;
	process->experience = NULL; /* the model's own */
	process->app = copy_string(arena, source->app);
	process->script = copy_string(arena, source->script);
	process->node_version = copy_string(arena, source->node_version);
	process->container_id = copy_string(arena, source->container_id);
	process->pod_uid = copy_string(arena, source->pod_uid);
	process->container_name = copy_string(arena, source->container_name);
	process->unit = copy_string(arena, source->unit);
	process->evidence =
	    copy(arena, source->evidence, source->evidence_count * sizeof(*source->evidence));
	if (source->sites != NULL)
		process->sites = copy(arena, source->sites, sizeof(*source->sites));
	copy_isolates(arena, process);
	return process;
}

static void copy_processes(struct arena *arena, struct model *model, struct picture *picture)
{
	struct process *const *sources;
	size_t count = model_processes(model, &sources);
	struct process **processes = copy(arena, sources, count * sizeof(*sources));
	size_t i;

	picture->process_count = processes == NULL ? 0 : count;
	for (i = 0; i < picture->process_count; i++)
		processes[i] = copy_process(arena, sources[i]);
	picture->processes = (const struct process *const *)processes;
}

static void copy_apps(struct arena *arena, struct model *model, struct picture *picture)
{
	const struct app_totals *sources;
	size_t count = model_apps(model, &sources);
	struct app_totals *apps =
	    count == 0 ? NULL : copy(arena, sources, count * sizeof(*sources));
	size_t i;

	picture->app_count = apps == NULL ? 0 : count;
	for (i = 0; i < picture->app_count; i++)
		apps[i].app = copy_string(arena, apps[i].app);
	picture->apps = apps;
}

struct picture *picture_take(struct model *model, struct picture_memory *memory)
{
	struct owned_picture *owned = calloc(1, sizeof(*owned));
	enum drop_reason reason;

	if (owned == NULL)
		return NULL;
	owned->arena.memory = memory;
	copy_processes(&owned->arena, model, &owned->picture);
	copy_apps(&owned->arena, model, &owned->picture);
	for (reason = 0; reason < DROP_REASON_COUNT; reason++)
		owned->picture.dropped[reason] = model_dropped_count(model, reason);
	if (memory != NULL)
		memory->count_max = owned->arena.chunk_count;
	return owned->arena.has_failed ? picture_free(&owned->picture) : &owned->picture;
}

struct picture *picture_free(struct picture *picture)
{
	struct owned_picture *owned = (struct owned_picture *)picture;
	struct picture_chunk *chunk;

	if (picture == NULL)
		return NULL;
	while ((chunk = owned->arena.chunks) != NULL) {
		owned->arena.chunks = chunk->next;
		give_back(owned->arena.memory, chunk);
	}
	free(owned);
	return NULL;
}

void picture_memory_done(struct picture_memory *memory)
{
	struct picture_chunk *chunk;

	while ((chunk = memory->chunks) != NULL) {
		memory->chunks = chunk->next;
		free(chunk);
	}
	*memory = (struct picture_memory){.chunks = NULL};
}

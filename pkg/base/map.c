/*
 * map: entries in an array in order of insertion, and a table of indexes into it,
 * probed linearly.
 *
 * Removal leaves a dead entry (key NULL) and a tombstone, so that an iteration by entry index
 * stays valid; both vanish when the map is rebuilt for growth.  The hash (FNV-1a) starts from the
 * address of the map, so that a client cannot choose names that collide.
 */
#include "base/map.h"

#include "base/log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY UINT32_MAX
#define TOMBSTONE (UINT32_MAX - 1)

struct entry {
	char *key; /* NULL = removed */
	void *value;
	uint32_t hash;
};

struct map {
	struct entry *entries;
	uint32_t *slots;
	size_t used;  /* entries in use, dead ones included */
	size_t room;  /* entries allocated; slots are twice as many */
	size_t count; /* live entries */
};

struct map *map_new(void)
{
	struct map *m = calloc(1, sizeof *m);

	if (!m)
		bug("out of memory: map");
	return m;
}

void map_free(struct map **m, void (*drop)(void *value))
{
	if (!*m)
		return;
	for (size_t i = 0; i < (*m)->used; i++) {
		struct entry *e = &(*m)->entries[i];

		if (e->key && drop)
			drop(e->value);
		free(e->key);
	}
	free((*m)->entries);
	free((*m)->slots);
	free(*m);
	*m = NULL;
}

static uint32_t hash_of(const struct map *m, const char *key)
{
	uint64_t h = 14695981039346656037u ^ ((uint64_t)(uintptr_t)m >> 4);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211u;
	h *= 0x9E3779B97F4A7C15u;
	return (uint32_t)(h >> 32);
}

/* The slot that holds key, or NULL. */
static uint32_t *find_slot(const struct map *m, const char *key, uint32_t hash)
{
	size_t mask = 2 * m->room - 1;

	if (!m->count)
		return NULL;
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		uint32_t at = m->slots[i];

		if (at == EMPTY)
			return NULL;
		if (at != TOMBSTONE && m->entries[at].hash == hash &&
		    strcmp(m->entries[at].key, key) == 0)
			return &m->slots[i];
	}
}

static void place(struct map *m, uint32_t at)
{
	size_t mask = 2 * m->room - 1, i = m->entries[at].hash & mask;

	while (m->slots[i] != EMPTY && m->slots[i] != TOMBSTONE)
		i = (i + 1) & mask;
	m->slots[i] = at;
}

/* Squeeze out dead entries and make room for at least one more. */
static void rebuild(struct map *m)
{
	size_t live = 0;

	for (size_t i = 0; i < m->used; i++)
		if (m->entries[i].key)
			m->entries[live++] = m->entries[i];
	m->used = live;
	if (!m->room)
		m->room = 8;
	while (live >= m->room - m->room / 4)
		m->room *= 2;
	if (m->room >= TOMBSTONE)
		bug("map of %zu entries", m->room);
	m->entries = realloc(m->entries, m->room * sizeof *m->entries);
	free(m->slots);
	m->slots = malloc(2 * m->room * sizeof *m->slots);
	if (!m->entries || !m->slots)
		bug("out of memory: map of %zu entries", m->room);
	memset(m->slots, 0xff, 2 * m->room * sizeof *m->slots);
	for (size_t i = 0; i < live; i++)
		place(m, (uint32_t)i);
}

void *map_get(const struct map *m, const char *key)
{
	uint32_t *slot = find_slot(m, key, hash_of(m, key));

	return slot ? m->entries[*slot].value : NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	uint32_t hash = hash_of(m, key), *slot = find_slot(m, key, hash);
	void *old;

	if (slot) {
		old = m->entries[*slot].value;
		m->entries[*slot].value = value;
		return old;
	}
	/* Tombstones never outnumber dead entries, so slots stay at most half full. */
	if (m->used == m->room)
		rebuild(m);
	m->entries[m->used] = (struct entry){ .key = strdup(key), .value = value, .hash = hash };
	if (!m->entries[m->used].key)
		bug("out of memory: map key");
	place(m, (uint32_t)m->used++);
	m->count++;
	return NULL;
}

void *map_del(struct map *m, const char *key)
{
	uint32_t *slot = find_slot(m, key, hash_of(m, key));
	struct entry *e;

	if (!slot)
		return NULL;
	e = &m->entries[*slot];
	*slot = TOMBSTONE;
	free(e->key);
	e->key = NULL;
	m->count--;
	return e->value;
}

size_t map_count(const struct map *m)
{
	return m->count;
}

bool map_next(const struct map *m, size_t *it, const char **key, void **value)
{
	while (*it < m->used && !m->entries[*it].key)
		++*it;
	if (*it >= m->used)
		return false;
	if (key)
		*key = m->entries[*it].key;
	if (value)
		*value = m->entries[*it].value;
	++*it;
	return true;
}

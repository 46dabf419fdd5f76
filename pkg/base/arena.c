/*
 * arena: a chain of blocks, filled from front to back, newest first.
 *
 * The first block carries the struct itself, so that a small task costs one
 * malloc.  Later blocks double in size up to a limit, which keeps the number of
 * mallocs of a task logarithmic; a request that would leave much of a block unused gets a
 * block of its own behind the current one.  Under AddressSanitizer the unused part of every
 * block is poisoned and a gap is left behind each piece, so that overruns are seen.
 */
#include "base/arena.h"

#include "base/log.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define ARENA_POISON 1
#endif
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#define GAP 16
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP 0
#endif

#define ALIGN 16u
#define FIRST_BLOCK 8192u
#define MAX_BLOCK (256u * 1024)
/* Blocks of this size come from the system and go back to it at once.  The allocator would keep them until the
 * thread's next allocations, and a thread may have none for hours.  Sanitizers watch the allocator's only. */
#ifdef ARENA_POISON
#define MAPPED_BLOCK SIZE_MAX
#else
#define MAPPED_BLOCK (128u * 1024)
#endif

struct block {
	struct block *next; /* older */
	size_t size;        /* of data */
	alignas(ALIGN) char data[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *ptr);
	void *ptr;
};

struct arena {
	struct block *blocks; /* the one being filled first */
	char *pos, *end;
	struct deferred *deferred;
	size_t used;
	size_t next_size;
};

static size_t round_up(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static struct block *block_new(size_t size)
{
	struct block *b = NULL;

	if (size >= MAPPED_BLOCK && size < SIZE_MAX / 2) {
		b = mmap(NULL, sizeof *b + size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (b == MAP_FAILED)
			b = NULL;
	} else if (size < SIZE_MAX / 2) {
		b = malloc(sizeof *b + size);
	}
	if (!b)
		bug("out of memory: %zu bytes for an arena", size);
	b->next = NULL;
	b->size = size;
	return b;
}

static void arena_start(struct arena *a, struct block *first)
{
	*a = (struct arena){ .blocks = first, .next_size = 2 * FIRST_BLOCK };
	a->pos = first->data + round_up(sizeof *a);
	a->end = first->data + first->size;
	POISON(a->pos, (size_t)(a->end - a->pos));
}

struct arena *arena_new(void)
{
	struct block *first = block_new(FIRST_BLOCK - sizeof(struct block));
	struct arena *a = (struct arena *)(void *)first->data;

	arena_start(a, first);
	return a;
}

static void run_deferred(struct arena *a)
{
	while (a->deferred) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->ptr);
	}
}

static void block_free(struct block *b)
{
	UNPOISON(b->data, b->size);
	if (b->size >= MAPPED_BLOCK)
		munmap(b, sizeof *b + b->size);
	else
		free(b);
}

/* Free all blocks but the first, which holds the struct, and return that. */
static struct block *free_later_blocks(struct arena *a)
{
	struct block *b = a->blocks, *next;

	while ((const void *)b->data != (const void *)a) {
		next = b->next;
		/* An oversized block sits behind the current one, thus maybe behind the first. */
		block_free(b);
		b = next;
	}
	while (b->next) {
		next = b->next;
		b->next = next->next;
		block_free(next);
	}
	return b;
}

void arena_free(struct arena **a)
{
	if (!*a)
		return;
	run_deferred(*a);
	block_free(free_later_blocks(*a));
	*a = NULL;
}

void arena_reset(struct arena *a)
{
	struct block *first;

	run_deferred(a);
	first = free_later_blocks(a);
	arena_start(a, first);
}

/* A piece that does not fit: from a fresh block, or a block of its own when it is big. */
static void *alloc_slow(struct arena *a, size_t n)
{
	struct block *b;

	if (n > a->next_size / 4) {
		b = block_new(n);
		b->next = a->blocks->next;
		a->blocks->next = b;
		return b->data;
	}
	b = block_new(a->next_size);
	b->next = a->blocks;
	a->blocks = b;
	a->pos = b->data;
	a->end = b->data + b->size;
	POISON(a->pos, b->size);
	if (a->next_size < MAX_BLOCK)
		a->next_size *= 2;
	a->pos += n;
	return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t full;
	char *p = a->pos;

	if (n > SIZE_MAX / 2)
		bug("out of memory: %zu bytes from an arena", n);
	full = round_up(n + !n + GAP);
	a->used += n;
	if (full <= (size_t)(a->end - p))
		a->pos = p + full;
	else
		p = alloc_slow(a, full);
	UNPOISON(p, n);
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, n + 1);

	if (n)
		memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256], *s;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof small, fmt, ap);
	BUG_ON(n < 0);
	if ((size_t)n < sizeof small) {
		s = arena_dup(a, small, (size_t)n);
	} else {
		s = arena_alloc(a, (size_t)n + 1);
		vsnprintf(s, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

void arena_defer(struct arena *a, void (*fn)(void *ptr), void *ptr)
{
	struct deferred *d = arena_alloc(a, sizeof *d);

	*d = (struct deferred){ .next = a->deferred, .fn = fn, .ptr = ptr };
	a->deferred = d;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

/*
 * Tokens remembered.
 *
 * An entry holds for ten seconds (as upstream's success cache) and only while no ServiceAccount and
 * no Secret has changed, so that what was deleted is refused at once.  The cache is a small direct-mapped table: a
 * collision costs one more verification and nothing else.  Entries own their user in an arena of their
 * own and are copied out under the lock, because a user is a handful of strings.
 */
#include "server/tokens.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/thread.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256, LIFETIME_S = 10 };

struct entry {
	struct arena *a; /* NULL = empty */
	const char *token;
	const struct user *user;
	int64_t until_ns, known_rev;
};

struct tokens {
	struct api *api;
	struct table *accounts, *secrets;
	struct lock lock;
	struct entry slots[SLOTS];
};

struct tokens *tokens_new(struct api *api)
{
	struct tokens *t = calloc(1, sizeof *t);
	const struct kind *k = kinds_by_resource(api_kinds(api), "", "v1", "serviceaccounts");

	if (!t)
		abort();
	t->api = api;
	t->accounts = k ? api_table(api, k) : NULL;
	k = kinds_by_resource(api_kinds(api), "", "v1", "secrets");
	t->secrets = k ? api_table(api, k) : NULL;
	lock_init(&t->lock, "tokens", LOCK_SERVER);
	return t;
}

/* Grows with every change of a ServiceAccount or a Secret. */
static int64_t known_rev(struct tokens *t)
{
	int64_t accounts = t->accounts ? table_rev(t->accounts) : 0;
	int64_t secrets = t->secrets ? table_rev(t->secrets) : 0;

	return accounts > secrets ? accounts : secrets;
}

void tokens_free(struct tokens **tp)
{
	struct tokens *t = *tp;

	if (!t)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		if (t->slots[i].a)
			arena_free(&t->slots[i].a);
	lock_destroy(&t->lock);
	free(t);
	*tp = NULL;
}

static const char *const *copy_strings(struct arena *a, const char *const *src)
{
	size_t n = 0;
	const char **out;

	while (src && src[n])
		n++;
	out = arena_alloc(a, (n + 1) * sizeof *out);
	for (size_t i = 0; i < n; i++)
		out[i] = arena_strdup(a, src[i]);
	out[n] = NULL;
	return out;
}

static const struct user *copy_user(struct arena *a, const struct user *src)
{
	struct user *u = arena_zalloc(a, sizeof *u);
	struct extra *extra = arena_zalloc(a, src->nextra * sizeof *extra);

	u->name = arena_strdup(a, src->name);
	u->uid = arena_strdup(a, src->uid ? src->uid : "");
	u->groups = copy_strings(a, src->groups);
	for (size_t i = 0; i < src->nextra; i++) {
		extra[i].key = arena_strdup(a, src->extra[i].key);
		extra[i].values = copy_strings(a, src->extra[i].values);
	}
	u->extra = extra;
	u->nextra = src->nextra;
	return u;
}

static struct entry *slot_of(struct tokens *t, const char *token)
{
	uint64_t h = fnv64a(token, strlen(token));

	return &t->slots[(h ^ h >> 32) % SLOTS];
}

const struct user *tokens_lookup(struct tokens *t, struct arena *a, const char *token)
{
	int64_t rev = known_rev(t);
	int64_t now = clock_mono_ns();
	const struct user *u = NULL;

	lock_take(&t->lock);
	struct entry *e = slot_of(t, token);
	if (e->a && e->until_ns > now && e->known_rev == rev && strcmp(e->token, token) == 0)
		u = copy_user(a, e->user);
	lock_drop(&t->lock);
	return u;
}

const struct user *tokens_verify(struct tokens *t, struct arena *a, const char *token,
				 struct status *st)
{
	/* The revision is read first: a change during the check must invalidate the entry. */
	int64_t rev = known_rev(t);
	const struct user *u = api_authenticate_token(t->api, a, token, NULL, st);
	struct entry fresh = { .a = u ? arena_new() : NULL };

	if (!u)
		return NULL;
	fresh.token = arena_strdup(fresh.a, token);
	fresh.user = copy_user(fresh.a, u);
	fresh.until_ns = clock_mono_ns() + (int64_t)LIFETIME_S * 1000000000;
	fresh.known_rev = rev;
	lock_take(&t->lock);
	struct entry *e = slot_of(t, token);
	struct entry old = *e;
	*e = fresh;
	lock_drop(&t->lock);
	if (old.a)
		arena_free(&old.a);
	return u;
}

/*
 * reinvocation: who is asked a second time.
 */
#include "api/reinvocation.h"

#include "base/arena.h"
#include "obj/json.h"

struct reinvocation *reinvocation_of(struct admission *ad)
{
	if (!ad->again)
		ad->again = arena_zalloc(ad->c->a, sizeof *ad->again);
	return ad->again;
}

/* Whoever has been asked so far must look again. */
static void ask_again(struct rounds *r)
{
	for (size_t i = 0; i < r->n; i++) {
		r->ask_again[i] |= r->asked[i];
		r->asked[i] = false;
	}
}

void rounds_begin(struct rounds *r, struct admission *ad, const void *set, size_t n)
{
	if (!r->set) {
		r->set = set;
		r->n = n;
		r->asked = arena_zalloc(ad->c->a, n + 1);
		r->ask_again = arena_zalloc(ad->c->a, n + 1);
	}
	if (ad->again->second && !(r->left && ad->o && json_equal(r->left, ad->o)))
		ask_again(r);
}

void rounds_end(struct rounds *r, struct admission *ad)
{
	r->left = ad->o ? json_copy(ad->c->a, ad->o) : NULL;
}

bool rounds_has(const struct rounds *r, const struct admission *ad, size_t i)
{
	return !ad->again->second || r->ask_again[i];
}

void rounds_note(struct rounds *r, struct admission *ad, size_t i, bool changed, bool again)
{
	if (changed) {
		ask_again(r);
		ad->again->wanted = true;
	}
	if (again)
		r->asked[i] = true;
}

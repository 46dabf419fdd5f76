/*
 * A node holds up to FAN objects (leaf) or children (inner) and the number of objects below it, so
 * that pages can tell how many objects remain.  An inner node's key[i] is the smallest object of
 * child i: an edit passes through every ancestor anyway and refreshes it, so that keys are never
 * copies and never stale.
 *
 * Nodes carry the edition they were made in.  The writer changes nodes of the current edition in
 * place and copies all others; what the copy replaces (and objects taken out) is garbage of the
 * snapshot it belonged to: reachable from that snapshot and older ones, not from newer.  Snapshots form a
 * chain, oldest first; garbage is freed from the old end while nobody has it pinned.  So neither
 * nodes nor unchanged objects are ever touched for counting.
 */
#include "store/index.h"

#include "base/log.h"
#include "base/vec.h"
#include "obj/obj.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FAN 64

struct node {
	uint64_t edition;
	size_t count;
	uint16_t n;
	uint16_t height; /* 0: leaf */
	const struct obj *key[FAN];
	struct node *child[]; /* FAN of them, inner nodes only */
};

struct snap {
	_Atomic uint32_t pins;
	struct node *root; /* NULL: empty */
	struct snap *newer;
	VEC(struct node *) nodes;
	VEC(const struct obj *) objs;
};

struct index {
	struct snap *oldest, *current;
	struct node *work;
	uint64_t edition;
};

static void *must(void *p)
{
	if (!p)
		bug("out of memory");
	return p;
}

static size_t node_size(uint16_t height)
{
	return sizeof(struct node) + (height ? FAN * sizeof(struct node *) : 0);
}

static struct node *node_new(const struct index *x, uint16_t height)
{
	struct node *nd = must(calloc(1, node_size(height)));

	nd->edition = x->edition;
	nd->height = height;
	return nd;
}

/* The node itself when this edition made it, else a copy that takes its place. */
static struct node *node_own(struct index *x, struct node *nd)
{
	struct node *copy;

	if (nd->edition == x->edition)
		return nd;
	copy = must(malloc(node_size(nd->height)));
	memcpy(copy, nd, node_size(nd->height));
	copy->edition = x->edition;
	vec_push(&x->current->nodes, nd);
	return copy;
}

/* A node that left the working tree. */
static void node_retire(struct index *x, struct node *nd)
{
	if (nd->edition == x->edition)
		free(nd);
	else
		vec_push(&x->current->nodes, nd);
}

int bound_cmp(const struct obj *o, struct bound b)
{
	int side = b.after ? -1 : 1;
	int c;

	if (!b.ns)
		return side;
	c = strcmp(o->ns, b.ns);
	if (c)
		return c;
	if (!b.name)
		return side;
	c = strcmp(o->name, b.name);
	return c ? c : side;
}

/* How many of the node's keys lie before b. */
static size_t node_find(const struct node *nd, struct bound b)
{
	size_t lo = 0, hi = nd->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (bound_cmp(nd->key[mid], b) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The child that holds b: the last one that begins before it. */
static size_t node_child(const struct node *nd, struct bound b)
{
	size_t i = node_find(nd, b);

	return i ? i - 1 : 0;
}

static bool same_key(const struct obj *o, const char *ns, const char *name)
{
	return !strcmp(o->ns, ns) && !strcmp(o->name, name);
}

static const struct obj *node_get(const struct node *nd, const char *ns, const char *name)
{
	struct bound b = { ns, name, true };
	size_t i;

	if (!nd)
		return NULL;
	while (nd->height)
		nd = nd->child[node_child(nd, b)];
	i = node_find(nd, b);
	return i && same_key(nd->key[i - 1], ns, name) ? nd->key[i - 1] : NULL;
}

static void node_recount(struct node *nd)
{
	if (!nd->height) {
		nd->count = nd->n;
		return;
	}
	nd->count = 0;
	for (size_t i = 0; i < nd->n; i++)
		nd->count += nd->child[i]->count;
}

/* Open a gap of one at i. */
static void node_gap(struct node *nd, size_t i)
{
	memmove(nd->key + i + 1, nd->key + i, (nd->n - i) * sizeof *nd->key);
	if (nd->height)
		memmove(nd->child + i + 1, nd->child + i, (nd->n - i) * sizeof *nd->child);
	nd->n++;
}

static void node_close(struct node *nd, size_t i)
{
	nd->n--;
	memmove(nd->key + i, nd->key + i + 1, (nd->n - i) * sizeof *nd->key);
	if (nd->height)
		memmove(nd->child + i, nd->child + i + 1, (nd->n - i) * sizeof *nd->child);
}

/* Move the keys from `from` on to the end of dst. */
static void node_move(struct node *dst, struct node *src, size_t from)
{
	size_t n = src->n - from;

	memcpy(dst->key + dst->n, src->key + from, n * sizeof *src->key);
	if (src->height)
		memcpy(dst->child + dst->n, src->child + from, n * sizeof *src->child);
	dst->n += (uint16_t)n;
	src->n = (uint16_t)from;
	node_recount(src);
	node_recount(dst);
}

/* Make room for one more key at *i; when that splits nd the right half is returned and *into is
 * the half where the key belongs.  Ascending inserts leave full nodes behind. */
static struct node *node_room(struct index *x, struct node *nd, size_t *i, struct node **into)
{
	struct node *right;
	size_t cut = *i == nd->n ? nd->n : nd->n / 2;

	*into = nd;
	if (nd->n < FAN)
		return NULL;
	right = node_new(x, nd->height);
	node_move(right, nd, cut);
	if (*i >= cut) {
		*into = right;
		*i -= cut;
	}
	return right;
}

static struct node *leaf_put(struct index *x, struct node *nd, const struct obj *o,
			     const struct obj **old)
{
	size_t i = node_find(nd, (struct bound){ o->ns, o->name, false });
	struct node *into, *right;

	if (i < nd->n && same_key(nd->key[i], o->ns, o->name)) {
		*old = nd->key[i];
		nd->key[i] = o;
		return NULL;
	}
	right = node_room(x, nd, &i, &into);
	node_gap(into, i);
	into->key[i] = o;
	into->count++;
	return right;
}

/* Returns the right half when the node (now *at) had to be split. */
static struct node *node_put(struct index *x, struct node **at, const struct obj *o,
			     const struct obj **old)
{
	struct node *nd = *at = node_own(x, *at), *right, *half, *into;
	size_t i;

	if (!nd->height)
		return leaf_put(x, nd, o, old);
	i = node_child(nd, (struct bound){ o->ns, o->name, true });
	right = node_put(x, &nd->child[i], o, old);
	nd->key[i] = nd->child[i]->key[0];
	if (!right) {
		nd->count += *old ? 0 : 1;
		return NULL;
	}
	i++;
	half = node_room(x, nd, &i, &into);
	node_gap(into, i);
	into->child[i] = right;
	into->key[i] = right->key[0];
	node_recount(nd);
	if (half)
		node_recount(half);
	return half;
}

/* Child i became small: join it with a neighbour if both fit into one node. */
static void node_join(struct index *x, struct node *nd, size_t i)
{
	struct node *left, *right;

	if (nd->child[i]->n >= FAN / 4 || nd->n < 2)
		return;
	if (i)
		i--;
	left = nd->child[i];
	right = nd->child[i + 1];
	if (left->n + right->n > FAN * 3 / 4)
		return;
	left = nd->child[i] = node_own(x, left);
	right = node_own(x, right);
	node_move(left, right, 0);
	node_retire(x, right);
	node_close(nd, i + 1);
	nd->key[i] = left->key[0];
}

/* Remove from the subtree; *at becomes NULL when nothing is left of it. */
static void node_del(struct index *x, struct node **at, const char *ns, const char *name)
{
	struct bound b = { ns, name, true };
	struct node *nd = *at = node_own(x, *at);
	size_t i;

	nd->count--;
	if (!nd->height) {
		node_close(nd, node_find(nd, b) - 1);
	} else {
		i = node_child(nd, b);
		node_del(x, &nd->child[i], ns, name);
		if (nd->child[i]) {
			nd->key[i] = nd->child[i]->key[0];
			node_join(x, nd, i);
		} else {
			node_close(nd, i);
		}
	}
	if (!nd->n) {
		node_retire(x, nd);
		*at = NULL;
	}
}

size_t index_count(const struct index *x)
{
	return x->work ? x->work->count : 0;
}

const struct obj *index_get(const struct index *x, const char *ns, const char *name)
{
	return node_get(x->work, ns, name);
}

const struct obj *index_put(struct index *x, const struct obj *o)
{
	const struct obj *old = NULL;
	struct node *right, *root;

	if (!x->work)
		x->work = node_new(x, 0);
	right = node_put(x, &x->work, o, &old);
	if (right) {
		root = node_new(x, x->work->height + 1);
		BUG_ON(root->height >= INDEX_DEPTH);
		root->n = 2;
		root->child[0] = x->work;
		root->child[1] = right;
		root->key[0] = x->work->key[0];
		root->key[1] = right->key[0];
		node_recount(root);
		x->work = root;
	}
	if (old)
		vec_push(&x->current->objs, old);
	return old;
}

const struct obj *index_del(struct index *x, const char *ns, const char *name)
{
	const struct obj *old = node_get(x->work, ns, name);
	struct node *root;

	if (!old)
		return NULL;
	node_del(x, &x->work, ns, name);
	while (x->work && x->work->height && x->work->n == 1) {
		root = x->work;
		x->work = root->child[0];
		node_retire(x, root);
	}
	vec_push(&x->current->objs, old);
	return old;
}

void index_publish(struct index *x)
{
	struct snap *s = must(calloc(1, sizeof *s));

	s->root = x->work;
	x->current->newer = s;
	x->current = s;
	x->edition++;
}

static void snap_free(struct snap *s)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		free(s->nodes.p[i]);
	for (size_t i = 0; i < s->objs.n; i++)
		obj_unref(s->objs.p[i]);
	vec_free(&s->nodes);
	vec_free(&s->objs);
	free(s);
}

void index_reclaim(struct index *x)
{
	while (x->oldest != x->current && !atomic_load(&x->oldest->pins)) {
		struct snap *s = x->oldest;

		x->oldest = s->newer;
		snap_free(s);
	}
}

struct index *index_new(void)
{
	struct index *x = must(calloc(1, sizeof *x));

	x->oldest = x->current = must(calloc(1, sizeof *x->current));
	x->edition = 1;
	return x;
}

static void node_free(struct node *nd)
{
	for (size_t i = 0; i < nd->n; i++) {
		if (nd->height)
			node_free(nd->child[i]);
		else
			obj_unref(nd->key[i]);
	}
	free(nd);
}

void index_free(struct index **xp)
{
	struct index *x = *xp;

	if (!x)
		return;
	index_publish(x);
	index_reclaim(x);
	BUG_ON(x->oldest != x->current);
	if (x->work)
		node_free(x->work);
	snap_free(x->current);
	free(x);
	*xp = NULL;
}

struct snap *index_pin(struct index *x)
{
	atomic_fetch_add(&x->current->pins, 1);
	return x->current;
}

void snap_unpin(struct snap *s)
{
	atomic_fetch_sub(&s->pins, 1);
}

size_t snap_count(const struct snap *s)
{
	return s->root ? s->root->count : 0;
}

const struct obj *snap_get(const struct snap *s, const char *ns, const char *name)
{
	return node_get(s->root, ns, name);
}

size_t snap_rank(const struct snap *s, struct bound b)
{
	const struct node *nd = s->root;
	size_t rank = 0, i;

	if (!nd)
		return 0;
	while (nd->height) {
		i = node_child(nd, b);
		for (size_t k = 0; k < i; k++)
			rank += nd->child[k]->count;
		nd = nd->child[i];
	}
	return rank + node_find(nd, b);
}

void snap_seek(const struct snap *s, struct bound b, struct snap_iter *it)
{
	const struct node *nd = s->root;

	it->depth = 0;
	if (!nd)
		return;
	for (;; nd = nd->child[it->at[it->depth - 1].i]) {
		it->at[it->depth].node = nd;
		it->at[it->depth].i = nd->height ? node_child(nd, b) : node_find(nd, b);
		it->depth++;
		if (!nd->height)
			return;
	}
}

/* Step to the leftmost leaf of the next subtree; false at the end. */
static bool iter_climb(struct snap_iter *it)
{
	const struct node *nd;

	do {
		if (--it->depth == 0)
			return false;
	} while (++it->at[it->depth - 1].i >= it->at[it->depth - 1].node->n);
	do {
		nd = it->at[it->depth - 1].node->child[it->at[it->depth - 1].i];
		it->at[it->depth].node = nd;
		it->at[it->depth].i = 0;
		it->depth++;
	} while (nd->height);
	return true;
}

const struct obj *snap_next(struct snap_iter *it)
{
	if (!it->depth)
		return NULL;
	if (it->at[it->depth - 1].i >= it->at[it->depth - 1].node->n && !iter_climb(it))
		return NULL;
	return it->at[it->depth - 1].node->key[it->at[it->depth - 1].i++];
}

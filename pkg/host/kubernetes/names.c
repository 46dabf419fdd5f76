#include "host/kubernetes/names.h"

#include "host/kubernetes/kubernetes.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/map.h"
#include "net/hash.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_LEN 16
#define READABLE_NAME 30
#define READABLE_NS 15
#define KEY_HASH_LEN 10

struct origin {
	char *vns, *vname;
};

struct names {
	struct lock lock;
	char *cid, *host_ns;
	struct map *back; /* hash part -> struct origin */
};

struct names *names_new(const char *cid, const char *host_ns)
{
	struct names *n = calloc(1, sizeof *n);

	BUG_ON(!n);
	lock_init(&n->lock, "names", LOCK_HOST);
	n->cid = strdup(cid);
	n->host_ns = strdup(host_ns);
	BUG_ON(!n->cid || !n->host_ns);
	n->back = map_new();
	return n;
}

static void origin_free(void *p)
{
	struct origin *o = p;

	free(o->vns);
	free(o->vname);
	free(o);
}

void names_free(struct names **n)
{
	if (!*n)
		return;
	map_free(&(*n)->back, origin_free);
	lock_destroy(&(*n)->lock);
	free((*n)->cid);
	free((*n)->host_ns);
	free(*n);
	*n = NULL;
}

/* Lower-case base32 of the first bytes of a digest, n characters. */
static void hash_text(const void *p, size_t len, char *out, size_t n)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char d[32];

	sha256(p, len, d);
	for (size_t i = 0; i < n; i++) {
		size_t bit = i * 5;
		unsigned v = (unsigned)(d[bit / 8] << 8 | d[bit / 8 + 1]);

		out[i] = digits[v >> (11 - bit % 8) & 31];
	}
	out[n] = '\0';
}

/* Only a-z, 0-9 and single dashes, none at the ends, at most max characters. */
static size_t sanitise(const char *s, size_t max, bool letter_first, char *out)
{
	size_t n = 0;

	for (; *s; s++) {
		char c = (char)tolower((unsigned char)*s);

		if (!isalnum((unsigned char)c) || (unsigned char)c > 127)
			c = '-';
		if (c == '-' && (!n || out[n - 1] == '-'))
			continue;
		if (letter_first && !n && isdigit((unsigned char)c))
			out[n++] = 'v';
		if (n >= max)
			break;
		out[n++] = c;
	}
	if (letter_first && !n)
		out[n++] = 'v';
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	return n;
}

/* "1" 0 CID 0 scope 0 ... : NUL cannot occur in a part, so the text is unambiguous. */
static void digest(char hash[HASH_LEN + 1], const char *const *parts, size_t n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_adds(&b, parts[i]);
		if (i + 1 < n)
			buf_addc(&b, '\0');
	}
	hash_text(b.p, b.len, hash, HASH_LEN);
	buf_free(&b);
}

static void remember(struct names *n, const char *hash, const char *vns, const char *vname)
{
	struct origin *o;

	lock_take(&n->lock);
	if (!map_get(n->back, hash)) {
		o = calloc(1, sizeof *o);
		BUG_ON(!o);
		o->vns = strdup(vns);
		o->vname = strdup(vname);
		BUG_ON(!o->vns || !o->vname);
		map_set(n->back, hash, o);
	}
	lock_drop(&n->lock);
}

char *names_map(struct names *n, const char *kind, const char *vns, const char *vname,
		char out[HOST_NAME_MAX])
{
	const char *const parts[] = { "1", n->cid, "ns", kind, vns, vname };
	char name[READABLE_NAME + 1], ns[READABLE_NS + 1], hash[HASH_LEN + 1];
	size_t nsn;

	digest(hash, parts, 6);
	sanitise(vname, READABLE_NAME, true, name);
	nsn = sanitise(vns, READABLE_NS, false, ns);
	snprintf(out, HOST_NAME_MAX, "%s%s%s-%s", name, nsn ? "-" : "", ns, hash);
	remember(n, hash, vns, vname);
	return out;
}

char *names_map_cluster(struct names *n, const char *kind, const char *vname, char out[HOST_NAME_MAX])
{
	const char *const parts[] = { "1", n->cid, "cluster", n->host_ns, kind, "", vname };
	char name[READABLE_NAME + 1], hash[HASH_LEN + 1];

	digest(hash, parts, 7);
	sanitise(vname, READABLE_NAME, true, name);
	snprintf(out, HOST_NAME_MAX, "%s-%s", name, hash);
	remember(n, hash, "", vname);
	return out;
}

/* ---- the way back ---- */

bool names_back(struct names *n, struct arena *a, const char *hname, const char **vns,
		const char **vname)
{
	size_t len = strlen(hname);
	struct origin *o;

	if (len <= HASH_LEN)
		return false;
	lock_take(&n->lock);
	o = map_get(n->back, hname + len - HASH_LEN);
	if (o) {
		*vns = arena_strdup(a, o->vns);
		*vname = arena_strdup(a, o->vname);
	}
	lock_drop(&n->lock);
	return o;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Does the text written so far end in "host_ns/"?  Then that becomes the virtual namespace. */
static void fix_namespace(struct names *n, struct buf *b, const char *vns)
{
	size_t len = strlen(n->host_ns);

	if (b->len <= len || b->p[b->len - 1] != '/' ||
	    strncmp(b->p + b->len - 1 - len, n->host_ns, len))
		return;
	b->len -= len + 1;
	buf_addf(b, "%s/", vns);
}

char *names_scrub(struct names *n, struct arena *a, const char *text)
{
	struct buf b = BUF_INIT;
	char *out;

	while (*text) {
		size_t len = 0;
		char token[HOST_NAME_MAX];
		const char *vns, *vname;

		while (name_char(text[len]))
			len++;
		if (len > HASH_LEN && len < sizeof token) {
			memcpy(token, text, len);
			token[len] = '\0';
			if (names_back(n, a, token, &vns, &vname)) {
				fix_namespace(n, &b, vns);
				buf_adds(&b, vname);
				text += len;
				continue;
			}
		}
		if (!len)
			len = 1;
		buf_add(&b, text, len);
		text += len;
	}
	out = arena_dup(a, b.len ? b.p : "", b.len);
	buf_free(&b);
	return out;
}

/* ---- keys ---- */

static bool reserved(const char *key)
{
	const char *slash = strchr(key, '/');
	size_t n = slash ? (size_t)(slash - key) : 0, p = strlen(PFX);

	if (n < p || strncmp(key + n - p, PFX, p))
		return false;
	return n == p || key[n - p - 1] == '.';
}

static const char *hashed(struct arena *a, const char *mark, const char *key)
{
	char hash[KEY_HASH_LEN + 1];

	hash_text(key, strlen(key), hash, KEY_HASH_LEN);
	return arena_printf(a, PFX "/%s.%s", mark, hash);
}

const char *names_key(struct arena *a, const char *key)
{
	return reserved(key) ? hashed(a, "e", key) : key;
}

const char *names_ns_label(struct arena *a, const char *key)
{
	return hashed(a, "n", key);
}

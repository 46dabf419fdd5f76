/*
 * Continue tokens.  The last key returned, with a NUL behind it: the smallest key after it, as upstream
 * writes it.  Clients must not look inside, but some tests and tools do.  Our JSON refuses NUL in strings,
 * so that the last six characters of the key are handled as text.
 */
#include "api/cont.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/status.h"
#include "obj/json.h"

#include <string.h>

static const char token_version[] = "meta.k8s.io/v1";
static const char key_end[] = "\\u0000\"}";

char *cont_encode(struct arena *a, const struct cont *t)
{
	struct buf b = BUF_INIT;
	char *key = arena_printf(a, "%s%s%s", t->ns, *t->ns ? "/" : "", t->name);
	char *text;

	buf_addf(&b, "{\"v\":\"%s\",\"rv\":%lld,\"start\":", token_version, (long long)t->rev);
	json_print_string(&b, key, strlen(key));
	b.len--; /* the closing quote comes with key_end */
	buf_adds(&b, key_end);
	text = base64url_encode(a, b.p, b.len);
	buf_free(&b);
	return text;
}

static bool refused(struct status *st, const char *why)
{
	return status_bad_request(st, "invalid continue token: continue key is not valid%s", why);
}

/* The token's JSON without the NUL behind the key, or NULL. */
static struct json *token_tree(struct arena *a, const char *text)
{
	const size_t tail = sizeof key_end - 1;
	STATUS_AUTO struct status ignored = STATUS_INIT;
	size_t n;
	char *raw = base64url_decode(a, text, strlen(text), &n);

	if (!raw)
		return NULL;
	if (n > tail && !memcmp(raw + n - tail, key_end, tail)) {
		memcpy(raw + n - tail, "\"}", 2);
		n -= tail - 2;
	}
	return json_parse(a, raw, n, NULL, &ignored);
}

bool cont_decode(struct arena *a, const char *text, struct cont *out, struct status *st)
{
	struct json *t = token_tree(a, text);
	const char *start = json_str(json_get(t, "start"));
	const char *slash = strchr(start, '/');

	if (!json_is_object(t))
		return refused(st, "");
	if (strcmp(json_str(json_get(t, "v")), token_version))
		return refused(st, ": server does not recognize this encoded version ");
	out->rev = json_path_int(t, "rv", 0);
	if (!out->rev || out->rev < -1)
		return refused(st,
			       ": incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
	if (!*start)
		return refused(st, ": encoded start key empty (version meta.k8s.io/v1)");
	out->ns = slash ? arena_dup(a, start, (size_t)(slash - start)) : "";
	out->name = slash ? slash + 1 : start;
	out->set = true;
	return true;
}

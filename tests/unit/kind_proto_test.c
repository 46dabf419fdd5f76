/*
 * Protobuf bodies: what kubectl really sends, hostile bytes, and, when Kubernetes' Go packages are
 * on the machine ($NUTSHELL_K8S_IO or installed), upstream's own samples of every kind: each must
 * decode to the same tree as its JSON twin, which schema_clean() must leave as it is.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/status.h"
#include "kind/schema.h"
#include "kind/types.h"
#include "obj/json.h"
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct schema_type *by_gvk(const char *api_version, const char *kind)
{
	const struct schema_type *t;
	size_t it = 0;

	while ((t = schema_next(&it))) {
		const char *slash = strchr(api_version, '/'), *v = slash ? slash + 1 : api_version;
		size_t n = slash ? (size_t)(slash - api_version) : 0;

		if (t->kind && strcmp(t->kind, kind) == 0 && strcmp(t->version, v) == 0 &&
		    ((strlen(t->group) == n && strncmp(t->group, api_version, n) == 0) ||
		     (!n && strcmp(t->group, "meta.k8s.io") == 0)))
			return t;
	}
	return NULL;
}

static const struct schema_type *lookup(void *arg, const char *api_version, const char *kind)
{
	return arg ? arg : by_gvk(api_version, kind);
}

/* The JSON text, or the error. */
static char *decode(struct arena *a, const void *p, size_t n, const struct schema_type *t)
{
	struct status st = STATUS_INIT;
	union {
		const struct schema_type *in;
		void *out;
	} arg = { t };
	struct json *o = proto_decode(a, p, n, lookup, arg.out, &st);
	char *text = o ? json_text(a, o) : arena_strdup(a, st.message);

	status_clear(&st);
	return text;
}

#define CHECK_DECODES(bytes, type, text)                                       \
	do {                                                                   \
		struct arena *arena = arena_new();                             \
		CHECK_STR(decode(arena, bytes, sizeof bytes - 1, type), text); \
		arena_free(&arena);                                            \
	} while (0)

/* kubectl 1.35 create deployment d --image=nginx --replicas=0 --port=80 */
static const char deployment[] =
	"k8s\000\012\025\012\007apps/v1\022\012Deployment\022\260\001\012\033\012\001d\022"
	"\000\032\000\042\000*\0002\0008\000B\000Z\010\012\003app\022\001d\022\202\001\010"
	"\000\022\012\012\010\012\003app\022\001d\032j\012\032\012\000\022\000\032\000\042"
	"\000*\0002\0008\000B\000Z\010\012\003app\022\001d\022L\022.\012\005nginx\022\005ngi"
	"nx*\0002\012\012\000\020\000\030P\042\000*\000B\000j\000r\000\200\001\000\210\001"
	"\000\220\001\000\242\001\000\032\0002\000B\000J\000R\000X\000`\000h\000\202\001\000"
	"\212\001\000\232\001\000\302\001\000\042\002\012\000(\0008\000\032\014\010\000\020"
	"\000\030\000 \000(\0008\000\032\000\042\000";
/* kubectl 1.35 create pdb p --selector=a=b --min-available=50% */
static const char pdb[] =
	"k8s\000\012 \012\011policy/v1\022\023PodDisruptionBudget\0226\012\021\012\001p\022"
	"\000\032\000\042\000*\0002\0008\000B\000\022\025\012\011\010\001\020\000\032\00350%"
	"\022\010\012\006\012\001a\022\001b\032\012\010\000\030\000 \000(\0000\000\032\000"
	"\042\000";

UNIT_TEST(proto_kubectl)
{
	CHECK_DECODES(
		deployment, NULL,
		"{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"d\",\"labels\":{"
		"\"app\":\"d\"}},\"spec\":{\"replicas\":0,\"selector\":{\"matchLabels\":{\"app\":\"d\"}},"
		"\"template\":{\"metadata\":{\"labels\":{\"app\":\"d\"}},\"spec\":{\"containers\":[{\"name\":"
		"\"nginx\",\"image\":\"nginx\",\"ports\":[{\"containerPort\":80}],\"resources\":{}}]}},"
		"\"strategy\":{}},\"status\":{}}");
	CHECK_DECODES(
		pdb, NULL,
		"{\"kind\":\"PodDisruptionBudget\",\"apiVersion\":\"policy/v1\",\"metadata\":{\"name\":\"p\"},"
		"\"spec\":{\"minAvailable\":\"50%\",\"selector\":{\"matchLabels\":{\"a\":\"b\"}}},\"status\":{"
		"\"disruptionsAllowed\":0,\"currentHealthy\":0,\"desiredHealthy\":0,\"expectedPods\":0}}");
}

UNIT_TEST(proto_envelope)
{
	CHECK_DECODES("{}", NULL,
		      "provided data does not appear to be a protobuf message, expected "
		      "prefix [107 56 115 0]");
	CHECK_DECODES("k8s\0", NULL, "empty body");
	CHECK_DECODES("k8s\0\012\010\012\002v1\022\002No", NULL,
		      "no kind \"No\" is registered for version \"v1\"");
	/* no type, no bytes: the caller knows the type */
	CHECK_DECODES("k8s\0\012\000\022\000", &type_core_v1_ConfigMap,
		      "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{}}");
	CHECK_DECODES("k8s\0\012\023\012\002v1\022\015DeleteOptions\022\000",
		      &type_meta_v1_DeleteOptions,
		      "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"}");
}

#define CONFIG_MAP "k8s\0\012\017\012\002v1\022\011ConfigMap\022"
#define HEAD "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{"
#define REFUSED "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: "

UNIT_TEST(proto_messages)
{
	/* unsorted map, the last of equal keys wins */
	CHECK_DECODES(
		CONFIG_MAP
		"\030\022\006\012\001b\022\0011\022\006\012\001a\022\0012\022\006\012\001b\022\0013",
		NULL, HEAD "},\"data\":{\"a\":\"2\",\"b\":\"3\"}}");
	/* a message in two pieces is merged; a value that is missing is empty; unknown fields are skipped */
	CHECK_DECODES(CONFIG_MAP "\021\012\003\012\001n\012\003\032\001x\022\003\012\001a\170\001",
		      NULL, HEAD "\"name\":\"n\",\"namespace\":\"x\"},\"data\":{\"a\":\"\"}}");
	/* immutable: false is a value; bytes become base64 */
	CHECK_DECODES(CONFIG_MAP "\012\040\000\032\006\012\001b\022\001\377", NULL,
		      HEAD "},\"immutable\":false,\"binaryData\":{\"b\":\"/w==\"}}");
	/* a creation time of length 0 is none, and so is second 0 of year 1 */
	CHECK_DECODES(CONFIG_MAP "\004\012\002\102\000", NULL, HEAD "}}");
	CHECK_DECODES(CONFIG_MAP "\010\012\006\102\004\010\001\020\000", NULL,
		      HEAD "\"creationTimestamp\":\"1970-01-01T00:00:01Z\"}}");
}

UNIT_TEST(proto_refused)
{
	CHECK_DECODES(CONFIG_MAP "\003\022\006\012", NULL, REFUSED "unexpected EOF");
	CHECK_DECODES(CONFIG_MAP "\002\020\001", NULL,
		      REFUSED "proto: wrong wireType = 0 for field data");
	CHECK_DECODES(CONFIG_MAP "\002\013\014", NULL, REFUSED "proto: illegal wireType 3");
	CHECK_DECODES(CONFIG_MAP "\005\012\003\012\001\0", NULL,
		      REFUSED "proto: string field contains invalid UTF-8");
	CHECK_DECODES(CONFIG_MAP "\005\012\003\012\001\377", NULL,
		      REFUSED "proto: string field contains invalid UTF-8");
	CHECK_DECODES(CONFIG_MAP
		      "\020\012\016\102\014\010\377\377\377\377\377\377\377\177\020\000\020",
		      NULL, REFUSED "unexpected EOF");
	CHECK_DECODES(CONFIG_MAP "\016\012\014\102\012\010\377\377\377\377\377\377\377\377\177",
		      NULL, REFUSED "proto: time out of range");
	CHECK_DECODES("k8s\0\022\377\377\377\377\377\377\377\377\377\001", NULL,
		      "unable to decode the protobuf envelope: unexpected EOF");
}

/* Put a tag and the length of what reaches from *q to end in front of it. */
static void wrap(uint8_t **q, const uint8_t *end, unsigned number)
{
	size_t n = (size_t)(end - *q);
	unsigned tag = number << 3 | 2;
	uint8_t head[5] = { (uint8_t)(tag | 0x80), (uint8_t)(tag >> 7), (uint8_t)(n | 0x80),
			    (uint8_t)(n >> 7 | 0x80), (uint8_t)(n >> 14) };

	*q -= sizeof head;
	memcpy(*q, head, sizeof head);
}

/* A custom resource's schema nested in itself far beyond the limit. */
UNIT_TEST(proto_depth)
{
	const struct schema_type *t = schema_find(
		"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
	struct arena *a = arena_new();
	uint8_t *p = arena_alloc(a, 1 << 16), *end = p + (1 << 16), *q = end;

	for (int i = 0; i < 3000; i++)
		wrap(&q, end, (unsigned)schema_field(t, "not")->proto);
	wrap(&q, end, 2);
	q -= 4;
	memcpy(q, "k8s", 4);
	CHECK(strstr(decode(a, q, (size_t)(end - q), t), "exceeded max recursion depth"));
	arena_free(&a);
}

/* Values may be many, but their number is limited and time stays linear. */
UNIT_TEST(proto_many)
{
	struct arena *a = arena_new();
	size_t n = 3 << 20, i;
	uint8_t *p = arena_alloc(a, n + 9);
	char *text;

	memcpy(p, "k8s\0\022", 5);
	p[5] = (uint8_t)(n | 0x80), p[6] = (uint8_t)(n >> 7 | 0x80), p[7] = (uint8_t)(n >> 14 | 0x80);
	p[8] = (uint8_t)(n >> 21);
	for (i = 9; i + 6 <= n + 9; i += 6) /* metadata{labels{}} again and again */
		memcpy(p + i, "\012\004\132\002\012\000", 6);
	text = decode(a, p, i, &type_core_v1_ConfigMap);
	CHECK(strstr(text, "unexpected EOF") || strstr(text, "too many values"));
	arena_free(&a);
}

/* ---- upstream's samples ---- */

static char *slurp(struct arena *a, const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *p;

	if (!f)
		return NULL;
	p = arena_alloc(a, 1 << 20);
	*n = fread(p, 1, (1 << 20) - 1, f);
	p[*n] = '\0';
	fclose(f);
	return p;
}

/* The text must become the very bytes. */
static void check_encodes(const struct schema_type *t, const char *text, const char *p, size_t n,
			  const char *what)
{
	struct arena *a = arena_new();
	BUF_AUTO struct buf b = BUF_INIT;

	CHECK(proto_encode_body(&b, t, text, strlen(text)));
	unit_check_str(hex_encode(a, b.p, b.len), hex_encode(a, p, n), __FILE__, __LINE__, what);
	arena_free(&a);
}

static void check_sample(const char *base, const struct schema_type *t)
{
	struct arena *a = arena_new();
	struct status st = STATUS_INIT;
	struct json *o;
	char *p, *before;
	size_t n;

	p = slurp(a, arena_printf(a, "%s.json", base), &n);
	CHECK(p);
	o = json_parse(a, p, n, NULL, &st);
	CHECK(o);
	before = json_text(a, o);
	schema_clean(a, t, t->kind, t->version, o, NULL, NULL, &st);
	unit_check_str(st.message, NULL, __FILE__, __LINE__, base);
	unit_check_str(json_text(a, o), before, __FILE__, __LINE__, base);
	p = slurp(a, arena_printf(a, "%s.pb", base), &n);
	CHECK(p);
	unit_check_str(decode(a, p, n, t), before, __FILE__, __LINE__, base);
	check_encodes(t, before, p, n, base);
	arena_free(&a);
}

/* "rbac.authorization.k8s.io.v1.Role.pb" names its kind. */
static const struct schema_type *sample_type(char *name)
{
	char *kind = strrchr(name, '.'), *version, gv[512];

	if (!kind || strcmp(kind, ".pb") != 0)
		return NULL;
	*kind = '\0';
	kind = strrchr(name, '.');
	*kind = '\0';
	version = strrchr(name, '.');
	*version = '\0';
	snprintf(gv, sizeof gv, "%s%s%s", strcmp(name, "core") == 0 ? "" : name,
		 strcmp(name, "core") == 0 ? "" : "/", version + 1);
	return by_gvk(gv, kind + 1);
}

static int check_samples(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		char base[4096], name[256];
		const struct schema_type *t;

		snprintf(name, sizeof name, "%s", e->d_name);
		snprintf(base, sizeof base, "%s/%s", dir, name);
		t = sample_type(name);
		if (!t)
			continue;
		base[strlen(base) - 3] = '\0';
		check_sample(base, t);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

UNIT_TEST(proto_upstream_samples)
{
	const char *root = getenv("NUTSHELL_K8S_IO");
	char dir[4096];
	int n;

	if (!root)
		root = "/usr/share/gocode/src/k8s.io";
	snprintf(dir, sizeof dir, "%s/api/testdata/HEAD", root);
	n = check_samples(dir);
	if (!n) {
		unit_skip("no Go packages of Kubernetes here");
		return;
	}
	snprintf(dir, sizeof dir, "%s/apiextensions-apiserver/pkg/apis/testdata/HEAD", root);
	n += check_samples(dir);
	CHECK(n >= 80);
}

/*
 * fn_format: named formats (k8s: apiserver/pkg/cel/library/format.go).
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/named_format.h"
#include "cel/timestamp.h"
#include "cel/url.h"

#include "base/arena.h"
#include "base/codec.h"
#include "obj/regex.h"

#include <string.h>

#define RE_LABEL "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define RE_SUBDOMAIN RE_LABEL "(\\." RE_LABEL ")*"
#define RE_LABEL_1035 "[a-z]([-a-z0-9]*[a-z0-9])?"
#define RE_KEY "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define RE_UUID "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"
#define RE_CLOCK "^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$"
#define REGEX(re) "regex used for validation is '" re "')"
#define KEY_RULE                                                                                    \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " \
	"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', " REGEX(RE_KEY)
#define SUBDOMAIN_RULE                                                                               \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or " \
	"'.', and must start and end with an alphanumeric character (e.g. 'example.com', " REGEX(    \
		RE_SUBDOMAIN)

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253

/* The faults found in a text, as a list value. */
struct faults {
	struct cel_run *run;
	struct cel_value list;
};

static void fault(struct faults *f, const char *text)
{
	struct cel_value *item = arena_alloc(f->run->a, sizeof *item);

	*item = cel_string(text);
	f->list = cel_list_add(f->run->a, f->list, cel_list_of(f->run->a, item, 1));
}

static bool fits(const char *pattern, const char *s, size_t n)
{
	struct regex *r = regex_new(pattern, NULL);
	bool ok = r && regex_matches(r, s, n);

	regex_free(&r);
	return ok;
}

static void check_label(struct faults *f, const char *s, size_t n)
{
	if (n > LABEL_MAX)
		fault(f, "must be no more than 63 characters");
	if (fits("^" RE_LABEL "$", s, n))
		return;
	fault(f, fits("^" RE_SUBDOMAIN "$", s, n) ?
			 "must not contain dots" :
			 "a lowercase RFC 1123 label must consist of lower case alphanumeric "
			 "characters or '-', and must start and end with an alphanumeric character "
			 "(e.g. 'my-name',  or '123-abc', " REGEX(RE_LABEL));
}

static void check_label_1035(struct faults *f, const char *s, size_t n)
{
	if (n > LABEL_MAX)
		fault(f, "must be no more than 63 characters");
	if (!fits("^" RE_LABEL_1035 "$", s, n))
		fault(f,
		      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
		      "start with an alphabetic character, and end with an alphanumeric character "
		      "(e.g. 'my-name',  or 'abc-123', " REGEX(RE_LABEL_1035));
}

static void check_subdomain(struct faults *f, const char *s, size_t n)
{
	if (n > SUBDOMAIN_MAX)
		fault(f, "must be no more than 253 characters");
	if (!fits("^" RE_SUBDOMAIN "$", s, n))
		fault(f, SUBDOMAIN_RULE);
}

static void check_prefix(struct faults *f, const char *s, size_t n)
{
	if (!n) {
		fault(f, "prefix part must be non-empty");
		return;
	}
	if (n > SUBDOMAIN_MAX)
		fault(f, "prefix part must be no more than 253 bytes");
	if (!fits("^" RE_SUBDOMAIN "$", s, n))
		fault(f, "prefix part " SUBDOMAIN_RULE);
}

static void check_qualified_name(struct faults *f, const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n), *name = slash ? slash + 1 : s;
	size_t length = n - (size_t)(name - s);

	if (memchr(name, '/', length)) {
		fault(f, "a valid label key " KEY_RULE " with an optional DNS subdomain prefix and '/' "
			 "(e.g. 'example.com/MyName')");
		return;
	}
	if (slash)
		check_prefix(f, s, (size_t)(slash - s));
	if (!length)
		fault(f, "name part must be non-empty");
	else if (length > LABEL_MAX)
		fault(f, "name part must be no more than 63 bytes");
	if (!fits("^" RE_KEY "$", name, length))
		fault(f, "name part " KEY_RULE);
}

static void check_label_value(struct faults *f, const char *s, size_t n)
{
	if (n > LABEL_MAX)
		fault(f, "must be no more than 63 bytes");
	if (!fits("^(" RE_KEY ")?$", s, n))
		fault(f,
		      "a valid label must be an empty string or consist of alphanumeric characters, "
		      "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
		      "'MyValue',  or 'my_value',  or '12345', " REGEX("(" RE_KEY ")?"));
}

static void check_uri(struct faults *f, const char *s, size_t n)
{
	struct cel_url u;
	const char *error = cel_url_parse(f->run->a, arena_dup(f->run->a, s, n), true, &u);

	if (error)
		fault(f, error);
}

static void check_uuid(struct faults *f, const char *s, size_t n)
{
	if (!fits(RE_UUID, s, n))
		fault(f, "does not match the UUID format");
}

static void check_byte(struct faults *f, const char *s, size_t n)
{
	size_t length;

	if (!n || !base64_decode(f->run->a, s, n, &length))
		fault(f, "invalid base64");
}

static bool is_date(const char *s, size_t n)
{
	struct cel_value t;

	return n == 10 && cel_time_parse_format(s, n, &t);
}

static void check_date(struct faults *f, const char *s, size_t n)
{
	if (!is_date(s, n))
		fault(f, "invalid date");
}

static void check_datetime(struct faults *f, const char *s, size_t n)
{
	char *lower = arena_dup(f->run->a, s, n);
	bool ok = n > 19 && is_date(s, 10);

	for (size_t i = 0; i < n; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
	ok = ok && lower[10] == 't' && !strchr(lower + 11, 't') &&
	     fits(RE_CLOCK, lower + 11, n - 11) && memcmp(lower + 11, "24", 2) < 0 &&
	     lower[14] < '6' && lower[17] < '6';
	if (!ok)
		fault(f, "invalid datetime");
}

/* ---- the table ---- */

struct named {
	const char *function, *name;
	void (*check)(struct faults *f, const char *s, size_t n);
	bool prefix; /* may end in a dash: something follows */
	uint16_t regex_size;
};

static const struct named formats[] = {
	{ "dns1123Label", "DNS1123Label", check_label, false, 30 },
	{ "dns1123Subdomain", "DNS1123Subdomain", check_subdomain, false, 60 },
	{ "dns1035Label", "DNS1035Label", check_label_1035, false, 30 },
	{ "qualifiedName", "QualifiedName", check_qualified_name, false, 60 },
	{ "dns1123LabelPrefix", "DNS1123LabelPrefix", check_label, true, 30 },
	{ "dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", check_subdomain, true, 60 },
	{ "dns1035LabelPrefix", "DNS1035LabelPrefix", check_label_1035, true, 30 },
	{ "labelValue", "LabelValue", check_label_value, false, 40 },
	{ "uri", "URI", check_uri, false, 1103 },
	{ "uuid", "uuid", check_uuid, false, sizeof RE_UUID - 1 },
	{ "byte", "byte", check_byte, false, 84 },
	{ "date", "date", check_date, false, sizeof RE_CLOCK - 1 },
	{ "datetime", "datetime", check_datetime, false, sizeof RE_CLOCK - 1 },
};

struct format {
	struct cel_opaque head;
	const struct named *named;
};

static const struct named *named_of(const struct cel_opaque *o)
{
	return ((const struct format *)o)->named;
}

static struct cel_value formats_equal(struct arena *a, const struct cel_opaque *x,
				      const struct cel_opaque *y)
{
	(void)a;
	return cel_bool(named_of(x) == named_of(y));
}

static const struct cel_opaque_class format_class = { .name = "kubernetes.NamedFormat",
						      .equal = formats_equal,
						      .strict = true };

uint64_t cel_format_regex_size(struct cel_value v)
{
	return v.kind == CELV_OPAQUE && v.opaque->class == &format_class ?
		       named_of(v.opaque)->regex_size :
		       0;
}

static bool find_format(struct cel_run *run, struct cel_value name, struct cel_value *out)
{
	struct format *f;

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (!cel_is_true(cel_value_equal(run->a, cel_string(formats[i].function), name)))
			continue;
		f = arena_alloc(run->a, sizeof *f);
		*f = (struct format){ .head.class = &format_class, .named = &formats[i] };
		*out = cel_opaque(&f->head);
		return true;
	}
	return false;
}

CEL_CALL(named)
{
	*out = find_format(run, args[0], out) ? cel_some(run->a, *out) : cel_none();
}

#define CONSTANT(id)                                    \
	CEL_CALL(id)                                    \
	{                                               \
		find_format(run, cel_string(#id), out); \
	}

CONSTANT(dns1123Label)
CONSTANT(dns1123Subdomain)
CONSTANT(dns1035Label)
CONSTANT(qualifiedName)
CONSTANT(dns1123LabelPrefix)
CONSTANT(dns1123SubdomainPrefix)
CONSTANT(dns1035LabelPrefix)
CONSTANT(labelValue)
CONSTANT(uri)
CONSTANT(uuid)
CONSTANT(byte)
CONSTANT(date)
CONSTANT(datetime)

CEL_CALL(validate)
{
	const struct named *named = named_of(args[0].opaque);
	struct faults f = { .run = run, .list = cel_list_of(run->a, NULL, 0) };
	size_t length = args[1].n;
	char *s = arena_dup(run->a, args[1].s, length);

	/* A name that something is appended to: "a-" is as good as "a". */
	if (named->prefix && length > 1 && s[length - 1] == '-') {
		s[--length - 1] = 'a';
		s[length] = '\0';
	}
	named->check(&f, s, length);
	*out = cel_list_count(f.list.list) ? cel_some(run->a, f.list) : cel_none();
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "format.byte",
	  .overload = "format.byte",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = byte },
	{ .name = "format.date",
	  .overload = "format.date",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = date },
	{ .name = "format.datetime",
	  .overload = "format.datetime",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = datetime },
	{ .name = "format.dns1035Label",
	  .overload = "format.dns1035Label",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = dns1035Label },
	{ .name = "format.dns1035LabelPrefix",
	  .overload = "format.dns1035LabelPrefix",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = dns1035LabelPrefix },
	{ .name = "format.dns1123Label",
	  .overload = "format.dns1123Label",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = dns1123Label },
	{ .name = "format.dns1123LabelPrefix",
	  .overload = "format.dns1123LabelPrefix",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = dns1123LabelPrefix },
	{ .name = "format.dns1123Subdomain",
	  .overload = "format.dns1123Subdomain",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = dns1123Subdomain },
	{ .name = "format.dns1123SubdomainPrefix",
	  .overload = "format.dns1123SubdomainPrefix",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = dns1123SubdomainPrefix },
	{ .name = "format.labelValue",
	  .overload = "format.labelValue",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = labelValue },
	{ .name = "format.named",
	  .overload = "format-named",
	  .nargs = 1,
	  .result = &cel_type_optional_format,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_nominal,
	  .call = named },
	{ .name = "format.qualifiedName",
	  .overload = "format.qualifiedName",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = qualifiedName },
	{ .name = "format.uri",
	  .overload = "format.uri",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = uri },
	{ .name = "format.uuid",
	  .overload = "format.uuid",
	  .nargs = 0,
	  .result = &cel_type_format,
	  .call = uuid },
	{ .name = "validate",
	  .overload = "format-validate",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_optional_list_string,
	  .args = { &cel_type_format, &cel_type_string },
	  .estimate = cel_estimate_validate,
	  .call = validate,
	  .cost = cel_cost_validate },
};

const struct cel_library cel_library_format = { .rows = rows, .n = sizeof rows / sizeof *rows };

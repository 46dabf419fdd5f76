/*
 * Content negotiation.
 *
 * Clauses are tried by quality, then concrete before wildcard, then in the order sent; parameters `as`,
 * `g` and `v` pick a transformation, others are tolerated.  A wildcard is JSON.  At most 32 clauses are
 * looked at, so that a hostile header costs little.
 * k8s: apiserver/pkg/endpoints/handlers/negotiation
 */
#include "server/accept.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_CLAUSES = 32 };

struct span {
	const char *p;
	size_t n;
};

struct clause {
	struct span type, subtype, as, g, v;
	int q; /* thousandths */
};

static struct span trim(const char *p, size_t n)
{
	while (n && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	return (struct span){ p, n };
}

static bool span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && strncasecmp(s.p, text, s.n) == 0;
}

/* Thousandths of a quality such as "0.8"; junk counts as 1 as in Go's autoneg. */
static int quality(struct span s)
{
	int q = 0, scale = 1000;

	if (s.n == 0 || (*s.p != '0' && *s.p != '1'))
		return 1000;
	q = (*s.p - '0') * 1000;
	for (size_t i = 2; i < s.n && scale > 1; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		scale /= 10;
		q += (s.p[i] - '0') * scale;
	}
	return q > 1000 ? 1000 : q;
}

static void add_param(struct clause *c, struct span p)
{
	const char *eq = memchr(p.p, '=', p.n);

	if (!eq)
		return;
	struct span name = trim(p.p, (size_t)(eq - p.p));
	struct span value = trim(eq + 1, p.n - (size_t)(eq - p.p) - 1);

	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = (struct span){ value.p + 1, value.n - 2 };
	if (span_is(name, "q"))
		c->q = quality(value);
	else if (span_is(name, "as"))
		c->as = value;
	else if (span_is(name, "g"))
		c->g = value;
	else if (span_is(name, "v"))
		c->v = value;
}

static bool parse_clause(struct span s, struct clause *c)
{
	bool first = true;

	*c = (struct clause){ .q = 1000 };
	while (s.n || first) {
		const char *semi = memchr(s.p, ';', s.n);
		size_t n = semi ? (size_t)(semi - s.p) : s.n;
		struct span part = trim(s.p, n);
		const char *slash = memchr(part.p, '/', part.n);

		if (first) {
			if (!slash && !span_is(part, "*"))
				return false;
			c->type = slash ? trim(part.p, (size_t)(slash - part.p)) : part;
			c->subtype = slash ? trim(slash + 1, part.n - (size_t)(slash - part.p) - 1) :
					     part;
		} else {
			add_param(c, part);
		}
		first = false;
		if (!semi)
			break;
		s = (struct span){ semi + 1, s.n - n - 1 };
	}
	return true;
}

static int specificity(const struct clause *c)
{
	return !span_is(c->type, "*") + !span_is(c->subtype, "*");
}

static bool before(const struct clause *x, const struct clause *y)
{
	return x->q != y->q ? x->q > y->q : specificity(x) > specificity(y);
}

/* Insertion sort: stable, and the clauses are few. */
static size_t parse_header(const char *header, struct clause *out)
{
	size_t n = 0;

	while (header && *header && n < MAX_CLAUSES) {
		size_t len = strcspn(header, ",");
		struct span s = trim(header, len);
		struct clause c;

		header += len + (header[len] == ',');
		if (s.n == 0 || !parse_clause(s, &c) || c.q == 0)
			continue;
		size_t i = n++;
		for (; i > 0 && before(&c, &out[i - 1]); i--)
			out[i] = out[i - 1];
		out[i] = c;
	}
	return n;
}

/* JSON, YAML or protobuf by the clause's media type. */
static bool match_media(const struct clause *c, unsigned offers, struct accept *out)
{
	out->yaml = out->proto = false;
	if (span_is(c->type, "*"))
		return true;
	if (!span_is(c->type, "application"))
		return false;
	if (span_is(c->subtype, "*") || span_is(c->subtype, "json"))
		return true;
	out->yaml = (offers & ACCEPT_YAML) && span_is(c->subtype, "yaml");
	out->proto = (offers & (ACCEPT_PROTO | ACCEPT_PROTO_FORMS)) &&
		     span_is(c->subtype, "vnd.kubernetes.protobuf");
	return out->yaml || out->proto;
}

/* Tables have no protobuf, and custom resources none but partial objects. */
static bool form_fits(const struct accept *out, unsigned offers)
{
	if (!out->proto || (offers & ACCEPT_PROTO))
		return !out->proto || out->form != FORM_TABLE;
	return out->form == FORM_PARTIAL || out->form == FORM_PARTIAL_LIST;
}

static bool match_form(const struct clause *c, unsigned offers, struct accept *out)
{
	static const char *const names[] = {
		[FORM_TABLE] = "Table",
		[FORM_PARTIAL] = "PartialObjectMetadata",
		[FORM_PARTIAL_LIST] = "PartialObjectMetadataList",
	};

	out->form = FORM_OBJECT;
	out->beta = false;
	if (c->as.n == 0 && c->g.n == 0 && c->v.n == 0)
		return true;
	if (!(offers & ACCEPT_FORMS) || !span_is(c->g, "meta.k8s.io"))
		return false;
	out->beta = span_is(c->v, "v1beta1");
	if (!out->beta && !span_is(c->v, "v1"))
		return false;
	for (int f = FORM_TABLE; f <= FORM_PARTIAL_LIST; f++)
		if (span_is(c->as, names[f])) {
			out->form = (enum form)f;
			return true;
		}
	return false;
}

bool accept_parse(const char *header, unsigned offers, struct accept *out)
{
	struct clause clauses[MAX_CLAUSES];
	size_t n = parse_header(header, clauses);

	*out = (struct accept){ .form = FORM_OBJECT };
	if (!header || !*header)
		return true;
	for (size_t i = 0; i < n; i++)
		if (match_media(&clauses[i], offers, out) && match_form(&clauses[i], offers, out) &&
		    form_fits(out, offers))
			return true;
	return false;
}

bool accept_wants(const char *header, const char *g, const char *v, const char *want)
{
	struct clause clauses[MAX_CLAUSES];
	size_t n = parse_header(header, clauses);
	struct accept media;

	for (size_t i = 0; i < n; i++) {
		const struct clause *c = &clauses[i];

		if (!match_media(c, 0, &media))
			continue;
		if (c->as.n == 0)
			return false;
		if (span_is(c->as, want) && span_is(c->g, g) && span_is(c->v, v))
			return true;
	}
	return false;
}

bool accept_encoding(const char *header, const char *coding)
{
	while (header && *header) {
		size_t len = strcspn(header, ",");
		struct span s = trim(header, len);
		const char *semi = memchr(s.p, ';', s.n);
		struct span name = trim(s.p, semi ? (size_t)(semi - s.p) : s.n);
		struct clause c = { .q = 1000 };

		header += len + (header[len] == ',');
		if (!span_is(name, coding))
			continue;
		if (semi)
			add_param(&c, trim(semi + 1, s.n - (size_t)(semi - s.p) - 1));
		return c.q > 0;
	}
	return false;
}

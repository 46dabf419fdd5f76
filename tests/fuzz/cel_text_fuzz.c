/*
 * The texts that CEL's libraries read: URLs, addresses, versions, numbers, times, zones.  What is printed of a
 * value reads back as the same value.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "cel/address.h"
#include "cel/number.h"
#include "cel/semver.h"
#include "cel/timestamp.h"
#include "cel/url.h"
#include "cel/value.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_url(struct arena *a, const char *s)
{
	struct cel_url u;

	if (cel_url_parse(a, s, true, &u) || cel_url_parse(a, s, false, &u))
		return;
	cel_url_text(a, &u);
	cel_url_hostname(a, &u);
	cel_url_port(a, &u);
	cel_url_escaped_path(a, &u);
	cel_url_query_part(a, u.query, strlen(u.query));
}

static void check_address(struct arena *a, const char *s)
{
	struct cel_address x, y;
	struct cel_prefix p;

	if (!cel_address_parse(a, s, &x) && !x.zone && !cel_address_is_mapped(&x) &&
	    (cel_address_parse(a, cel_address_text(a, &x), &y) || !cel_address_equal(&x, &y)))
		bug("address %s", s);
	if (!cel_prefix_parse(a, s, &p))
		cel_address_mask(&p.address, p.bits);
}

static void check_version(struct arena *a, const char *s)
{
	struct cel_semver v;

	for (int normalize = 0; normalize < 2; normalize++)
		if (!cel_semver_parse(a, s, normalize, &v) && cel_semver_compare(&v, &v) != 0)
			bug("version %s", s);
}

static void check_number(const char *s, size_t n)
{
	BUF_AUTO struct buf b = BUF_INIT;
	double d, again;
	int64_t i;
	uint64_t u;
	bool t;

	cel_parse_int(s, n, &i);
	cel_parse_uint(s, n, &u);
	cel_parse_bool(s, n, &t);
	if (!cel_parse_double(s, n, &d) || d != d)
		return;
	cel_print_double(&b, d);
	if (!cel_parse_double(b.p, b.len, &again) || again != d)
		bug("number %s", s);
	buf_clear(&b);
	cel_print_fixed(&b, d);
	if (!cel_parse_double(b.p, b.len, &again) || again != d)
		bug("number %s", s);
}

static void check_time(struct arena *a, const char *s, size_t n)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct cel_value t, again;
	const char *why;
	int64_t ns;
	int offset;

	cel_duration_parse_format(s, n, &ns);
	if (cel_duration_parse(s, n, &ns))
		cel_duration_print_go(&b, ns);
	buf_clear(&b);
	cel_zone_offset(a, s, (int64_t)n << 28, &offset, &why);
	cel_time_parse_format(s, n, &t);
	if (!cel_time_parse(s, n, &t))
		return;
	cel_time_print(&b, t);
	if (!cel_time_parse(b.p, b.len, &again) || again.i != t.i || again.n != t.n)
		bug("time %s", s);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	const char *s = arena_dup(a, p, n);

	check_url(a, s);
	check_address(a, s);
	check_version(a, s);
	check_number(s, n);
	check_time(a, s, n);
	arena_free(&a);
	return 0;
}

/*
 * fn_net: IP addresses and CIDR ranges (k8s: apiserver/pkg/cel/library/ip.go, cidr.go).
 */
#include "cel/address.h"
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

#include "base/arena.h"
#include "base/codec.h"

#include <string.h>

struct ip {
	struct cel_opaque head;
	struct cel_address address;
};

struct cidr {
	struct cel_opaque head;
	struct cel_prefix prefix;
};

static const struct ip *ip_of(const struct cel_opaque *o)
{
	return (const struct ip *)o;
}

static const struct cidr *cidr_of(const struct cel_opaque *o)
{
	return (const struct cidr *)o;
}

static struct cel_value ip_equal(struct arena *a, const struct cel_opaque *x,
				 const struct cel_opaque *y)
{
	(void)a;
	return cel_bool(cel_address_equal(&ip_of(x)->address, &ip_of(y)->address));
}

static const char *ip_text(struct arena *a, const struct cel_opaque *x)
{
	return cel_address_text(a, &ip_of(x)->address);
}

static int64_t ip_size(const struct cel_opaque *x)
{
	return ip_of(x)->address.n;
}

static const struct cel_opaque_class ip_class = {
	.name = "net.IP", .equal = ip_equal, .text = ip_text, .size = ip_size, .strict = true
};

static struct cel_value cidr_equal(struct arena *a, const struct cel_opaque *x,
				   const struct cel_opaque *y)
{
	const struct cel_prefix *p = &cidr_of(x)->prefix, *q = &cidr_of(y)->prefix;

	(void)a;
	return cel_bool(p->bits == q->bits && cel_address_equal(&p->address, &q->address));
}

static const char *cidr_text(struct arena *a, const struct cel_opaque *x)
{
	const struct cel_prefix *p = &cidr_of(x)->prefix;

	return arena_printf(a, "%s/%u", cel_address_text(a, &p->address), p->bits);
}

static int64_t cidr_size(const struct cel_opaque *x)
{
	return (cidr_of(x)->prefix.bits + 7) / 8;
}

static const struct cel_opaque_class cidr_class = {
	.name = "net.CIDR", .equal = cidr_equal, .text = cidr_text, .size = cidr_size, .strict = true
};

static struct cel_value ip_value(struct cel_run *run, const struct cel_address *address)
{
	struct ip *ip = arena_alloc(run->a, sizeof *ip);

	*ip = (struct ip){ .head.class = &ip_class, .address = *address };
	return cel_opaque(&ip->head);
}

static struct cel_value cidr_value(struct cel_run *run, const struct cel_prefix *prefix)
{
	struct cidr *cidr = arena_alloc(run->a, sizeof *cidr);

	*cidr = (struct cidr){ .head.class = &cidr_class, .prefix = *prefix };
	return cel_opaque(&cidr->head);
}

/* ---- reading; NULL or an error text ---- */

static const char *read_ip(struct cel_run *run, struct cel_value text, struct cel_address *out)
{
	const char *s = cel_value_str(run->a, text), *error = cel_address_parse(run->a, s, out);
	const char *quoted = go_quote(run->a, text.s, text.n);

	if (error)
		return arena_printf(run->a,
				    "IP Address %s parse error during conversion from string: %s",
				    quoted, error);
	if (out->zone)
		return arena_printf(run->a, "IP address %s with zone value is not allowed", quoted);
	if (cel_address_is_mapped(out))
		return arena_printf(run->a, "IPv4-mapped IPv6 address %s is not allowed", quoted);
	return NULL;
}

static const char *read_cidr(struct cel_run *run, struct cel_value text, struct cel_prefix *out)
{
	const char *s = cel_value_str(run->a, text), *error = cel_prefix_parse(run->a, s, out);

	if (error)
		return arena_printf(run->a,
				    "network address parse error during conversion from string: %s",
				    error);
	if (cel_address_is_mapped(&out->address))
		return arena_printf(run->a, "IPv4-mapped IPv6 address %s is not allowed",
				    go_quote(run->a, text.s, text.n));
	return NULL;
}

CEL_CALL(string_to_ip)
{
	struct cel_address address;
	const char *error = read_ip(run, args[0], &address);

	*out = error ? cel_fail(error) : ip_value(run, &address);
}

CEL_CALL(string_to_cidr)
{
	struct cel_prefix prefix;
	const char *error = read_cidr(run, args[0], &prefix);

	*out = error ? cel_failf(run->a,
				 "network address parse error during conversion from string: %s",
				 error) :
		       cidr_value(run, &prefix);
}

CEL_CALL(is_ip)
{
	struct cel_address address;

	*out = cel_bool(!read_ip(run, args[0], &address));
}

CEL_CALL(is_cidr)
{
	struct cel_prefix prefix;

	*out = cel_bool(!read_cidr(run, args[0], &prefix));
}

CEL_CALL(is_canonical)
{
	struct cel_address address;
	const char *error = read_ip(run, args[0], &address);

	if (error)
		*out = cel_fail(error);
	else
		*out = cel_bool(strcmp(cel_address_text(run->a, &address),
				       cel_value_str(run->a, args[0])) == 0);
}

CEL_CALL(to_string)
{
	*out = cel_string(args[0].opaque->class->text(run->a, args[0].opaque));
}

/* ---- addresses ---- */

static unsigned first_16(const struct cel_address *x)
{
	return (unsigned)x->b[0] << 8 | x->b[1];
}

static bool is_all(const struct cel_address *x, uint8_t byte)
{
	for (unsigned i = 0; i < x->n; i++)
		if (x->b[i] != byte)
			return false;
	return true;
}

static bool is_loopback_address(const struct cel_address *x)
{
	struct cel_address one = { .n = 16, .b = { [15] = 1 } };

	return x->n == 4 ? x->b[0] == 127 : cel_address_equal(x, &one);
}

static bool is_link_local_address(const struct cel_address *x)
{
	return x->n == 4 ? first_16(x) == 0xa9fe : (first_16(x) & 0xffc0) == 0xfe80;
}

static bool is_multicast(const struct cel_address *x)
{
	return x->n == 4 ? (x->b[0] & 0xf0) == 0xe0 : x->b[0] == 0xff;
}

CEL_CALL(family)
{
	*out = cel_int(ip_of(args[0].opaque)->address.n == 4 ? 4 : 6);
}

CEL_CALL(is_unspecified)
{
	*out = cel_bool(is_all(&ip_of(args[0].opaque)->address, 0));
}

CEL_CALL(is_loopback)
{
	*out = cel_bool(is_loopback_address(&ip_of(args[0].opaque)->address));
}

CEL_CALL(is_link_local_multicast)
{
	const struct cel_address *x = &ip_of(args[0].opaque)->address;

	*out = cel_bool(x->n == 4 ? first_16(x) == 0xe000 && !x->b[2] :
				    (first_16(x) & 0xff0f) == 0xff02);
}

CEL_CALL(is_link_local_unicast)
{
	*out = cel_bool(is_link_local_address(&ip_of(args[0].opaque)->address));
}

CEL_CALL(is_global_unicast)
{
	const struct cel_address *x = &ip_of(args[0].opaque)->address;

	*out = cel_bool(!is_all(x, 0) && !(x->n == 4 && is_all(x, 0xff)) &&
			!is_loopback_address(x) && !is_multicast(x) && !is_link_local_address(x));
}

/* ---- networks ---- */

static bool has_address(const struct cel_prefix *p, const struct cel_address *x)
{
	struct cel_address net = p->address, masked = *x;

	cel_address_mask(&net, p->bits);
	cel_address_mask(&masked, p->bits);
	return cel_address_equal(&net, &masked);
}

static struct cel_value has_prefix(const struct cel_prefix *p, const struct cel_prefix *q)
{
	return cel_bool(p->bits <= q->bits && has_address(p, &q->address));
}

CEL_CALL(contains_ip)
{
	*out = cel_bool(
		has_address(&cidr_of(args[0].opaque)->prefix, &ip_of(args[1].opaque)->address));
}

CEL_CALL(contains_ip_text)
{
	struct cel_address address;
	const char *error = read_ip(run, args[1], &address);

	/* Upstream complains of the network here, which is no error. */
	*out = error ? cel_no_overload() :
		       cel_bool(has_address(&cidr_of(args[0].opaque)->prefix, &address));
}

CEL_CALL(contains_cidr)
{
	*out = has_prefix(&cidr_of(args[0].opaque)->prefix, &cidr_of(args[1].opaque)->prefix);
}

CEL_CALL(contains_cidr_text)
{
	struct cel_prefix prefix;
	const char *error = read_cidr(run, args[1], &prefix);

	*out = error ? cel_failf(run->a,
				 "network address parse error during conversion from string: %s",
				 error) :
		       has_prefix(&cidr_of(args[0].opaque)->prefix, &prefix);
}

CEL_CALL(cidr_ip)
{
	*out = ip_value(run, &cidr_of(args[0].opaque)->prefix.address);
}

CEL_CALL(prefix_length)
{
	*out = cel_int(cidr_of(args[0].opaque)->prefix.bits);
}

CEL_CALL(masked)
{
	struct cel_prefix prefix = cidr_of(args[0].opaque)->prefix;

	cel_address_mask(&prefix.address, prefix.bits);
	*out = cidr_value(run, &prefix);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "cidr",
	  .overload = "string_to_cidr",
	  .nargs = 1,
	  .result = &cel_type_cidr,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = string_to_cidr,
	  .cost = cel_cost_traverse },
	{ .name = "containsCIDR",
	  .overload = "cidr_contains_cidr_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_cidr, &cel_type_string },
	  .estimate = cel_estimate_contains_cidr_text,
	  .call = contains_cidr_text,
	  .cost = cel_cost_contains_cidr_text },
	{ .name = "containsCIDR",
	  .overload = "cidr_contains_cidr",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_cidr, &cel_type_cidr },
	  .estimate = cel_estimate_contains_cidr,
	  .call = contains_cidr,
	  .cost = cel_cost_contains_cidr },
	{ .name = "containsIP",
	  .overload = "cidr_contains_ip_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_cidr, &cel_type_string },
	  .estimate = cel_estimate_contains_ip_text,
	  .call = contains_ip_text,
	  .cost = cel_cost_contains_ip_text },
	{ .name = "containsIP",
	  .overload = "cidr_contains_ip_ip",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_cidr, &cel_type_ip },
	  .estimate = cel_estimate_contains_ip,
	  .call = contains_ip,
	  .cost = cel_cost_contains_ip },
	{ .name = "family",
	  .overload = "ip_family",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_ip },
	  .estimate = cel_estimate_nominal,
	  .call = family },
	{ .name = "ip",
	  .overload = "string_to_ip",
	  .nargs = 1,
	  .result = &cel_type_ip,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = string_to_ip,
	  .cost = cel_cost_traverse },
	{ .name = "ip",
	  .overload = "cidr_ip",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_ip,
	  .args = { &cel_type_cidr },
	  .estimate = cel_estimate_nominal,
	  .call = cidr_ip },
	{ .name = "ip.isCanonical",
	  .overload = "ip_is_canonical",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_canonical,
	  .call = is_canonical,
	  .cost = cel_cost_traverse_two },
	{ .name = "isCIDR",
	  .overload = "is_cidr",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = is_cidr,
	  .cost = cel_cost_traverse },
	{ .name = "isGlobalUnicast",
	  .overload = "ip_is_global_unicast",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_ip },
	  .estimate = cel_estimate_nominal,
	  .call = is_global_unicast },
	{ .name = "isIP",
	  .overload = "is_ip",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = is_ip,
	  .cost = cel_cost_traverse },
	{ .name = "isLinkLocalMulticast",
	  .overload = "ip_is_link_local_multicast",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_ip },
	  .estimate = cel_estimate_nominal,
	  .call = is_link_local_multicast },
	{ .name = "isLinkLocalUnicast",
	  .overload = "ip_is_link_local_unicast",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_ip },
	  .estimate = cel_estimate_nominal,
	  .call = is_link_local_unicast },
	{ .name = "isLoopback",
	  .overload = "ip_is_loopback",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_ip },
	  .estimate = cel_estimate_nominal,
	  .call = is_loopback },
	{ .name = "isUnspecified",
	  .overload = "ip_is_unspecified",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_ip },
	  .estimate = cel_estimate_nominal,
	  .call = is_unspecified },
	{ .name = "masked",
	  .overload = "cidr_masked",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_cidr,
	  .args = { &cel_type_cidr },
	  .estimate = cel_estimate_nominal,
	  .call = masked },
	{ .name = "prefixLength",
	  .overload = "cidr_prefix_length",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_cidr },
	  .estimate = cel_estimate_nominal,
	  .call = prefix_length },
	{ .name = "string",
	  .overload = "ip_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_ip },
	  .call = to_string },
	{ .name = "string",
	  .overload = "cidr_to_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_cidr },
	  .call = to_string },
};

const struct cel_library cel_library_net = { .rows = rows, .n = sizeof rows / sizeof *rows };

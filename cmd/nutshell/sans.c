/*
 * Design: a certificate that names too much costs nothing, one that names too little costs a user an hour; so
 * all names of the default Service and all addresses of this machine's interfaces are in it.
 */
#include "sans.h"

#include "base/arena.h"
#include "base/vec.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool cidr_first(const char *cidr, char out[46])
{
	char ip[46];
	struct in_addr in;
	int bits;

	if (sscanf(cidr, "%45[0-9.]/%d", ip, &bits) != 2 || bits < 8 || bits > 30 ||
	    inet_pton(AF_INET, ip, &in) != 1)
		return false;
	in.s_addr = htonl((ntohl(in.s_addr) & ~((1U << (32 - bits)) - 1)) + 1);
	return inet_ntop(AF_INET, &in, out, 46);
}

static bool address_text(const struct ifaddrs *i, char out[46])
{
	const void *p;

	if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
		return false;
	if (i->ifa_addr->sa_family == AF_INET) {
		p = &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
		return inet_ntop(AF_INET, p, out, 46);
	}
	if (i->ifa_addr->sa_family == AF_INET6) {
		p = &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
		return !IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)p) &&
		       inet_ntop(AF_INET6, p, out, 46);
	}
	return false;
}

void own_address(char out[46])
{
	struct ifaddrs *list;

	snprintf(out, 46, "127.0.0.1");
	if (getifaddrs(&list))
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		char ip[46];

		if (!address_text(i, ip) || (i->ifa_flags & IFF_LOOPBACK) || strchr(ip, ':'))
			continue;
		snprintf(out, 46, "%s", ip);
		break;
	}
	freeifaddrs(list);
}

struct names {
	struct arena *a;
	VEC(const char *) v;
};

static void add(struct names *n, const char *name)
{
	if (!*name)
		return;
	for (size_t i = 0; i < n->v.n; i++)
		if (!strcmp(n->v.p[i], name))
			return;
	vec_push(&n->v, arena_strdup(n->a, name));
}

static void add_interfaces(struct names *n)
{
	struct ifaddrs *list;
	char ip[46];

	if (getifaddrs(&list))
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next)
		if (address_text(i, ip))
			add(n, ip);
	freeifaddrs(list);
}

const char *const *sans_all(struct arena *a, const char *service_cidr, const char *cluster_domain,
			    const char *const *extra)
{
	static const char *const known[] = {
		"kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"localhost",  "127.0.0.1",          "::1"
	};
	struct names n = { .a = a };
	char text[256];
	const char **out;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		add(&n, known[i]);
	add(&n, arena_printf(a, "kubernetes.default.svc.%s", cluster_domain));
	if (cidr_first(service_cidr, text))
		add(&n, text);
	if (!gethostname(text, sizeof text - 1))
		add(&n, text);
	add_interfaces(&n);
	for (; *extra; extra++)
		add(&n, *extra);
	out = arena_zalloc(a, (n.v.n + 1) * sizeof(*out));
	memcpy(out, n.v.p, n.v.n * sizeof(*out));
	vec_free(&n.v);
	return out;
}

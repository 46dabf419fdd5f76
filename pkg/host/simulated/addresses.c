/*
 * Design: an address in use is an entry in two maps, by pod uid and by address.  The next candidate of a range
 * is remembered, so that an address is reused as late as possible, as real allocators do.  IPv4 only: the
 * range is checked when the server starts.
 */
#include "host/simulated/simulated.h"

#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addresses {
	struct lock lock;
	struct map *by_uid; /* -> char * address */
	struct map *by_ip;  /* -> anything not NULL */
	struct map *next;   /* cidr -> offset of the next candidate, as uintptr_t */
};

struct addresses *addresses_new(void)
{
	struct addresses *a = calloc(1, sizeof *a);

	BUG_ON(!a);
	lock_init(&a->lock, "addresses", LOCK_HOST);
	a->by_uid = map_new();
	a->by_ip = map_new();
	a->next = map_new();
	return a;
}

void addresses_free(struct addresses **a)
{
	if (!*a)
		return;
	map_free(&(*a)->by_uid, free);
	map_free(&(*a)->by_ip, NULL);
	map_free(&(*a)->next, NULL);
	lock_destroy(&(*a)->lock);
	free(*a);
	*a = NULL;
}

static void put(struct addresses *a, const char *uid, const char *ip)
{
	char *copy = strdup(ip), *old;

	BUG_ON(!copy);
	old = map_set(a->by_uid, uid, copy);
	if (old && strcmp(old, ip))
		map_del(a->by_ip, old);
	free(old);
	map_set(a->by_ip, ip, a);
}

void addresses_mark(struct addresses *a, const char *uid, const char *ip)
{
	lock_take(&a->lock);
	put(a, uid, ip);
	lock_drop(&a->lock);
}

void addresses_release(struct addresses *a, const char *uid)
{
	char *ip;

	lock_take(&a->lock);
	ip = map_del(a->by_uid, uid);
	if (ip)
		map_del(a->by_ip, ip);
	lock_drop(&a->lock);
	free(ip);
}

static bool parse_cidr(const char *cidr, uint32_t *base, uint32_t *size)
{
	char ip[46];
	int bits;
	struct in_addr in;

	if (sscanf(cidr, "%45[0-9.]/%d", ip, &bits) != 2 || bits < 1 || bits > 30 ||
	    inet_pton(AF_INET, ip, &in) != 1)
		return false;
	*size = 1U << (32 - bits);
	*base = ntohl(in.s_addr) & ~(*size - 1);
	return true;
}

/* Under the lock.  The first and last address of a range are not for pods. */
static bool pick(struct addresses *a, const char *cidr, char out[46])
{
	uint32_t base, size, at;

	if (!parse_cidr(cidr, &base, &size))
		return false;
	at = (uint32_t)(uintptr_t)map_get(a->next, cidr);
	for (uint32_t i = 0; i < size; i++, at++) {
		struct in_addr in;

		at %= size;
		if (at == 0 || at == size - 1)
			continue;
		in.s_addr = htonl(base + at);
		inet_ntop(AF_INET, &in, out, 46);
		if (map_get(a->by_ip, out))
			continue;
		map_set(a->next, cidr, (void *)(uintptr_t)(at + 1));
		return true;
	}
	return false;
}

bool addresses_take(struct addresses *a, const char *uid, const char *cidr, char out[46])
{
	const char *have;
	bool ok = true;

	lock_take(&a->lock);
	have = map_get(a->by_uid, uid);
	if (have) {
		snprintf(out, 46, "%s", have);
	} else {
		ok = pick(a, cidr, out);
		if (ok)
			put(a, uid, out);
	}
	lock_drop(&a->lock);
	return ok;
}

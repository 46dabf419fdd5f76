/*
 * address: IP addresses and prefixes as Go's net/netip reads and writes them.
 */
#ifndef NUTSHELL_CEL_ADDRESS_H
#define NUTSHELL_CEL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct cel_address {
	uint8_t b[16]; /* 4 or 16 bytes */
	uint8_t n;
	bool zone; /* had a %zone */
};

struct cel_prefix {
	struct cel_address address;
	uint8_t bits;
};

/* NULL, or Go's error text in a. */
const char *cel_address_parse(struct arena *a, const char *s, struct cel_address *out);
const char *cel_prefix_parse(struct arena *a, const char *s, struct cel_prefix *out);
/* ::ffff:1.2.3.4 */
bool cel_address_is_mapped(const struct cel_address *x);
const char *cel_address_text(struct arena *a, const struct cel_address *x);
bool cel_address_equal(const struct cel_address *x, const struct cel_address *y);
/* All but the first bits cleared. */
void cel_address_mask(struct cel_address *x, unsigned bits);

#endif

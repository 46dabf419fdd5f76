/*
 * sans: the names and addresses by which clients may reach the API server.
 */
#ifndef NUTSHELL_CMD_SANS_H
#define NUTSHELL_CMD_SANS_H

#include <stdbool.h>

struct arena;

/* Well-known service names, the first service address, loopback, this machine's name and addresses, and
 * extra; NULL-terminated, in the arena. */
const char *const *sans_all(struct arena *a, const char *service_cidr, const char *cluster_domain,
			    const char *const *extra);
/* First address of a range: "10.43.0.0/16" -> "10.43.0.1"; false when it is no IPv4 range. */
bool cidr_first(const char *cidr, char out[46]);
/* The address other machines reach this one by: the first that is not loopback, else "127.0.0.1". */
void own_address(char out[46]);

#endif

/*
 * discovery: what is served, told in the legacy and the aggregated form.  Private to the package.
 */
#ifndef NUTSHELL_SERVER_DISCOVERY_H
#define NUTSHELL_SERVER_DISCOVERY_H

struct discovery;
struct kinds;

struct discovery *discovery_new(struct kinds *ks);
void discovery_free(struct discovery **d);

#endif

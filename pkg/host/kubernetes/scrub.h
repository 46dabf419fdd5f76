/*
 * scrub: errors of the host in the tenant's words.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_SCRUB_H
#define NUTSHELL_HOST_KUBERNETES_SCRUB_H

struct arena;
struct host;
struct status;

/* Replace host names in message, details and causes by the virtual ones. */
void scrub_status(struct host *h, struct arena *a, struct status *st);

#endif

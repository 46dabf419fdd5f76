/*
 * crew: worker threads for requests that may block; private to net.
 */
#ifndef NUTSHELL_NET_CREW_H
#define NUTSHELL_NET_CREW_H

#include <stdbool.h>

struct crew;

struct crew *crew_new(unsigned max);
/* Run fn(arg) on a worker; never blocks. */
void crew_run(struct crew *c, void (*fn)(void *arg), void *arg);
/* Finish what has been queued, join, free. */
void crew_free(struct crew **c);

/* The calling thread, if it is some crew's, waits for another server until crew_return(): meanwhile it does
 * not count against the crew's limit, up to eight times that limit.  Without effect elsewhere. */
void crew_leave(void);
void crew_return(void);

/* The workers' outbound requests are to end: patience is over. */
void crew_cut(struct crew *c);
/* Asked by the transfers of the calling thread. */
bool crew_is_cut(void);

#endif

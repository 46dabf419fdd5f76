/*
 * custom: definitions of custom resources come into force here.  Private to the package.
 *
 * After every commit to the table of definitions, by whatever road, the definition is settled: names and
 * conditions computed and written, rows served or taken away, instances of a terminating one deleted.
 */
#ifndef NUTSHELL_API_CUSTOM_H
#define NUTSHELL_API_CUSTOM_H

#include <stdbool.h>

struct api;
struct call;
struct kind;
struct status;

/* Serve what the store has.  Before anybody else uses the api. */
bool customs_init(struct api *api, struct status *st);
void customs_free(struct api *api);
/* Something of kind k was committed: name; gone: it was deleted.  Blocks when k is the kind of definitions, or when a
 * terminating definition waited for that instance. */
void custom_committed(struct call *c, const struct kind *k, const char *name, bool gone);
/* 405 while k's definition is being deleted. */
bool custom_creatable(struct call *c, const struct kind *k, const char *name, struct status *st);

#endif

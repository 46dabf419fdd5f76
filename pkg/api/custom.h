/*
 * custom: definitions of custom resources come into force here.  Private to the package.
 *
 * After every commit to the table of definitions, by whatever road, the definition is settled: names and
 * conditions computed and written, rows served or taken away, instances of a terminating one deleted.
 */
#ifndef NUTSHELL_API_CUSTOM_H
#define NUTSHELL_API_CUSTOM_H

#include <stdbool.h>
#include <stddef.h>

struct api;
struct arena;
struct call;
struct json;
struct kind;
struct status;

/* Serve what the store has.  Before anybody else uses the api. */
bool customs_init(struct api *api, struct status *st);
void customs_free(struct api *api);
/* Something of kind k was committed: name; gone: it was deleted.  Blocks when k is the kind of definitions, or when a
 * terminating definition waited for that instance. */
void custom_committed(struct call *c, const struct kind *k, const char *name, bool gone);
/* Make trees of k's kind be of a version (custom_convert.c): nothing to do without a webhook, where only apiVersion
 * differs; else ask it for all that are of another in one call, and put its answers in their places.  Blocks. */
bool conversion_run(struct arena *a, const struct kind *k, struct json **trees, size_t n,
		    const char *api_version, struct status *st);
/* 405 while k's definition is being deleted. */
bool custom_creatable(struct call *c, const struct kind *k, const char *name, struct status *st);

#endif

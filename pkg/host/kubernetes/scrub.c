#include "host/kubernetes/scrub.h"

#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static void scrub(struct host *h, struct arena *a, char **text)
{
	char *clean;

	if (!*text)
		return;
	clean = strdup(names_scrub(h->names, a, *text));
	BUG_ON(!clean);
	free(*text);
	*text = clean;
}

void scrub_status(struct host *h, struct arena *a, struct status *st)
{
	scrub(h, a, &st->message);
	scrub(h, a, &st->name);
	for (size_t i = 0; i < st->ncauses; i++)
		scrub(h, a, &st->causes[i].message);
}

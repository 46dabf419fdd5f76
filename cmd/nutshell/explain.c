/*
 * Design: kind owns the packed texts and knows how to find one, net can unpack; this file brings
 * them together.  Most servers never write an OpenAPI document, so unpacking waits for the
 * first.
 */
#include "explain.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/thread.h"
#include "kind/docs.h"
#include "kind/openapi.h"
#include "net/gzip.h"

#include <stdbool.h>

#define UNPACKED_MAX (16 << 20)

static struct {
	struct lock lock;
	struct buf texts;
	bool tried;
} explain;

static void unpack(void)
{
	size_t n = (size_t)(docs_gz_end - docs_gz);

	explain.tried = true;
	if (n && !gzip_unpack(&explain.texts, docs_gz, n, UNPACKED_MAX))
		bug("the explain texts in this binary are damaged");
}

static const char *text(const char *type, const char *field)
{
	lock_take(&explain.lock);
	if (!explain.tried)
		unpack();
	lock_drop(&explain.lock);
	return docs_find(explain.texts.p, explain.texts.len, type, field);
}

void explain_start(void)
{
	lock_init(&explain.lock, "explain", LOCK_NET);
	openapi_set_docs(text);
}

void explain_stop(void)
{
	openapi_set_docs(NULL);
	buf_free(&explain.texts);
	explain.tried = false;
	lock_destroy(&explain.lock);
}

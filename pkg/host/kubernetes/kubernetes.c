#include "host/kubernetes/kubernetes.h"

#include "host/kubernetes/names.h"

#include "base/log.h"
#include "net/client.h"

#include <stdlib.h>
#include <string.h>

static void kubernetes_close(struct host **h)
{
	if (!*h)
		return;
	names_free(&(*h)->names);
	client_free(&(*h)->client);
	lock_destroy(&(*h)->lock);
	free((*h)->ns);
	free((*h)->api_ip);
	free(*h);
	*h = NULL;
}

static struct host *kubernetes_open(const struct host_config *c, struct status *st)
{
	struct host *h = calloc(1, sizeof *h);

	BUG_ON(!h);
	h->config = *c;
	lock_init(&h->lock, "host", LOCK_HOST);
	strncpy(h->cid, c->cluster_id, sizeof h->cid - 1);
	strncpy(h->cid_label, c->cluster_id, sizeof h->cid_label - 1);
	if (!kube_connect(h, st)) {
		kubernetes_close(&h);
		return NULL;
	}
	h->names = names_new(h->cid, h->ns);
	return h;
}

static const struct controller *const controllers[] = { NULL };

const struct host_ops host_kubernetes = {
	.name = "kubernetes",
	.schedules = true,
	.open = kubernetes_open,
	.controllers = controllers,
	.close = kubernetes_close,
};

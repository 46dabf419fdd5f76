/*
 * The simulated host's door.  It has nothing to connect to and nothing to wait for: nodes are made before the
 * server listens, pods live through one controller (kubelet.c) and streams are answered by an imagined
 * container (streams.c).  All it owns is the pods' addresses.
 */
#include "host/simulated/simulated.h"

#include "base/log.h"

#include <stdlib.h>

static struct host *simulated_open(const struct host_config *c, struct status *st)
{
	struct host *h = calloc(1, sizeof *h);

	(void)st;
	BUG_ON(!h);
	h->config = *c;
	h->addresses = addresses_new();
	h->streams = (struct stream_ops_host){ simulated_log, simulated_duplex, h };
	h->usage = (struct computed_ops){ usage_get, usage_list, h };
	return h;
}

static bool simulated_prepare(struct host *h, struct api *api, struct status *st)
{
	h->api = api;
	return simulated_nodes(h, st) && simulated_storage(h, st) && usage_offer(h, st);
}

static const struct stream_ops_host *simulated_streams(struct host *h)
{
	return &h->streams;
}

static const struct computed_ops *simulated_computed(struct host *h)
{
	return &h->usage;
}

static void simulated_close(struct host **h)
{
	if (!*h)
		return;
	addresses_free(&(*h)->addresses);
	free(*h);
	*h = NULL;
}

static const struct controller *const controllers[] = { &simulated_kubelet, NULL };

const struct host_ops host_simulated = {
	.name = "simulated",
	.open = simulated_open,
	.prepare = simulated_prepare,
	.controllers = controllers,
	.streams = simulated_streams,
	.computed = simulated_computed,
	.close = simulated_close,
};

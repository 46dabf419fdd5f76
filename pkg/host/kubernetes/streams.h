/*
 * streams: log, exec, attach, port-forward of pods, through to the host pod.  struct stream_ops_host; host is
 * struct host.  A tenant's credentials and headers about itself never travel; errors come with virtual names.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_STREAMS_H
#define NUTSHELL_HOST_KUBERNETES_STREAMS_H

#include "server/server.h"

bool kube_log(void *host, const struct pod_stream *p, const struct log_sink *sink, struct status *st);
void kube_duplex(void *host, const char *sub, const struct pod_stream *p, struct conn *c);

#endif

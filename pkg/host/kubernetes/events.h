/*
 * events: what the host reports about our objects, as events of the virtual ones.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_EVENTS_H
#define NUTSHELL_HOST_KUBERNETES_EVENTS_H

#include "work/work.h"

/* Keys: names of the host's events. */
extern const struct controller kube_events;

#endif

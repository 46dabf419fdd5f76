/*
 * slices: EndpointSlices of Services without selector, which only the tenant can know.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_SLICES_H
#define NUTSHELL_HOST_KUBERNETES_SLICES_H

#include "work/work.h"

#define KIND_SLICES "endpointslices.discovery.k8s.io"

/* Keys: virtual namespace and name of the slice. */
extern const struct controller kube_slices;

#endif

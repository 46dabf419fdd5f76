/*
 * endpoint: where default/kubernetes leads: the API server's own address, as Endpoints and EndpointSlice.
 */
#ifndef NUTSHELL_CMD_ENDPOINT_H
#define NUTSHELL_CMD_ENDPOINT_H

#include "api/api.h"

/* Write both objects when they differ. */
bool endpoint_publish(struct api *api, const char *ip, int port, struct status *st);

#endif

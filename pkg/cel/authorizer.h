/*
 * authorizer: the values behind authorizer.group(..).resource(..).check(..).
 */
#ifndef NUTSHELL_CEL_AUTHORIZER_H
#define NUTSHELL_CEL_AUTHORIZER_H

#include "cel/value.h"

struct arena;
struct cel_authorizer;

/* The variable authorizer: checks go to z. */
struct cel_value cel_authorizer_value(struct arena *a, const struct cel_authorizer *z);
/* authorizer.requestResource: a check of the request's own resource. */
struct cel_value cel_request_resource_value(struct arena *a, const struct cel_authorizer *z);

#endif

/*
 * status_json: the JSON form of struct status, a Kubernetes Status object (v1).
 *
 * Apart from base/status.h because base knows no JSON.
 */
#ifndef NUTSHELL_OBJ_STATUS_JSON_H
#define NUTSHELL_OBJ_STATUS_JSON_H

#include <stdbool.h>

struct arena;
struct json;
struct status;

/* The failure as {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",...}; st must hold
 * an error. */
struct json *status_tree(struct arena *a, const struct status *st);

/* Read a Status object received from another server into st (replacing its contents).  False, and st
 * untouched, when j is no Status or not a Failure.  A code that is absent becomes 500. */
bool status_from_tree(struct status *st, const struct json *j);

#endif

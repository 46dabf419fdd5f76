/*
 * defaults: the small verbs of defaulting hooks (private to the package), and the parts of objects
 * that several kinds default alike.
 */
#ifndef NUTSHELL_KIND_DEFAULTS_H
#define NUTSHELL_KIND_DEFAULTS_H

#include "kind/kind.h"
#include "obj/json.h"

/* True when a member is absent or null. */
static inline bool is_unset(const struct json *o, const char *name)
{
	return json_is_null(json_get(o, name));
}

/* Set a string that is absent or "". */
static inline void default_str(struct hook *h, struct json *o, const char *name, const char *value)
{
	if (!json_str(json_get(o, name))[0])
		json_set_str(h->a, o, name, value);
}

/* Set an absent integer or boolean (Go pointers). */
static inline void default_int(struct hook *h, struct json *o, const char *name, int64_t value)
{
	if (is_unset(o, name))
		json_set_int(h->a, o, name, value);
}

static inline void default_bool(struct hook *h, struct json *o, const char *name, bool value)
{
	if (is_unset(o, name))
		json_set_bool(h->a, o, name, value);
}

/* Set an integer that is absent or 0 (Go values). */
static inline void default_nonzero(struct hook *h, struct json *o, const char *name, int64_t value)
{
	int64_t n;

	if (!json_int(json_get(o, name), &n) || n == 0)
		json_set_int(h->a, o, name, value);
}

/* Give an absent member an empty object; the member. */
static inline struct json *default_obj(struct hook *h, struct json *o, const char *name)
{
	return json_ensure_object(h->a, o, name);
}

/* A pod spec and its containers, as in pods and in templates. */
void default_pod_spec(struct hook *h, struct json *spec);
/* spec.template of a workload, made when absent. */
void default_pod_template(struct hook *h, struct json *spec);
/* volumeMode of a claim's spec. */
void default_claim_spec(struct hook *h, struct json *spec);
/* spec of a batch/v1 Job or of a CronJob's jobTemplate; labels default only at the top. */
void default_job_spec(struct hook *h, struct json *spec);
/* Copy members of a map that the other lacks. */
void default_map(struct hook *h, struct json *into, const struct json *from);

#endif

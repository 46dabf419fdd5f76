/*
 * status_json: members in the order of metav1.Status, absent when empty (k8s:
 * apimachinery/pkg/apis/meta/v1/types.go).
 *
 * A struct status borrows its reason as a static string, so a reason read from outside is mapped to
 * the table of known ones; an unknown reason is dropped, which clients treat as "Unknown".
 */
#include "obj/status_json.h"

#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"

#include <string.h>

static const char *const reasons[] = {
	"Unauthorized",
	"Forbidden",
	"NotFound",
	"AlreadyExists",
	"Conflict",
	"Gone",
	"Invalid",
	"ServerTimeout",
	"StoreReadError",
	"Timeout",
	"TooManyRequests",
	"BadRequest",
	"MethodNotAllowed",
	"NotAcceptable",
	"RequestEntityTooLarge",
	"UnsupportedMediaType",
	"InternalError",
	"Expired",
	"ServiceUnavailable",
};

static struct json *details_tree(struct arena *a, const struct status *st)
{
	struct json *d = json_build(a, "{name:%s,group:%s,kind:%s,uid:%s}", st->name, st->group,
				    st->kind, st->uid);

	if (st->ncauses) {
		struct json *causes = json_ensure_array(a, d, "causes");

		for (size_t i = 0; i < st->ncauses; i++) {
			const struct cause *c = &st->causes[i];

			json_append(causes, json_build(a, "{reason:%s,message:%s,field:%s}",
						       c->reason, c->message, c->field));
		}
	}
	if (st->retry_after_s)
		json_set_int(a, d, "retryAfterSeconds", st->retry_after_s);
	return d;
}

struct json *status_tree(struct arena *a, const struct status *st)
{
	bool details = st->details || st->name || st->group || st->kind || st->uid || st->ncauses ||
		       st->retry_after_s;

	return json_build(a,
			  "{kind:\"Status\",apiVersion:\"v1\",metadata:{continue:%s},"
			  "status:\"Failure\",message:%s,reason:%s,details:%j,code:%d}",
			  st->list_continue, st->message,
			  st->reason && *st->reason ? st->reason : NULL,
			  details ? details_tree(a, st) : NULL, st->code);
}

static const char *known_reason(const char *r)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (strcmp(reasons[i], r) == 0)
			return reasons[i];
	return "";
}

static char *text_of(const struct json *o, const char *name)
{
	const char *s = json_str(json_get(o, name));

	return *s ? strdup(s) : NULL;
}

/* The text, or NULL for an absent or empty one. */
static const char *given(const struct json *o, const char *name)
{
	const char *s = json_str(json_get(o, name));

	return *s ? s : NULL;
}

bool status_from_tree(struct status *st, const struct json *j)
{
	const struct json *d = json_get(j, "details");
	int64_t code = json_path_int(j, "code", 0);

	if (strcmp(json_path_str(j, "kind"), "Status") != 0 ||
	    strcmp(json_path_str(j, "status"), "Failure") != 0)
		return false;
	if (!st)
		return true;
	if (code < 100 || code > 599)
		code = 500;
	status_other(st, (int)code, known_reason(json_path_str(j, "reason")), "%s",
		     json_path_str(j, "message"));
	if (!*st->reason)
		status_set_reason(st, given(j, "reason"));
	st->details = json_is_object(d);
	st->name = text_of(d, "name");
	st->group = text_of(d, "group");
	st->kind = text_of(d, "kind");
	st->uid = text_of(d, "uid");
	st->retry_after_s = (int)json_path_int(d, "retryAfterSeconds", 0);
	json_each(c, json_get(d, "causes"))
		status_add_cause(st, given(c, "reason"), given(c, "message"), given(c, "field"));
	st->list_continue = text_of(json_get(j, "metadata"), "continue");
	return true;
}

/* Status constructors: codes, reasons, texts, details, and the aggregation of field errors. */
#include "unit.h"

#include "base/status.h"

static const struct subject deployments = { "apps", "deployments", "Deployment" };
static const struct subject pods = { "", "pods", "Pod" };

UNIT_TEST(status_texts)
{
	STATUS_AUTO struct status st = STATUS_INIT;

	CHECK(status_ok(&st));
	CHECK(!status_not_found(&st, &deployments, "web"));
	CHECK_STR(st.message, "deployments.apps \"web\" not found");
	CHECK_INT(st.code, 404);
	CHECK(status_is(&st, "NotFound"));
	CHECK_STR(st.group, "apps");
	CHECK_STR(st.kind, "deployments");
	CHECK_STR(st.name, "web");
	status_already_exists(&st, &pods, "a");
	CHECK_STR(st.message, "pods \"a\" already exists");
	CHECK_STR(st.group, NULL);
	status_modified(&st, &pods, "a");
	CHECK_STR(st.message,
		  "Operation cannot be fulfilled on pods \"a\": the object has been modified; please "
		  "apply your changes to the latest version and try again");
	CHECK_INT(st.code, 409);
	status_forbidden(&st, &pods, "", "User \"u\" cannot %s", "list");
	CHECK_STR(st.message, "pods is forbidden: User \"u\" cannot list");
	status_forbidden(&st, &pods, "x", "no");
	CHECK_STR(st.message, "pods \"x\" is forbidden: no");
	status_internal(&st, "boom %d", 1);
	CHECK_STR(st.message, "Internal error occurred: boom 1");
	CHECK_INT(st.ncauses, 1);
	CHECK_STR(st.causes[0].message, "boom 1");
	CHECK_STR(st.causes[0].reason, NULL);
	status_timeout(&st, 1, "too large");
	CHECK_STR(st.message, "Timeout: too large");
	CHECK_INT(st.retry_after_s, 1);
	CHECK_INT(st.ncauses, 0);
	status_too_large(&st, 3145728);
	CHECK_STR(st.message, "Request entity too large: limit is 3145728");
}

UNIT_TEST(status_null_is_legal)
{
	struct field_errors e = FIELD_ERRORS_INIT;

	CHECK(!status_bad_request(NULL, "x"));
	CHECK(!status_not_found(NULL, &pods, "x"));
	CHECK(!status_forbidden(NULL, &pods, "x", "y"));
	CHECK(!status_forbidden(NULL, &pods, NULL, "y"));
	CHECK(!status_internal(NULL, "x"));
	CHECK(!status_timeout(NULL, 1, "x"));
	CHECK(!status_conflict(NULL, &pods, "x", "y"));
	status_add_cause(NULL, "a", "b", "c");
	field_error(&e, FIELD_REQUIRED, "spec", NULL, NULL);
	CHECK(!status_invalid(NULL, &pods, "x", &e));
	CHECK(!e.items && !e.n);
}

UNIT_TEST(status_moves)
{
	STATUS_AUTO struct status a = STATUS_INIT, b = STATUS_INIT;

	status_bad_request(&a, "one");
	status_bad_request(&b, "two");
	status_move(&a, &b);
	CHECK_STR(a.message, "two");
	CHECK(status_ok(&b));
	status_move(NULL, &a);
	CHECK(status_ok(&a));
}

UNIT_TEST(status_invalid_one)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct field_errors e = FIELD_ERRORS_INIT;

	CHECK(status_invalid(&st, &deployments, "web", &e));
	CHECK(status_ok(&st));
	field_error_str(&e, FIELD_INVALID, "metadata.name", "A\n", "bad");
	CHECK(!status_invalid(&st, &deployments, "web", &e));
	CHECK_STR(st.message,
		  "Deployment.apps \"web\" is invalid: metadata.name: Invalid value: \"A\\n\": bad");
	CHECK_INT(st.code, 422);
	CHECK_STR(st.kind, "Deployment");
	CHECK_INT(st.ncauses, 1);
	CHECK_STR(st.causes[0].reason, "FieldValueInvalid");
	CHECK_STR(st.causes[0].message, "Invalid value: \"A\\n\": bad");
	CHECK_STR(st.causes[0].field, "metadata.name");
}

UNIT_TEST(status_invalid_many)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct field_errors e = FIELD_ERRORS_INIT;

	field_error(&e, FIELD_REQUIRED, "a", "ignored", "");
	field_error(&e, FIELD_REQUIRED, "a", NULL, NULL);
	field_errorf(&e, FIELD_TOO_MANY, "b", "4", "must have at most %d items", 3);
	field_error(&e, FIELD_TOO_LONG, "c", "x", "may not be more than 5 bytes");
	field_error(&e, FIELD_DUPLICATE, "d", "{\"k\":1}", NULL);
	CHECK(!status_invalid(&st, &pods, "", &e));
	CHECK_STR(st.message,
		  "Pod \"\" is invalid: [a: Required value, b: Too many: 4: must have at most 3 items, "
		  "c: Too long: may not be more than 5 bytes, d: Duplicate value: {\"k\":1}]");
	CHECK_INT(st.ncauses, 5);
	CHECK_STR(st.name, NULL);
}

UNIT_TEST(status_invalid_equal_errors)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct field_errors e = FIELD_ERRORS_INIT;

	field_error(&e, FIELD_FORBIDDEN, "a", NULL, "no");
	field_error(&e, FIELD_FORBIDDEN, "a", NULL, "no");
	status_invalid(&st, &pods, "p", &e);
	CHECK_STR(st.message, "Pod \"p\" is invalid: a: Forbidden: no");
	CHECK_INT(st.ncauses, 2);
}

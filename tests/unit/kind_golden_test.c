/*
 * Golden tests of defaulting: tests/golden/defaults/NAME.in.json is cleaned, defaulted and prepared
 * for creation, and must be what NAME.out.json says.  NUTSHELL_GOLDEN_WRITE=1 writes the outputs
 * anew, to be reviewed as a diff.
 */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIR "tests/golden/defaults/"
#define UID "6c84fb90-12c4-11e1-840d-7b25c5ee775a"
#define NOW_S 1700000000

static char *read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "r");
	BUF_AUTO struct buf b = BUF_INIT;
	char chunk[4096];
	size_t n;

	CHECK(f != NULL);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	return arena_dup(a, b.p ? b.p : "", b.len);
}

/* The object as a create request would leave it before admission. */
static struct json *created(struct arena *a, struct kinds *ks, const char *text)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct field_errors errors = FIELD_ERRORS_INIT;
	struct schema_warnings w = { 0 };
	struct json *o = json_parse(a, text, strlen(text), NULL, &st);
	struct hook h = { .a = a, .now_s = NOW_S, .user = "admin", .errors = &errors };

	CHECK_STR(st.message, NULL);
	h.kind = kinds_by_api_version(ks, json_path_str(o, "apiVersion"), json_path_str(o, "kind"));
	CHECK(h.kind != NULL);
	schema_clean(a, h.kind->type, h.kind->subject.kind, h.kind->version, o, NULL, &w, &st);
	CHECK_STR(st.message, NULL);
	CHECK_STR(w.n ? w.texts[0] : NULL, NULL);
	if (h.kind->defaults)
		h.kind->defaults(&h, o);
	json_set_str(a, meta_ensure(a, o), "uid", UID);
	if (h.kind->to_storage) {
		h.kind->to_storage(&h, o);
		h.kind->from_storage(&h, o);
	}
	kind_prepare_create(&h, o);
	kind_validate_meta(&h, o, NULL);
	if (h.kind->validate)
		h.kind->validate(&h, o);
	if (errors.n)
		fprintf(stderr, "# %s: %s\n", errors.items[0].field, errors.items[0].detail);
	CHECK_INT(errors.n, 0);
	return o;
}

/* Writing an object back as it was read must change nothing and be valid. */
static void check_no_op(struct arena *a, struct kinds *ks, const struct json *old)
{
	struct field_errors errors = FIELD_ERRORS_INIT;
	struct schema_warnings w = { 0 };
	struct json *o = json_copy(a, old);
	struct hook h = { .a = a, .now_s = NOW_S + 60, .user = "other", .errors = &errors };

	h.kind = kinds_by_api_version(ks, json_path_str(o, "apiVersion"), json_path_str(o, "kind"));
	CHECK(schema_clean(a, h.kind->type, h.kind->subject.kind, h.kind->version, o, NULL, &w, NULL));
	if (h.kind->defaults)
		h.kind->defaults(&h, o);
	kind_prepare_update(&h, o, old);
	if (!json_equal(o, old))
		fprintf(stderr, "# was %s\n# now %s\n", json_text(a, old), json_text(a, o));
	CHECK(json_equal(o, old));
	CHECK(!kind_spec_changed(h.kind, o, old));
	kind_validate_meta(&h, o, old);
	if (h.kind->validate)
		h.kind->validate(&h, o);
	if (h.kind->validate_update)
		h.kind->validate_update(&h, o, old);
	CHECK_INT(errors.n, 0);
	kind_prepare_status(&h, o, old);
	CHECK(json_equal(o, old));
}

static void golden(struct kinds *ks, const char *in)
{
	struct arena *a = arena_new();
	char *out = arena_printf(a, "%.*sout.json", (int)(strlen(in) - strlen("in.json")), in);
	struct json *got = created(a, ks, read_file(a, in)), *want;
	BUF_AUTO struct buf b = BUF_INIT;

	json_print_pretty(&b, got);
	if (getenv("NUTSHELL_GOLDEN_WRITE")) {
		FILE *f = fopen(out, "w");

		CHECK(f != NULL);
		fprintf(f, "%s\n", b.p);
		fclose(f);
	}
	want = json_parse(a, read_file(a, out), strlen(read_file(a, out)), NULL, NULL);
	if (!json_equal(got, want))
		fprintf(stderr, "# %s differs; got:\n%s\n", out, b.p);
	CHECK(json_equal(got, want));
	check_no_op(a, ks, got);
	arena_free(&a);
}

UNIT_TEST(kind_defaults_golden)
{
	struct kinds *ks = kinds_new();
	glob_t files;

	if (glob(DIR "*.in.json", 0, NULL, &files) != 0) {
		kinds_free(&ks);
		unit_skip("not run from the project's root");
		return;
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		golden(ks, files.gl_pathv[i]);
	globfree(&files);
	kinds_free(&ks);
}

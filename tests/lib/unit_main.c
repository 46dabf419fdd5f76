/*
 * Runs the tests that registered themselves, in the order of their file.
 *
 * Everything is printed as it happens and unbuffered, so that a crash or a sanitizer report stands
 * behind the name of its test; the count at the end doubles as proof that the program got there.
 */
#include "unit.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	struct unit_test *first, **last;
	const char *skipped; /* the running test's reason, or NULL */
} run;

/* Where a failed check of this thread goes; only the thread of main() has one. */
static __thread jmp_buf *escape;

void unit_register(struct unit_test *t)
{
	if (!run.last)
		run.last = &run.first;
	*run.last = t;
	run.last = &t->next;
}

void unit_skip(const char *why)
{
	run.skipped = why;
}

static void place(const char *file, int line)
{
	printf("# %s:%d: ", file, line);
}

static _Noreturn void fail(void)
{
	if (!escape)
		abort();
	longjmp(*escape, 1);
}

void unit_check(bool ok, const char *file, int line, const char *text)
{
	if (ok)
		return;
	place(file, line);
	printf("failed: %s\n", text);
	fail();
}

void unit_check_str(const char *got, const char *want, const char *file, int line, const char *text)
{
	if (got == want || (got && want && strcmp(got, want) == 0))
		return;
	place(file, line);
	printf("%s\n#   got:  %s\n#   want: %s\n", text, got ? got : "(null)",
	       want ? want : "(null)");
	fail();
}

void unit_check_int(int64_t got, int64_t want, const char *file, int line, const char *text)
{
	if (got == want)
		return;
	place(file, line);
	printf("%s\n#   got:  %" PRId64 "\n#   want: %" PRId64 "\n", text, got, want);
	fail();
}

void unit_check_mem(const void *got, size_t got_len, const void *want, size_t want_len,
		    const char *file, int line, const char *text)
{
	const unsigned char *g = got, *w = want;
	size_t i = 0;

	if (got_len == want_len && (got_len == 0 || memcmp(got, want, got_len) == 0))
		return;
	while (i < got_len && i < want_len && g[i] == w[i])
		i++;
	place(file, line);
	printf("%s: %zu bytes, wanted %zu, differ at %zu\n", text, got_len, want_len, i);
	fail();
}

static bool passes(const struct unit_test *t)
{
	jmp_buf here;

	escape = &here;
	if (setjmp(here) == 0) {
		t->run();
		return true;
	}
	return false;
}

static bool selected(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strstr(name, argv[i]))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	int number = 0, failures = 0;
	bool ok;

	setvbuf(stdout, NULL, _IONBF, 0);
	for (struct unit_test *t = run.first; t; t = t->next) {
		if (!selected(t->name, argc, argv))
			continue;
		run.skipped = NULL;
		ok = passes(t);
		failures += !ok;
		printf("%s %d - %s%s%s\n", ok ? "ok" : "not ok", ++number, t->name,
		       run.skipped ? " # skip " : "", run.skipped ? run.skipped : "");
	}
	printf("1..%d\n", number);
	return failures != 0;
}

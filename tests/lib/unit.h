/*
 * unit: the harness of tests/unit.
 *
 *	UNIT_TEST(arena_aligns)
 *	{
 *		CHECK_INT((uintptr_t)arena_alloc(a, 1) % 16, 0);
 *	}
 *
 * A test registers itself before main(). A failed check prints file, line and both values and ends the
 * test from any depth of calls (it jumps; in a thread of the test's own it aborts), and the run goes on. Linked with
 * unit_main.c, the program prints `ok N - name` or `not ok N - name` per test and the count last;
 * arguments select tests by part of their name.
 */
#ifndef NUTSHELL_TESTS_UNIT_H
#define NUTSHELL_TESTS_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_test {
	const char *name;
	void (*run)(void);
	struct unit_test *next;
};

/* Add t to the list, in order of registration; used by UNIT_TEST only. */
void unit_register(struct unit_test *t);
/* Mark the running test as skipped (it should return next). */
void unit_skip(const char *why);
/* Each returns if the check holds. Strings and bytes may be NULL: two NULLs are equal. */
void unit_check(bool ok, const char *file, int line, const char *text);
void unit_check_str(const char *got, const char *want, const char *file, int line, const char *text);
void unit_check_int(int64_t got, int64_t want, const char *file, int line, const char *text);
void unit_check_mem(const void *got, size_t got_len, const void *want, size_t want_len,
		    const char *file, int line, const char *text);

#define UNIT_TEST(id)                                                               \
	static void unit_test_##id(void);                                           \
	__attribute__((constructor)) static void unit_register_##id(void)           \
	{                                                                           \
		static struct unit_test t = { .name = #id, .run = unit_test_##id }; \
		unit_register(&t);                                                  \
	}                                                                           \
	static void unit_test_##id(void)

#define CHECK(cond) unit_check(!!(cond), __FILE__, __LINE__, #cond)
/* got first, wanted value second */
#define CHECK_STR(got, want) unit_check_str((got), (want), __FILE__, __LINE__, #got)
#define CHECK_INT(got, want) \
	unit_check_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, #got)
#define CHECK_MEM(got, got_len, want, want_len) \
	unit_check_mem((got), (got_len), (want), (want_len), __FILE__, __LINE__, #got)

#endif

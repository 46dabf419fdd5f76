/*
 * Design: a command's table is copied and its copy carries the values, so that tables stay constant.  Defaults
 * come first, then the environment, then the command line; what is wrong is said in one line to standard error.
 */
#include "flags.h"

#include "command.h"

#include "base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct flag *find(struct flag *table, const char *name, size_t n)
{
	for (; table->name; table++)
		if (strlen(table->name) == n && !strncmp(table->name, name, n))
			return table;
	return NULL;
}

static void take(struct flag *f, const char *value)
{
	f->got = value;
	if (!f->repeat)
		return;
	f->all = realloc(f->all, (f->n + 2) * sizeof(*f->all));
	BUG_ON(!f->all);
	f->all[f->n++] = value;
	f->all[f->n] = NULL;
}

static void from_environment(struct flag *table)
{
	for (struct flag *f = table; f->name; f++) {
		char env[64] = "NUTSHELL_";
		size_t n = strlen(env);
		const char *v;

		for (const char *p = f->name; *p && n + 1 < sizeof env; p++)
			env[n++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
		v = getenv(env);
		f->got = f->initial;
		if (v && *v)
			take(f, v);
	}
}

static void help(const struct flag *table, const char *command, const char *about)
{
	printf("%s\n\nUsage: nutshell %s [flags]\n\nFlags (each also NUTSHELL_... in the "
	       "environment):\n",
	       about, command);
	for (const struct flag *f = table; f->name; f++) {
		char left[48];

		snprintf(left, sizeof left, "--%s%s%s", f->name, f->value ? " " : "",
			 f->value ? f->value : "");
		printf("  %-28s %s", left, f->help);
		if (f->initial)
			printf(" (default %s)", f->initial);
		putchar('\n');
	}
}

static bool refuse(const char *command, const char *what, const char *arg, int *code)
{
	fprintf(stderr, "nutshell %s: %s \"%s\"; `nutshell %s --help` lists the flags\n", command,
		what, arg, command);
	*code = EXIT_USAGE;
	return false;
}

bool flags_parse(struct flag *table, const char *command, const char *about, int argc, char **argv,
		 int *code)
{
	from_environment(table);
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i], *eq = strchr(arg, '=');
		struct flag *f;

		if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
			help(table, command, about);
			*code = 0;
			return false;
		}
		if (strncmp(arg, "--", 2))
			return refuse(command, "unexpected argument", arg, code);
		f = find(table, arg + 2, eq ? (size_t)(eq - arg - 2) : strlen(arg + 2));
		if (!f)
			return refuse(command, "unknown flag", arg, code);
		if (eq)
			take(f, eq + 1);
		else if (!f->value)
			take(f, "true");
		else if (i + 1 < argc)
			take(f, argv[++i]);
		else
			return refuse(command, "a value is missing after", arg, code);
	}
	return true;
}

const char *flag_get(const struct flag *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table->got;
	bug("no flag --%s", name);
}

const char *const *flag_all(const struct flag *table, const char *name)
{
	static const char *const none[] = { NULL };

	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table->all ? (const char *const *)table->all : none;
	bug("no flag --%s", name);
}

void flags_free(struct flag *table)
{
	for (; table->name; table++) {
		free(table->all);
		table->all = NULL;
	}
}

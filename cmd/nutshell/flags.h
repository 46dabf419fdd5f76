/*
 * flags: command-line flags with their environment variables, declared as a table.
 *
 * `--name VALUE`, `--name=VALUE`; a flag's environment variable is NUTSHELL_NAME (dashes become underscores)
 * and yields to the command line.  Unknown flags and stray arguments are refused with one line.
 */
#ifndef NUTSHELL_CMD_FLAGS_H
#define NUTSHELL_CMD_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

struct flag {
	const char *name;    /* without dashes */
	const char *value;   /* metavariable, "DIR"; NULL = boolean */
	const char *initial; /* default; NULL = none */
	const char *help;
	bool repeat;
	/* filled by flags_parse() */
	const char *got;  /* last value given, else initial; booleans: "true" or NULL */
	const char **all; /* repeat: every value, NULL-terminated */
	size_t n;
};

/* Parse into the table (ends with name NULL).  0 = go on; else the exit code to return is *code (help was
 * printed: 0; bad usage: 2). */
bool flags_parse(struct flag *table, const char *command, const char *about, int argc, char **argv,
		 int *code);
/* The value of a flag; NULL when not given and without default. */
const char *flag_get(const struct flag *table, const char *name);
/* Values of a repeatable flag, NULL-terminated, never NULL. */
const char *const *flag_all(const struct flag *table, const char *name);
void flags_free(struct flag *table);

#endif

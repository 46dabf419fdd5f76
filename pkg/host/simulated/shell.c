#include "host/simulated/shell.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

struct shell {
	struct arena *a;
	const struct json *pod;
	const char *container;
	const struct shell_io *io;
	const char *missing;
	bool exited;
};

static bool out(struct shell *s, const char *text)
{
	return s->io->write(s->io->arg, 1, text, strlen(text));
}

static int run_true(struct shell *s, const char **argv, size_t argc)
{
	(void)s;
	(void)argv;
	(void)argc;
	return 0;
}

static int run_false(struct shell *s, const char **argv, size_t argc)
{
	(void)s;
	(void)argv;
	(void)argc;
	return 1;
}

static int run_exit(struct shell *s, const char **argv, size_t argc)
{
	s->exited = true;
	return argc > 1 ? atoi(argv[1]) & 255 : 0;
}

static int run_echo(struct shell *s, const char **argv, size_t argc)
{
	bool newline = argc < 2 || strcmp(argv[1], "-n");

	for (size_t i = newline ? 1 : 2; i < argc; i++)
		out(s, arena_printf(s->a, "%s%s", argv[i], i + 1 < argc ? " " : ""));
	if (newline)
		out(s, "\n");
	return 0;
}

static int run_cat(struct shell *s, const char **argv, size_t argc)
{
	char chunk[16384];
	long n;

	if (argc > 1) {
		const char *text = arena_printf(s->a,
						"cat: can't open '%s': a simulated "
						"container has no files\n",
						argv[1]);
		s->io->write(s->io->arg, 2, text, strlen(text));
		return 1;
	}
	while ((n = s->io->read(s->io->arg, chunk, sizeof chunk)) > 0)
		if (!s->io->write(s->io->arg, 1, chunk, (size_t)n))
			return 1;
	return 0;
}

static int run_env(struct shell *s, const char **argv, size_t argc)
{
	(void)argv;
	(void)argc;
	json_each(c, json_path(s->pod, "spec.containers")) {
		if (strcmp(json_path_str(c, "name"), s->container))
			continue;
		json_each(e, json_get(c, "env"))
			if (json_get(e, "value"))
				out(s, arena_printf(s->a, "%s=%s\n", json_path_str(e, "name"),
						    json_path_str(e, "value")));
	}
	return 0;
}

static int run_hostname(struct shell *s, const char **argv, size_t argc)
{
	const char *name = json_path_str(s->pod, "spec.hostname");

	(void)argv;
	(void)argc;
	out(s, arena_printf(s->a, "%s\n", *name ? name : meta_name(s->pod)));
	return 0;
}

static int run_sleep(struct shell *s, const char **argv, size_t argc)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0;

	if (seconds < 0 || seconds > 1e9)
		seconds = 1e9;
	return s->io->wait_ms(s->io->arg, (long long)(seconds * 1000)) ? 0 : 143;
}

static int run_date(struct shell *s, const char **argv, size_t argc)
{
	char now[TIME_LEN];

	(void)argv;
	(void)argc;
	time_format(clock_now_s(), now);
	out(s, arena_printf(s->a, "%s\n", now));
	return 0;
}

static const struct program {
	const char *name;
	int (*run)(struct shell *s, const char **argv, size_t argc);
} programs[] = {
	{ "true", run_true },         { "false", run_false }, { "exit", run_exit },
	{ "echo", run_echo },         { "cat", run_cat },     { "env", run_env },
	{ "hostname", run_hostname }, { "sleep", run_sleep }, { "date", run_date },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int run_program(struct shell *s, const char **argv, size_t argc)
{
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (argc && !strcmp(base_name(argv[0]), programs[i].name))
			return programs[i].run(s, argv, argc);
	s->missing = argc ? argv[0] : "";
	return -1;
}

/* The next word of a line: quotes group, nothing else is special.  NULL at the end. */
static char *word(struct shell *s, const char **p)
{
	char *w = arena_alloc(s->a, strlen(*p) + 1), *o = w;
	char quote = 0;

	*p += strspn(*p, " \t");
	if (!**p)
		return NULL;
	for (; **p && (quote || !strchr(" \t", **p)); (*p)++) {
		if (quote ? **p == quote : **p == '\'' || **p == '"')
			quote = quote ? 0 : **p;
		else
			*o++ = **p;
	}
	*o = '\0';
	return w;
}

static int run_simple(struct shell *s, const char *line)
{
	const char *argv[WORDS_MAX];
	size_t argc = 0;
	int code;

	while (argc < WORDS_MAX - 1 && (argv[argc] = word(s, &line)))
		argc++;
	if (!argc)
		return 0;
	code = run_program(s, argv, argc);
	if (code >= 0)
		return code;
	out(s, "");
	line = arena_printf(s->a, "sh: %s: not found\n", argv[0]);
	s->io->write(s->io->arg, 2, line, strlen(line));
	return 127;
}

/* Commands joined by ; or &&. */
static int run_script(struct shell *s, const char *script)
{
	int code = 0;
	bool skip = false;

	while (*script && !s->exited) {
		size_t n = strcspn(script, ";&\n");
		const char *end = script + n;

		if (!skip)
			code = run_simple(s, arena_dup(s->a, script, n));
		skip = end[0] == '&' && end[1] == '&' && code;
		script = end + strspn(end, ";&\n");
	}
	return code;
}

int shell_run(struct arena *a, const struct json *pod, const char *container, const char **argv,
	      size_t argc, const struct shell_io *io, const char **missing)
{
	struct shell s = { .a = a, .pod = pod, .container = container, .io = io };
	const char *name = argc ? base_name(argv[0]) : "";
	int code;

	if (!strcmp(name, "sh") || !strcmp(name, "bash") || !strcmp(name, "ash")) {
		if (argc > 2 && !strcmp(argv[1], "-c"))
			return run_script(&s, argv[2]);
		return run_cat(&s, argv, 1);
	}
	code = run_program(&s, argv, argc);
	*missing = s.missing;
	return code;
}

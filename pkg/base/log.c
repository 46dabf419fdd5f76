/*
 * log: a line is built on the stack and leaves in one write.
 *
 * A line is at most PIPE_BUF bytes, which the kernel writes to a pipe in one piece, so
 * that lines of several threads do not mix and no lock is needed.  Nothing is
 * allocated.  Line feeds in messages become blanks in text and \n in JSON.
 */
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define TIME_MS_LEN 32

static _Atomic int min_level = LOG_LEVEL_INFO;
static _Atomic bool as_json;

static const char *const level_names[] = { "DEBUG", "INFO", "WARN", "ERROR" };

void log_configure(enum log_level min, bool json)
{
	min_level = (int)min;
	as_json = json;
}

bool log_enabled(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&min_level, memory_order_relaxed);
}

/* 2006-01-02T15:04:05.000Z */
static void time_ms(char out[TIME_MS_LEN])
{
	char us[TIME_LEN];

	time_format_us(clock_now_us(), us);
	snprintf(out, TIME_MS_LEN, "%.23sZ", us);
}

static void write_all(const char *p, size_t n)
{
	while (n) {
		ssize_t k = write(STDERR_FILENO, p, n);

		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

/* Append msg to line as the inside of a JSON string; returns the new length. */
static size_t add_escaped(char *line, size_t len, const char *msg)
{
	for (; *msg && len < LINE_MAX_BYTES - 16; msg++) {
		unsigned char c = (unsigned char)*msg;

		if (c == '"' || c == '\\') {
			line[len++] = '\\';
			line[len++] = *msg;
		} else if (c == '\n') {
			line[len++] = '\\';
			line[len++] = 'n';
		} else if (c < ' ') {
			len += (size_t)snprintf(line + len, 8, "\\u%04x", c);
		} else {
			line[len++] = *msg;
		}
	}
	return len;
}

static size_t format_json(char *line, enum log_level level, const char *who, const char *msg)
{
	char t[TIME_MS_LEN];
	size_t len;

	time_ms(t);
	len = (size_t)snprintf(line, LINE_MAX_BYTES / 2,
			       "{\"time\":\"%s\",\"level\":\"%s\",\"from\":\"", t,
			       level_names[level]);
	len = add_escaped(line, len, who);
	len += (size_t)snprintf(line + len, 16, "\",\"msg\":\"");
	len = add_escaped(line, len, msg);
	line[len++] = '"';
	line[len++] = '}';
	return len;
}

static size_t format_text(char *line, enum log_level level, const char *who, const char *msg)
{
	char t[TIME_MS_LEN];
	size_t len;

	time_ms(t);
	snprintf(line, LINE_MAX_BYTES - 1, "%s %-5s %s: %s", t, level_names[level], who, msg);
	len = strlen(line);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	return len;
}

static void vlog(enum log_level level, const char *who, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void vlog(enum log_level level, const char *who, const char *fmt, va_list ap)
{
	char msg[LINE_MAX_BYTES - 128], line[LINE_MAX_BYTES];
	size_t len;

	vsnprintf(msg, sizeof msg, fmt, ap);
	len = as_json ? format_json(line, level, who, msg) : format_text(line, level, who, msg);
	line[len++] = '\n';
	write_all(line, len);
}

void log_at(enum log_level level, const char *who, const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	vlog(level, who, fmt, ap);
	va_end(ap);
}

_Noreturn void bug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_ERROR, "bug", fmt, ap);
	va_end(ap);
	abort();
}

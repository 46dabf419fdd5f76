/*
 * log: one line per event on standard error, text or JSON.
 * Text: `2026-01-02T03:04:05.678Z INFO  store: message`.  Thread-safe; never fails.
 */
#ifndef NUTSHELL_BASE_LOG_H
#define NUTSHELL_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

void log_configure(enum log_level min, bool json);
bool log_enabled(enum log_level level);
/* who: the package or part, "store", "host/kubernetes". */
void log_at(enum log_level level, const char *who, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_debug(who, ...) log_at(LOG_LEVEL_DEBUG, who, __VA_ARGS__)
#define log_info(who, ...) log_at(LOG_LEVEL_INFO, who, __VA_ARGS__)
#define log_warn(who, ...) log_at(LOG_LEVEL_WARN, who, __VA_ARGS__)
#define log_error(who, ...) log_at(LOG_LEVEL_ERROR, who, __VA_ARGS__)

/* The impossible happened: say what and abort. */
_Noreturn void bug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define BUG_ON(cond) ((cond) ? bug("%s:%d: %s", __FILE__, __LINE__, #cond) : (void)0)

#endif

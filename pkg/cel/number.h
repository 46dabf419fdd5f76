/*
 * number: numbers as Go's strconv reads and writes them.
 */
#ifndef NUTSHELL_CEL_NUMBER_H
#define NUTSHELL_CEL_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Go's %v and %g: the fewest digits that read back the same; 1e+06, +Inf, NaN. */
void cel_print_double(struct buf *b, double d);
/* FormatFloat(d, 'f', -1, 64). */
void cel_print_fixed(struct buf *b, double d);

/* strconv.ParseInt(s, 10, 64) and its relatives. */
bool cel_parse_int(const char *s, size_t n, int64_t *out);
bool cel_parse_uint(const char *s, size_t n, uint64_t *out);
bool cel_parse_double(const char *s, size_t n, double *out);
bool cel_parse_bool(const char *s, size_t n, bool *out);

#endif

/*
 * named_format: format.dns1123Label() and its relatives.
 */
#ifndef NUTSHELL_CEL_NAMED_FORMAT_H
#define NUTSHELL_CEL_NAMED_FORMAT_H

#include "cel/value.h"

/* The length of the pattern that upstream assumes behind a format value. */
uint64_t cel_format_regex_size(struct cel_value format);

#endif

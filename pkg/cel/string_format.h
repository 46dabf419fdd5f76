/*
 * string_format: 'a %s'.format([x]).
 */
#ifndef NUTSHELL_CEL_STRING_FORMAT_H
#define NUTSHELL_CEL_STRING_FORMAT_H

#include "cel/value.h"

struct cel_run;

struct cel_value cel_format_string(struct cel_run *run, struct cel_value format,
				   struct cel_list *args);

#endif

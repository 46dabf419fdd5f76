/*
 * operator: operators that functions use, too.
 */
#ifndef NUTSHELL_CEL_OPERATOR_H
#define NUTSHELL_CEL_OPERATOR_H

#include "cel/value.h"

struct cel_run;

/* x + y, or an error. */
struct cel_value cel_add(struct cel_run *run, struct cel_value x, struct cel_value y);

#endif

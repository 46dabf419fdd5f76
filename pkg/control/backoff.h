/*
 * backoff: how long something that fails again and again is to be left alone: 1 s, doubled each time, up to
 * 15 min; forgotten after twice that.  Thread-safe.  k8s: client-go/util/flowcontrol/backoff.go.
 */
#ifndef NUTSHELL_CONTROL_BACKOFF_H
#define NUTSHELL_CONTROL_BACKOFF_H

#include <stdint.h>

struct backoffs;

struct backoffs *backoffs_new(void);
void backoffs_free(struct backoffs **b);
/* 0: it may be tried now, and that is noted; else the milliseconds until it may. */
int64_t backoffs_try(struct backoffs *b, const char *key);

#endif

/*
 * recorder: Events written behind the controllers' backs, on one thread, rate limited per object.
 * Private to the package.
 */
#ifndef NUTSHELL_WORK_RECORDER_H
#define NUTSHELL_WORK_RECORDER_H

#include "work/work.h"

struct recorder;

struct recorder *recorder_start(struct api *api);
/* Writes what is queued, then ends. */
void recorder_stop(struct recorder **r);
/* source, type, reason must be static; text is taken over (heap). */
void recorder_add(struct recorder *r, const char *source, const struct kind *k,
		  const struct obj *about, const char *type, const char *reason, char *text);

#endif

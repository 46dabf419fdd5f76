/*
 * volume_binder: what the two halves of the binder share.  Private to it.
 */
#ifndef NUTSHELL_CONTROL_VOLUME_BINDER_H
#define NUTSHELL_CONTROL_VOLUME_BINDER_H

#include "work/work.h"

/* The provisioner of the volumes that simulated nodes offer: they are made at once and hold nothing. */
#define PROVISIONER_SIMULATED "nutshell.dev/simulated"

struct binder {
	struct task *t;
	const struct kind *claims, *volumes;
};

/* ---- volume_phase.c ---- */
void binder_open(struct binder *b, struct task *t);
/* api_change() for which an object that is gone is as good as changed. */
bool binder_write(struct binder *b, const struct kind *k, const char *sub, const struct obj *o,
		  change_fn fn, void *arg, struct status *st);
/* The claim takes over modes and size of the volume (NULL: none). */
bool binder_claim_phase(struct binder *b, const struct obj *claim, const char *phase,
			const struct json *volume, struct status *st);
bool binder_volume_phase(struct binder *b, const struct obj *volume, const char *phase,
			 const char *reason, const char *message, struct status *st);
/* ---- volume_reclaim.c ---- */
bool binder_sync_volume(struct binder *b, const char *name, struct status *st);

#endif

/*
 * Rows of batch.
 * k8s: pkg/registry/{batch} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_batch[] = {
	{
		.subject = { "batch", "cronjobs", "CronJob" },
		.version = "v1",
		.singular = "cronjob",
		.shorts = NAMES("cj"),
		.categories = NAMES("all"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_batch_v1_CronJob,
		.columns = columns_cronjob,
		.generation = true,
		.defaults = cronjob_defaults,
		.validate = cronjob_validate,
		.warn = cronjob_warn,
	},
	{
		.subject = { "batch", "jobs", "Job" },
		.version = "v1",
		.singular = "job",
		.categories = NAMES("all"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.subs = SUB_STATUS,
		.type = &type_batch_v1_Job,
		.columns = columns_job,
		.fields = NAMES("status.succeeded"),
		.nselectable = 1,
		.selectable_names = NAMES("status.successful"),
		.field_absent = NAMES("0"),
		.generation = true,
		.orphan_by_default = true,
		.defaults = job_defaults,
		.prepare_create = job_prepare_create,
		.validate = job_validate,
		.validate_update = job_validate_update,
		.warn = job_warn,
	},
};

const size_t kinds_batch_n = sizeof kinds_batch / sizeof *kinds_batch;

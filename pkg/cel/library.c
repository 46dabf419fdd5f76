/*
 * library: all function libraries of the Kubernetes 1.36 environment, in the order in which upstream
 * adds them (k8s: apiserver/pkg/cel/environment/base.go), and their lookup by name.
 */
#include <string.h>

#include "cel/function.h"

const struct cel_library *const cel_libraries[] = {
	&cel_library_operator,
	&cel_library_compare,
	&cel_library_convert,
	&cel_library_time,
	&cel_library_text,
	&cel_library_url,
	&cel_library_list,
	&cel_library_authorizer,
	&cel_library_optional,
	&cel_library_quantity,
	&cel_library_string,
	&cel_library_set,
	&cel_library_net,
	&cel_library_format,
	&cel_library_map,
	&cel_library_semver,
	&cel_library_sequence,
	&cel_library_patch,
	NULL,
};

static const struct cel_function *library_find(const struct cel_library *l, const char *name,
					       size_t from)
{
	for (size_t i = from; i < l->n; i++) {
		if (l->rows[i].name[0] == *name && !strcmp(l->rows[i].name, name))
			return &l->rows[i];
	}
	return NULL;
}

const struct cel_function *cel_function_next(const char *name, unsigned flags,
					     const struct cel_function *after)
{
	for (const struct cel_library *const *p = cel_libraries; *p; p++) {
		const struct cel_library *l = *p;
		bool here = after >= l->rows && after < l->rows + l->n;
		const struct cel_function *f;

		if ((after && !here) || (l->flag && !(l->flag & flags)))
			continue;
		f = library_find(l, name, here ? (size_t)(after - l->rows) + 1 : 0);
		after = NULL;
		if (f)
			return f;
	}
	return NULL;
}

static void params_mark(const struct cel_type *t, bool used[2])
{
	if (t->kind == CEL_KIND_PARAM)
		used[t->name[0] - 'A'] = true;
	for (unsigned i = 0; i < t->nparams; i++)
		params_mark(t->params[i], used);
}

void cel_function_params(const struct cel_function *f, bool used[2])
{
	params_mark(f->result, used);
	for (unsigned i = 0; i < f->nargs; i++)
		params_mark(f->args[i], used);
}

/*
 * Rows of authentication and authorization reviews.
 * k8s: pkg/registry/{authentication,authorization} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_auth[] = {
	{
		.subject = { "authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview" },
		.version = "v1",
		.singular = "selfsubjectreview",
		.verbs = VERB_CREATE,
		.type = &type_authentication_v1_SelfSubjectReview,
		.virtual_only = true,
	},
	{
		.subject = { "authentication.k8s.io", "tokenreviews", "TokenReview" },
		.version = "v1",
		.singular = "tokenreview",
		.verbs = VERB_CREATE,
		.type = &type_authentication_v1_TokenReview,
		.virtual_only = true,
	},
	{
		.subject = { "authorization.k8s.io", "localsubjectaccessreviews",
			     "LocalSubjectAccessReview" },
		.version = "v1",
		.singular = "localsubjectaccessreview",
		.namespaced = true,
		.verbs = VERB_CREATE,
		.type = &type_authorization_v1_LocalSubjectAccessReview,
		.virtual_only = true,
	},
	{
		.subject = { "authorization.k8s.io", "selfsubjectaccessreviews",
			     "SelfSubjectAccessReview" },
		.version = "v1",
		.singular = "selfsubjectaccessreview",
		.verbs = VERB_CREATE,
		.type = &type_authorization_v1_SelfSubjectAccessReview,
		.virtual_only = true,
	},
	{
		.subject = { "authorization.k8s.io", "selfsubjectrulesreviews",
			     "SelfSubjectRulesReview" },
		.version = "v1",
		.singular = "selfsubjectrulesreview",
		.verbs = VERB_CREATE,
		.type = &type_authorization_v1_SelfSubjectRulesReview,
		.virtual_only = true,
	},
	{
		.subject = { "authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview" },
		.version = "v1",
		.singular = "subjectaccessreview",
		.verbs = VERB_CREATE,
		.type = &type_authorization_v1_SubjectAccessReview,
		.virtual_only = true,
	},
};

const size_t kinds_auth_n = sizeof kinds_auth / sizeof *kinds_auth;

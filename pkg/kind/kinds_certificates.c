/*
 * Rows of certificates.k8s.io.
 * k8s: pkg/registry/{certificates} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_certificates[] = {
	{
		.subject = { "certificates.k8s.io", "certificatesigningrequests",
			     "CertificateSigningRequest" },
		.version = "v1",
		.singular = "certificatesigningrequest",
		.shorts = NAMES("csr"),
		.unowned = UNOWNED({ "", false, "spec status" },
				   { "status", false, "spec status.conditions" },
				   { "approval", false, "spec status.certificate" }),
		.verbs = VERBS_ALL,
		.subs = SUB_APPROVAL | SUB_STATUS,
		.type = &type_certificates_v1_CertificateSigningRequest,
		.columns = columns_csr,
		.fields = NAMES("spec.signerName"),
		.nselectable = 1,
		.name_rule = NAME_PATH_SEGMENT,
		.prepare_create = csr_prepare_create,
		.prepare_update = csr_prepare_update,
		.prepare_status = csr_prepare_status,
		.validate = csr_validate,
		.validate_status = csr_validate_status,
	},
};

const size_t kinds_certificates_n = sizeof kinds_certificates / sizeof *kinds_certificates;

/*
 * The RBAC objects every cluster starts with: who has which role.
 *
 * Columns: namespace, name, role (NULL: of the same name), subjects `U:user;G:group;S:namespace/account`.  In
 * a namespace the role is a Role.  The controllers' own bindings follow from their roles and are not listed.
 * k8s: plugin/pkg/auth/authorizer/rbac/bootstrappolicy.
 */
#include "api/bootstrap.h"

#include <stddef.h>

const struct bootstrap_binding bootstrap_bindings[] = {
	{ "", "cluster-admin", NULL, "G:system:masters" },
	{ "", "system:basic-user", NULL, "G:system:authenticated" },
	{ "", "system:discovery", NULL, "G:system:authenticated" },
	{ "", "system:kube-controller-manager", NULL, "U:system:kube-controller-manager" },
	{ "", "system:kube-dns", NULL, "S:kube-system/kube-dns" },
	{ "", "system:kube-scheduler", NULL, "U:system:kube-scheduler" },
	{ "", "system:monitoring", NULL, "G:system:monitoring" },
	{ "", "system:node", NULL, "" },
	{ "", "system:node-proxier", NULL, "U:system:kube-proxy" },
	{ "", "system:public-info-viewer", NULL,
	  "G:system:authenticated;"
	  "G:system:unauthenticated" },
	{ "", "system:service-account-issuer-discovery", NULL, "G:system:serviceaccounts" },
	{ "", "system:volume-scheduler", NULL, "U:system:kube-scheduler" },
	{ "kube-public", "system:controller:bootstrap-signer", NULL,
	  "S:kube-system/bootstrap-signer" },
	{ "kube-system", "system::extension-apiserver-authentication-reader",
	  "extension-apiserver-authentication-reader",
	  "U:system:kube-controller-manager;"
	  "U:system:kube-scheduler" },
	{ "kube-system", "system::leader-locking-kube-controller-manager", NULL,
	  "U:system:kube-controller-manager;"
	  "S:kube-system/kube-controller-manager;"
	  "S:kube-system/leader-election-controller" },
	{ "kube-system", "system::leader-locking-kube-scheduler", NULL,
	  "U:system:kube-scheduler;"
	  "S:kube-system/kube-scheduler" },
	{ "kube-system", "system:controller:bootstrap-signer", NULL,
	  "S:kube-system/bootstrap-signer" },
	{ "kube-system", "system:controller:cloud-provider", NULL, "S:kube-system/cloud-provider" },
	{ "kube-system", "system:controller:token-cleaner", NULL, "S:kube-system/token-cleaner" },
	{ .name = NULL },
};

/*
 * kubeconfig: the admin's kubeconfig of a cluster as YAML text.
 */
#ifndef NUTSHELL_CMD_KUBECONFIG_H
#define NUTSHELL_CMD_KUBECONFIG_H

struct arena;

/* name labels cluster, user and context; server is "https://host:port". In the arena. */
char *kubeconfig_text(struct arena *a, const char *name, const char *server, const char *ca_pem,
		      const char *cert_pem, const char *key_pem);

#endif

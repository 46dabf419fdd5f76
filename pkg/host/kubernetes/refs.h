/*
 * refs: the ConfigMaps and Secrets a pod refers to.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_REFS_H
#define NUTSHELL_HOST_KUBERNETES_REFS_H

struct json;

/* Called for each reference: kind "configmaps" or "secrets".  ref is the object that has the name under `key`,
 * so that translation can rewrite it in place. */
typedef void (*ref_fn)(void *arg, const char *kind, struct json *ref, const char *key);

/* Visit every reference of a pod spec: env, envFrom, volumes, projected sources, imagePullSecrets, drivers'
 * secrets.  Empty names are left out. */
void refs_each(struct json *spec, ref_fn fn, void *arg);

#endif

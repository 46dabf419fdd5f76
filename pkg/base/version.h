/*
 * version: what this binary is and which Kubernetes API it speaks.
 */
#ifndef NUTSHELL_BASE_VERSION_H
#define NUTSHELL_BASE_VERSION_H

#define KUBERNETES_MAJOR "1"
#define KUBERNETES_MINOR "36"
#define KUBERNETES_RELEASE "v1.36.0"

/* From git describe at build time. */
const char *version_text(void);

#endif

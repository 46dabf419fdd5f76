/*
 * The command that prints what runs a virtual cluster as a single pod of a host namespace: an account with the
 * smallest Role that serves, a Service, a StatefulSet with its volume.  A namespace admin may apply it, and a
 * namespace that enforces the restricted Pod Security Standard admits it.
 */
#include "command.h"
#include "flags.h"

#include "base/version.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct flag flags[] = {
	{ .name = "name", .value = "NAME", .initial = "nutshell", .help = "name of the virtual cluster" },
	{ .name = "namespace", .value = "NS", .initial = "default", .help = "host namespace" },
	{ .name = "image", .value = "IMAGE", .initial = "nutshell:latest", .help = "image of nutshell" },
	{ .name = "storage", .value = "SIZE", .initial = "1Gi", .help = "size of the volume" },
	{ .name = NULL },
};

/* One rule of the Role: what the syncer does on the host, and no more. */
static const struct rule {
	const char *group, *resources, *verbs;
} rules[] = {
	{ "", "pods", "get, list, watch, create, patch, delete" },
	{ "", "pods/status", "patch" },
	{ "", "pods/ephemeralcontainers", "patch" },
	{ "", "pods/log", "get" },
	{ "", "pods/exec, pods/attach, pods/portforward", "get, create" },
	{ "", "pods/resize", "patch" },
	{ "", "configmaps, secrets, services", "get, list, watch, create, patch, update, delete" },
	{ "discovery.k8s.io", "endpointslices", "get, list, watch, create, patch, update, delete" },
	{ "", "events", "list, watch" },
	{ "coordination.k8s.io", "leases", "get, create, update" },
};

static void print_role(const char *name, const char *ns)
{
	printf("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n"
	       "  name: %s\n  namespace: %s\nrules:\n",
	       name, ns);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		printf("- apiGroups: [\"%s\"]\n  resources: [%s]\n  verbs: [%s]\n", rules[i].group,
		       rules[i].resources, rules[i].verbs);
	printf("- apiGroups: [apps]\n  resources: [statefulsets]\n  resourceNames: [%s]\n"
	       "  verbs: [get]\n",
	       name);
	printf("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n"
	       "  name: %s\n  namespace: %s\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n"
	       "  kind: Role\n  name: %s\nsubjects:\n- kind: ServiceAccount\n  name: %s\n"
	       "  namespace: %s\n",
	       name, ns, name, name, ns);
}

static void print_service(const char *name, const char *ns)
{
	printf("---\napiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: %s\n"
	       "spec:\n"
	       "  # a reserved label: no pod of a tenant can join the API server's endpoints\n"
	       "  selector:\n    nutshell.dev/cluster: %s\n"
	       "  ports:\n  - name: https\n    port: 443\n    targetPort: 6443\n",
	       name, ns, name);
}

static void print_statefulset(const char *name, const char *ns, const char *image, const char *storage)
{
	printf("---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: %s\n"
	       "  namespace: %s\nspec:\n  replicas: 1\n  serviceName: %s\n"
	       "  selector:\n    matchLabels:\n      nutshell.dev/cluster: %s\n"
	       "  template:\n    metadata:\n      labels:\n        nutshell.dev/cluster: %s\n"
	       "    spec:\n      serviceAccountName: %s\n",
	       name, ns, name, name, name, name);
	printf("      securityContext:\n        runAsNonRoot: true\n        runAsUser: 65532\n"
	       "        fsGroup: 65532\n        seccompProfile:\n          type: RuntimeDefault\n"
	       "      containers:\n      - name: nutshell\n        image: %s\n"
	       "        args: [server, --host=kubernetes, --name=%s, --tls-san=%s.%s.svc,\n"
	       "          --tls-san=%s.%s]\n",
	       image, name, name, ns, name, ns);
	printf("        env:\n"
	       "        - name: NUTSHELL_SERVICE\n          value: %s\n"
	       "        - name: NUTSHELL_OWNER\n          value: %s\n"
	       "        ports:\n        - containerPort: 6443\n"
	       "        readinessProbe:\n          httpGet:\n            path: /readyz\n"
	       "            port: 6443\n            scheme: HTTPS\n          periodSeconds: 2\n"
	       "        livenessProbe:\n          httpGet:\n            path: /livez\n"
	       "            port: 6443\n            scheme: HTTPS\n"
	       "        resources:\n          requests:\n            cpu: 50m\n"
	       "            memory: 32Mi\n          limits:\n            memory: 512Mi\n",
	       name, name);
	printf("        securityContext:\n          allowPrivilegeEscalation: false\n"
	       "          readOnlyRootFilesystem: true\n          capabilities:\n"
	       "            drop: [ALL]\n"
	       "        volumeMounts:\n        - name: data\n          mountPath: /data\n"
	       "  volumeClaimTemplates:\n  - metadata:\n      name: data\n    spec:\n"
	       "      accessModes: [ReadWriteOnce]\n      resources:\n        requests:\n"
	       "          storage: %s\n",
	       storage);
}

/* Names become parts of YAML: only what Kubernetes allows in them may pass. */
static bool plain(const char *s, const char *also)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '-' &&
		    !strchr(also, *s))
			return false;
	return true;
}

static bool check(const struct flag *t)
{
	if (!plain(flag_get(t, "name"), "") || strlen(flag_get(t, "name")) > 50 ||
	    !plain(flag_get(t, "namespace"), "")) {
		fputs("nutshell manifest: --name (at most 50 characters) and --namespace take "
		      "lower-case letters, digits and dashes\n",
		      stderr);
		return false;
	}
	if (!plain(flag_get(t, "image"), "./:_@ABCDEFGHIJKLMNOPQRSTUVWXYZ") ||
	    !plain(flag_get(t, "storage"), ".KMGTPEi")) {
		fputs("nutshell manifest: --image is an image reference, --storage a quantity "
		      "such as 1Gi\n",
		      stderr);
		return false;
	}
	return true;
}

static int run(int argc, char **argv)
{
	struct flag t[sizeof flags / sizeof *flags];
	const char *name, *ns;
	int code;

	memcpy(t, flags, sizeof flags);
	if (!flags_parse(t, "manifest",
			 "Prints the YAML of a virtual cluster as one pod of a host namespace; a "
			 "namespace\nadmin may apply it: nutshell manifest --name dev --namespace "
			 "team-a | kubectl apply -f -",
			 argc, argv, &code))
		return code;
	if (!check(t))
		return EXIT_USAGE;
	name = flag_get(t, "name");
	ns = flag_get(t, "namespace");
	printf("# a virtual cluster in one pod, by nutshell %s\n"
	       "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: %s\n  namespace: %s\n",
	       version_text(), name, ns);
	print_role(name, ns);
	print_service(name, ns);
	print_statefulset(name, ns, flag_get(t, "image"), flag_get(t, "storage"));
	return EXIT_SUCCESS;
}

const struct command command_manifest = {
	.name = "manifest",
	.summary = "print the YAML of a virtual cluster as one pod",
	.run = run,
};

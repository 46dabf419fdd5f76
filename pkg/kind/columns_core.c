/*
 * columns_core: the kinds of the core group that are neither pods, workloads nor network.
 * k8s: pkg/printers/internalversion/printers.go.
 */
#include "kind/columns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define ROLE_PREFIX "node-role.kubernetes.io/"

CELL(component_status)
{
	const char *status = json_path_str(tree, "conditions.0.status");

	cell_str(out, !status[0] ? "Unknown" : !strcmp(status, "True") ? "Healthy" : "Unhealthy");
}

CELL(component_message)
{
	cell_str(out, json_path_str(tree, "conditions.0.message"));
}

CELL(component_error)
{
	cell_str(out, json_path_str(tree, "conditions.0.error"));
}

const struct column columns_componentstatus[] = {
	COL_NAME,
	COL_FN("Status", "Whether the component is healthy.", component_status),
	COL_FN("Message", "What it says.", component_message),
	COL_FN("Error", "What went wrong.", component_error),
	COL_END,
};

CELL(data_count)
{
	buf_addf(out, "%zu",
		 json_count(json_get(tree, "data")) + json_count(json_get(tree, "binaryData")));
}

const struct column columns_configmap[] = {
	COL_NAME,
	COL_FN("Data", "How many entries it holds.", data_count),
	COL_AGE,
	COL_END,
};

const struct column columns_secret[] = {
	COL_NAME,
	COL("Type", "What the secret is for.", "type"),
	COL_FN("Data", "How many entries it holds.", data_count),
	COL_AGE,
	COL_END,
};

CELL(namespace_status)
{
	cell_str(out, json_path_str(tree, "status.phase"));
}

const struct column columns_namespace[] = {
	COL_NAME,
	COL_FN("Status", "Active or Terminating.", namespace_status),
	COL_AGE,
	COL_END,
};

/* ---- nodes ---- */

CELL(node_status)
{
	const char *ready = "Unknown";

	json_each(c, json_path(tree, "status.conditions"))
		if (!strcmp(json_path_str(c, "type"), "Ready"))
			ready = !strcmp(json_path_str(c, "status"), "True") ? "Ready" : "NotReady";
	cell_strf(out, "%s%s", ready,
		  json_path_bool(tree, "spec.unschedulable", false) ? ",SchedulingDisabled" : "");
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

CELL(node_roles)
{
	const char **roles = arena_alloc(a, (o->nlabels + 1) * sizeof *roles);
	BUF_AUTO struct buf b = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < o->nlabels; i++) {
		const char *key = o->labels[i].key;

		if (!strncmp(key, ROLE_PREFIX, sizeof ROLE_PREFIX - 1))
			roles[n] = key + sizeof ROLE_PREFIX - 1;
		else if (!strcmp(key, "kubernetes.io/role"))
			roles[n] = o->labels[i].value;
		else
			continue;
		n += roles[n][0] != '\0';
	}
	qsort(roles, n, sizeof *roles, by_text);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(roles[i], roles[i - 1]) != 0)
			buf_addf(&b, "%s%s", b.len ? "," : "", roles[i]);
	cell_str(out, b.len ? b.p : "<none>");
}

static void node_address(struct buf *out, const struct json *tree, const char *type)
{
	json_each(x, json_path(tree, "status.addresses")) {
		if (!strcmp(json_path_str(x, "type"), type)) {
			cell_str(out, json_path_str(x, "address"));
			return;
		}
	}
	cell_str(out, "<none>");
}

CELL(node_internal)
{
	node_address(out, tree, "InternalIP");
}

CELL(node_external)
{
	node_address(out, tree, "ExternalIP");
}

CELL(node_version)
{
	cell_str(out, json_path_str(tree, "status.nodeInfo.kubeletVersion"));
}

CELL(node_os)
{
	cell_or(out, json_path_str(tree, "status.nodeInfo.osImage"), "<unknown>");
}

CELL(node_kernel)
{
	const char *version = json_path_str(tree, "status.nodeInfo.kernelVersion");
	const char *arch = json_path_str(tree, "status.nodeInfo.architecture");

	if (!version[0])
		version = "<unknown>";
	if (arch[0])
		cell_strf(out, "%s (%s)", version, arch);
	else
		cell_str(out, version);
}

CELL(node_runtime)
{
	cell_or(out, json_path_str(tree, "status.nodeInfo.containerRuntimeVersion"), "<unknown>");
}

const struct column columns_node[] = {
	COL_NAME,
	COL_FN("Status", "Whether the node is ready and takes pods.", node_status),
	COL_FN("Roles", "Roles from the node's labels.", node_roles),
	COL_AGE,
	COL_FN("Version", "The kubelet's version.", node_version),
	COL_WIDE_FN("Internal-IP", "The address inside the cluster.", node_internal),
	COL_WIDE_FN("External-IP", "The address outside.", node_external),
	COL_WIDE_FN("OS-Image", "The operating system.", node_os),
	COL_WIDE_FN("Kernel-Version", "The kernel's version.", node_kernel),
	COL_WIDE_FN("Container-Runtime", "The container runtime and its version.", node_runtime),
	COL_END,
};

/* ---- events ---- */

static const char *first_seen(struct arena *a, const struct json *tree, int64_t now_s)
{
	const char *first = json_path_str(tree, "firstTimestamp");

	return cell_since(a, first[0] ? first : json_path_str(tree, "eventTime"), now_s);
}

CELL(event_last)
{
	const char *last = json_path_str(tree, "lastTimestamp");

	if (json_get(tree, "series"))
		cell_str(out, cell_since(a, json_path_str(tree, "series.lastObservedTime"), now_s));
	else
		cell_str(out, last[0] ? cell_since(a, last, now_s) : first_seen(a, tree, now_s));
}

CELL(event_first)
{
	cell_str(out, first_seen(a, tree, now_s));
}

CELL(event_object)
{
	const char *name = json_path_str(tree, "involvedObject.name");
	char *kind = arena_strdup(a, json_path_str(tree, "involvedObject.kind"));

	for (char *p = kind; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	cell_strf(out, "%s%s%s", kind, name[0] ? "/" : "", name);
}

CELL(event_source)
{
	const char *component = json_path_str(tree, "source.component");
	const char *host = json_path_str(tree, "source.host");

	if (!component[0])
		component = json_path_str(tree, "reportingComponent");
	if (!host[0])
		host = json_path_str(tree, "reportingInstance");
	cell_strf(out, "%s%s%s", component, host[0] ? ", " : "", host);
}

CELL(event_message)
{
	static const char space[] = " \t\r\n\v\f";
	const char *m = json_path_str(tree, "message");
	size_t n;

	m += strspn(m, space);
	for (n = strlen(m); n && strchr(space, m[n - 1]); n--)
		;
	json_print_string(out, m, n);
}

CELL(event_count)
{
	long long count = json_path_int(tree, "count", 0);

	if (json_get(tree, "series"))
		count = json_path_int(tree, "series.count", 0);
	buf_addf(out, "%lld", count ? count : 1);
}

CELL(event_type)
{
	cell_str(out, json_path_str(tree, "type"));
}

CELL(event_reason)
{
	cell_str(out, json_path_str(tree, "reason"));
}

CELL(event_subobject)
{
	cell_str(out, json_path_str(tree, "involvedObject.fieldPath"));
}

const struct column columns_event[] = {
	COL_FN("Last Seen", "When it was last seen.", event_last),
	COL_FN("Type", "Normal or Warning.", event_type),
	COL_FN("Reason", "What happened, in one word.", event_reason),
	COL_FN("Object", "What it happened to.", event_object),
	COL_WIDE_FN("Subobject", "Which part of it.", event_subobject),
	COL_WIDE_FN("Source", "Who reported it.", event_source),
	COL_FN("Message", "What happened.", event_message),
	COL_WIDE_FN("First Seen", "When it was first seen.", event_first),
	COL_WIDE_FN("Count", "How often it was seen.", event_count),
	COL_AS("Name", "string", "name", DOC_NAME, 1, "metadata.name", NULL),
	COL_END,
};

/* ---- resource quotas ---- */

/* "cpu: 1/2" for each resource, sorted; limits.* in one column, the rest in the other. */
static void quota_cell(struct buf *out, struct arena *a, const struct json *tree, bool limits)
{
	const struct json *hard = json_path(tree, "status.hard");
	const struct json *used = json_path(tree, "status.used");
	const char **names = arena_alloc(a, (json_count(hard) + 1) * sizeof *names);
	BUF_AUTO struct buf b = BUF_INIT;
	size_t n = 0;

	json_each(q, hard)
		if (!strncmp(json_name(q), "limits.", 7) == limits)
			names[n++] = json_name(q);
	qsort(names, n, sizeof *names, by_text);
	for (size_t i = 0; i < n; i++) {
		const char *u = json_str(json_get(used, names[i]));

		buf_addf(&b, "%s%s: %s/%s", i ? ", " : "", names[i], u[0] ? u : "0",
			 json_str(json_get(hard, names[i])));
	}
	cell_str(out, b.p ? b.p : "");
}

CELL(quota_requests)
{
	quota_cell(out, a, tree, false);
}

CELL(quota_limits)
{
	quota_cell(out, a, tree, true);
}

const struct column columns_quota[] = {
	COL_NAME,
	COL_FN("Request", "Used and allowed requests and objects.", quota_requests),
	COL_FN("Limit", "Used and allowed limits.", quota_limits),
	COL_AGE,
	COL_END,
};

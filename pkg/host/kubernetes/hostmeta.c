#include "host/kubernetes/hostmeta.h"

#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

bool annotation_denied(const char *key)
{
	static const char *const prefixes[] = {
		"kubernetes.io/config.",
		"k8s.v1.cni.cncf.io/",
		"cni.projectcalico.org/",
		"io.kubernetes.cri-o.",
	};

	if (!strcmp(key, LAST_APPLIED) || strstr(key, ".multus"))
		return true;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

struct json *host_labels(struct arena *a, const struct json *labels)
{
	struct json *out = json_object(a);

	json_each(l, labels)
		json_set_str(a, out, names_key(a, json_name(l)), json_str(l));
	return out;
}

static struct json *annotations(struct arena *a, const struct json *v)
{
	struct json *out = json_object(a);

	json_each(an, json_path(v, "metadata.annotations"))
		if (!annotation_denied(json_name(an)))
			json_set_str(a, out, names_key(a, json_name(an)), json_str(an));
	return out;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The label and annotation keys we write, sorted: what a later push may remove. */
static char *key_list(struct arena *a, const struct json *labels, const struct json *annos)
{
	size_t n = 0, max = json_count(labels) + json_count(annos);
	const char **keys = arena_alloc(a, (max + 1) * sizeof(*keys));
	struct buf b = BUF_INIT;
	char *out;

	json_each(l, labels)
		keys[n++] = arena_printf(a, "l:%s", json_name(l));
	json_each(an, annos)
		keys[n++] = arena_printf(a, "a:%s", json_name(an));
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", keys[i]);
	out = arena_dup(a, b.len ? b.p : "", b.len);
	buf_free(&b);
	return out;
}

static void add_owner(struct host *h, struct arena *a, struct json *meta, bool controlled)
{
	if (!h->root.uid)
		return;
	json_append(json_ensure_array(a, meta, "ownerReferences"),
		    json_build(a, "{apiVersion:%s,kind:%s,name:%s,uid:%s,controller:%b}", "v1",
			       "ConfigMap", h->root.name, h->root.uid, controlled));
}

struct json *host_metadata(struct host *h, struct arena *a, const char *kind, const char *vns,
			   const char *vname, const struct json *v, bool controlled)
{
	struct json *meta = json_object(a), *labels, *annos;
	char hname[HOST_NAME_MAX];

	names_map(h->names, kind, vns, vname, hname);
	json_set_str(a, meta, "name", hname);
	json_set_str(a, meta, "namespace", h->ns);
	labels = json_set(a, meta, "labels", host_labels(a, json_path(v, "metadata.labels")));
	annos = json_set(a, meta, "annotations", annotations(a, v));
	json_set_str(a, annos, ANNOTATION_KEYS, key_list(a, labels, annos));
	json_set_str(a, labels, LABEL_VC, h->cid_label);
	json_set_str(a, labels, LABEL_VNS, vns);
	json_set_str(a, labels, LABEL_KIND, arena_dup(a, kind, strcspn(kind, "./")));
	json_set_str(a, annos, ANNOTATION_NAME, vname);
	json_set_str(a, annos, ANNOTATION_NAMESPACE, vns);
	json_set_str(a, annos, ANNOTATION_KIND, kind);
	json_set_str(a, annos, ANNOTATION_SELF, hname);
	if (v) {
		json_set_str(a, annos, ANNOTATION_UID, meta_uid(v));
		json_set_str(a, annos, ANNOTATION_VGEN,
			     arena_printf(a, "%lld", (long long)meta_generation(v)));
	}
	add_owner(h, a, meta, controlled);
	return meta;
}

void host_stamp(struct arena *a, struct json *o)
{
	struct buf b = BUF_INIT;

	meta_del_annotation(o, ANNOTATION_APPLIED);
	json_print(&b, o);
	meta_set_annotation(a, o, ANNOTATION_APPLIED,
			    arena_printf(a, "%016llx", (unsigned long long)fnv64a(b.p, b.len)));
	buf_free(&b);
}

const char *host_applied(const struct json *o)
{
	const char *v = meta_annotation(o, ANNOTATION_APPLIED);

	return v ? v : "";
}

const char *host_annotation(struct arena *a, const struct obj *o, const char *key)
{
	const char *v = meta_annotation(obj_tree(a, o), key);

	return v ? v : "";
}

struct linked host_linked(struct arena *a, const struct obj *o)
{
	const struct json *annos = json_path(obj_tree(a, o), "metadata.annotations");

	return (struct linked){ json_str(json_get(annos, ANNOTATION_NAMESPACE)),
				json_str(json_get(annos, ANNOTATION_NAME)),
				json_str(json_get(annos, ANNOTATION_UID)) };
}

bool host_ours(struct host *h, struct arena *a, const struct obj *o, const char *kind)
{
	const char *vc = obj_label(o, LABEL_VC);
	struct linked l;
	char hname[HOST_NAME_MAX];

	if (!vc || strcmp(vc, h->cid_label) ||
	    strcmp(host_annotation(a, o, ANNOTATION_SELF), o->name))
		return false;
	l = host_linked(a, o);
	return !strcmp(names_map(h->names, kind, l.vns, l.vname, hname), o->name);
}

struct json *host_selector(struct host *h, struct arena *a, const struct json *sel, const char *vns)
{
	struct json *out = json_copy(a, sel), *labels;

	labels = host_labels(a, json_get(sel, "matchLabels"));
	json_set_str(a, labels, LABEL_VC, h->cid_label);
	if (vns)
		json_set_str(a, labels, LABEL_VNS, vns);
	json_set(a, out, "matchLabels", labels);
	json_each(e, json_get(out, "matchExpressions"))
		json_set_str(a, e, "key", names_key(a, json_path_str(e, "key")));
	return out;
}

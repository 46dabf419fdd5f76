/* Names of host objects: the vectors of the scheme, legality, uniqueness, and the way back. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "host/kubernetes/names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static struct names *scheme(void)
{
	return names_new("abcdefghijklmnopqrstuvwxyz", "team-a");
}

UNIT_TEST(names_vectors)
{
	static const char *const rows[][4] = {
		{ "pods", "default", "web-0", "web-0-default-jjmtlsxs4hhr5cu7" },
		{ "pods", "c", "a-b", "a-b-c-ozdm474kpksx2boa" },
		{ "pods", "b-c", "a", "a-b-c-gmjyf53hpfbptwcy" },
		{ "secrets", "kube-system", "9.Weird..name-",
		  "v9-weird-name-kube-system-hos4pjqmpvvrfma3" },
		{ "configmaps", "default", "kube-root-ca.crt",
		  "kube-root-ca-crt-default-5h6gmhybtaejbsum" },
	};
	struct names *n = scheme();
	char out[HOST_NAME_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_STR(names_map(n, rows[i][0], rows[i][1], rows[i][2], out), rows[i][3]);
	CHECK_STR(names_map_cluster(n, "priorityclasses.scheduling.k8s.io", "high", out),
		  "high-yrqjhlrmsmsrlhsv");
	names_free(&n);
}

UNIT_TEST(names_keys)
{
	struct arena *a = arena_new();

	CHECK_STR(names_ns_label(a, "kubernetes.io/metadata.name"), "nutshell.dev/n.z4jcpn5s4v");
	CHECK_STR(names_ns_label(a, "team"), "nutshell.dev/n.zkfsfug3qo");
	CHECK_STR(names_key(a, "app"), "app");
	CHECK_STR(names_key(a, "example.com/x"), "example.com/x");
	CHECK(!strncmp(names_key(a, "nutshell.dev/vc"), "nutshell.dev/e.", 15));
	CHECK(!strncmp(names_key(a, "sub.nutshell.dev/x"), "nutshell.dev/e.", 15));
	CHECK_STR(names_key(a, "notnutshell.dev/x"), "notnutshell.dev/x");
	arena_free(&a);
}

static bool legal(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 63 || !islower((unsigned char)s[0]) || s[n - 1] == '-')
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '-')
			return false;
	return true;
}

UNIT_TEST(names_long_and_odd_names_are_legal)
{
	struct names *n = scheme();
	char out[HOST_NAME_MAX], other[HOST_NAME_MAX], name[254], ns[64];

	memset(name, 'x', 253);
	name[253] = '\0';
	memset(ns, 'n', 63);
	ns[63] = '\0';
	name[29] = name[30] = '.';
	CHECK(legal(names_map(n, "pods", ns, name, out)));
	name[252] = 'y';
	CHECK(legal(names_map(n, "pods", ns, name, other)));
	CHECK(strcmp(out, other));
	CHECK(legal(names_map(n, "pods", "7", "...", out)));
	CHECK(legal(names_map(n, "pods", "a", "0", out)));
	CHECK(strcmp(names_map(n, "pods", "b-x-c", "a", out),
		     names_map(n, "pods", "c", "a-x-b", other)));
	names_free(&n);
}

UNIT_TEST(names_scrub_texts)
{
	struct names *n = scheme();
	struct arena *a = arena_new();
	char h[HOST_NAME_MAX];
	const char *ns, *name;

	names_map(n, "pods", "default", "web-0", h);
	CHECK_STR(names_scrub(n, a, arena_printf(a, "pod \"%s\" failed", h)), "pod \"web-0\" failed");
	CHECK_STR(names_scrub(n, a, arena_printf(a, "team-a/%s: no", h)), "default/web-0: no");
	CHECK_STR(names_scrub(n, a, "unknown-abcdefghijklmnop stays"),
		  "unknown-abcdefghijklmnop stays");
	CHECK(names_back(n, a, h, &ns, &name));
	CHECK_STR(ns, "default");
	CHECK_STR(name, "web-0");
	CHECK(!names_back(n, a, "short", &ns, &name));
	arena_free(&a);
	names_free(&n);
}

/* The kubeconfig of a data directory, and the command that prints it. */
#include "kubeconfig.h"

#include "command.h"
#include "files.h"
#include "flags.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *kubeconfig_text(struct arena *a, const char *name, const char *server, const char *ca_pem,
		      const char *cert_pem, const char *key_pem)
{
	struct buf b = BUF_INIT;
	char *out;
	struct json *o = json_build(
		a,
		"{apiVersion:%s,kind:%s,clusters:[{name:%s,cluster:{server:%s,"
		"certificate-authority-data:%s}}],users:[{name:%s,user:{"
		"client-certificate-data:%s,client-key-data:%s}}],contexts:[{name:%s,context:{"
		"cluster:%s,user:%s}}],current-context:%s,preferences:{}}",
		"v1", "Config", name, server, base64_encode(a, ca_pem, strlen(ca_pem)), name,
		base64_encode(a, cert_pem, strlen(cert_pem)),
		base64_encode(a, key_pem, strlen(key_pem)), name, name, name, name);

	yaml_print(&b, o);
	out = arena_dup(a, b.p, b.len);
	buf_free(&b);
	return out;
}

static const struct flag flags[] = {
	{ .name = "data-dir",
	  .value = "DIR",
	  .initial = "./nutshell-data",
	  .help = "the cluster's data directory" },
	{ .name = "server",
	  .value = "URL",
	  .help = "address to write into it, for a published port or a tunnel" },
	{ .name = NULL },
};

static int print(const char *text, const char *server)
{
	struct arena *a = arena_new();
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *o = yaml_parse(a, text, strlen(text), NULL, &st);
	BUF_AUTO struct buf b = BUF_INIT;

	if (!o) {
		fprintf(stderr, "nutshell kubeconfig: %s\n", st.message);
		arena_free(&a);
		return EXIT_FAILURE;
	}
	if (server)
		json_set_str(a, json_path(o, "clusters.0.cluster"), "server", server);
	yaml_print(&b, o);
	fwrite(b.p, 1, b.len, stdout);
	arena_free(&a);
	return EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	struct flag table[sizeof flags / sizeof *flags];
	STATUS_AUTO struct status st = STATUS_INIT;
	char path[4096], *text;
	int code;

	memcpy(table, flags, sizeof flags);
	if (!flags_parse(table, "kubeconfig", "Prints the admin kubeconfig of a data directory.",
			 argc, argv, &code))
		return code;
	snprintf(path, sizeof path, "%s/kubeconfig.yaml", flag_get(table, "data-dir"));
	text = file_read(path, &st);
	if (!text) {
		fprintf(stderr, "nutshell kubeconfig: %s\n",
			st.code ? st.message :
				  "no cluster has been started in this data directory yet; "
				  "start one with `nutshell server --data-dir DIR`");
		return EXIT_FAILURE;
	}
	code = print(text, flag_get(table, "server"));
	free(text);
	return code;
}

const struct command command_kubeconfig = {
	.name = "kubeconfig",
	.summary = "print the admin kubeconfig of a data directory",
	.run = run,
};

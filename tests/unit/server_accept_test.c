#include "server/accept.h"
#include "unit.h"

#include <string.h>

enum { ALL = ACCEPT_YAML | ACCEPT_FORMS };

#define PROTO "application/vnd.kubernetes.protobuf"
#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io"

/* "json", "yaml", "table", "partial", "partials" or "406" */
static const char *chosen(const char *header, unsigned offers)
{
	static const char *const names[] = { "json", "table", "partial", "partials" };
	struct accept x;

	if (!accept_parse(header, offers, &x))
		return "406";
	if (x.proto)
		return x.form ? "protobuf form" : "protobuf";
	return x.yaml ? "yaml" : names[x.form];
}

UNIT_TEST(accept_chooses)
{
	static const struct {
		const char *header, *want;
	} rows[] = {
		{ NULL, "json" },
		{ "", "json" },
		{ "*/*", "json" },
		{ "application/*", "json" },
		{ "application/json", "json" },
		{ "application/json; charset=utf-8", "json" },
		{ "application/yaml", "yaml" },
		{ "application/yaml;q=0.5, application/json", "json" },
		{ "application/json;q=0.5,application/yaml;q=0.9", "yaml" },
		{ "text/html", "406" },
		{ "application/cbor", "406" },
		{ "application/cbor, application/json", "json" },
		{ "application/vnd.kubernetes.protobuf", "406" },
		{ "application/vnd.kubernetes.protobuf,application/json", "json" },
		{ "application/vnd.kubernetes.protobuf, */*", "json" },
		{ TABLE ",application/json", "table" },
		{ "application/json;as=Table;v=v1beta1;g=meta.k8s.io", "table" },
		{ "application/json;as=Table;v=v2;g=meta.k8s.io", "406" },
		{ "application/json;as=Table;v=v1;g=example.com,application/json", "json" },
		{ "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
		  "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
		  "partial" },
		{ "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "partials" },
		{ "application/json;q=0", "406" },
		{ ",,;,/,=;;q=,", "406" },
		{ "*", "json" },
		{ "application/json;as", "json" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_STR(chosen(rows[i].header, ALL), rows[i].want);
}

UNIT_TEST(accept_offers_limit)
{
	CHECK_STR(chosen("application/yaml", ACCEPT_FORMS), "406");
	CHECK_STR(chosen(TABLE, ACCEPT_YAML), "406");
	CHECK_STR(chosen(TABLE ",application/json", 0), "json");
}

UNIT_TEST(accept_protobuf)
{
	static const char partial[] = PROTO ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
	unsigned all = ALL | ACCEPT_PROTO, custom = ALL | ACCEPT_PROTO_FORMS;

	CHECK_STR(chosen(PROTO, all), "protobuf");
	CHECK_STR(chosen(PROTO ",application/json", all), "protobuf");
	CHECK_STR(chosen("*/*," PROTO, all), "protobuf");
	CHECK_STR(chosen(PROTO ";q=0.5,application/json", all), "json");
	CHECK_STR(chosen(PROTO ";stream=watch", all), "protobuf");
	CHECK_STR(chosen(PROTO ";as=Table;g=meta.k8s.io;v=v1", all), "406");
	CHECK_STR(chosen(partial, all), "protobuf form");
	CHECK_STR(chosen(partial, custom), "protobuf form");
	CHECK_STR(chosen(PROTO, custom), "406");
	CHECK_STR(chosen(PROTO ", */*", custom), "json");
	CHECK_STR(chosen("application/json;g=meta.k8s.io", all), "406");
}

UNIT_TEST(accept_looks_at_so_many_clauses_only)
{
	char header[8192] = "";

	for (int i = 0; i < 31; i++)
		strcat(header, "text/x,");
	strcat(header, "application/json");
	CHECK_STR(chosen(header, ALL), "json");
	*header = '\0';
	for (int i = 0; i < 400; i++)
		strcat(header, "text/x,");
	strcat(header, "application/json");
	CHECK_STR(chosen(header, ALL), "406");
}

UNIT_TEST(accept_aggregated_discovery)
{
#define V2 "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#define BETA "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
	static const struct {
		const char *header;
		bool want;
	} rows[] = {
		{ V2 "," BETA ",application/json", true },
		{ BETA ",application/json", false },
		{ BETA "," V2, true },
		{ "application/json," V2, false },
		{ "application/json", false },
		{ NULL, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_INT(accept_wants(rows[i].header, "apidiscovery.k8s.io", "v2",
				       "APIGroupDiscoveryList"),
			  rows[i].want);
}

UNIT_TEST(accept_encodings)
{
	CHECK(accept_encoding("gzip", "gzip"));
	CHECK(accept_encoding("deflate, gzip;q=0.5", "gzip"));
	CHECK(!accept_encoding("gzip;q=0", "gzip"));
	CHECK(!accept_encoding("identity", "gzip"));
	CHECK(!accept_encoding(NULL, "gzip"));
	CHECK(!accept_encoding("", "gzip"));
}

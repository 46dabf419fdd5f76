/*
 * type_const: the types that every environment has, and those of function signatures.
 *
 * Kubernetes' own abstract types are objects without fields upstream, but for addresses, which are
 * opaque; messages and equality tell them apart, so this is kept.
 */
#include "cel/function.h"

const struct cel_type cel_type_error = { .kind = CEL_KIND_ERROR, .name = "error" };
const struct cel_type cel_type_dyn = { .kind = CEL_KIND_DYN, .name = "dyn", .min_size = 1 };
const struct cel_type cel_type_bool = { .kind = CEL_KIND_BOOL, .name = "bool", .min_size = 4 };
const struct cel_type cel_type_bytes = { .kind = CEL_KIND_BYTES, .name = "bytes", .min_size = 2 };
const struct cel_type cel_type_double = { .kind = CEL_KIND_DOUBLE, .name = "double", .min_size = 1 };
const struct cel_type cel_type_duration = { .kind = CEL_KIND_DURATION,
					    .name = "google.protobuf.Duration",
					    .min_size = 1 };
const struct cel_type cel_type_int = { .kind = CEL_KIND_INT, .name = "int", .min_size = 1 };
const struct cel_type cel_type_null = { .kind = CEL_KIND_NULL, .name = "null_type", .min_size = 4 };
const struct cel_type cel_type_string = { .kind = CEL_KIND_STRING, .name = "string", .min_size = 2 };
const struct cel_type cel_type_timestamp = { .kind = CEL_KIND_TIMESTAMP,
					     .name = "google.protobuf.Timestamp",
					     .min_size = 1 };
const struct cel_type cel_type_uint = { .kind = CEL_KIND_UINT, .name = "uint", .min_size = 1 };
const struct cel_type cel_type_type = { .kind = CEL_KIND_TYPE, .name = "type" };
const struct cel_type cel_type_ip = { .kind = CEL_KIND_OPAQUE, .name = "net.IP" };
const struct cel_type cel_type_cidr = { .kind = CEL_KIND_OPAQUE, .name = "net.CIDR" };
const struct cel_type cel_type_url = { .kind = CEL_KIND_OBJECT, .name = "kubernetes.URL" };
const struct cel_type cel_type_quantity = { .kind = CEL_KIND_OBJECT, .name = "kubernetes.Quantity" };
const struct cel_type cel_type_semver = { .kind = CEL_KIND_OBJECT, .name = "kubernetes.Semver" };
const struct cel_type cel_type_format = { .kind = CEL_KIND_OBJECT, .name = "kubernetes.NamedFormat" };
const struct cel_type cel_type_authorizer = { .kind = CEL_KIND_OBJECT,
					      .name = "kubernetes.authorization.Authorizer" };
const struct cel_type cel_type_path_check = { .kind = CEL_KIND_OBJECT,
					      .name = "kubernetes.authorization.PathCheck" };
const struct cel_type cel_type_group_check = { .kind = CEL_KIND_OBJECT,
					       .name = "kubernetes.authorization.GroupCheck" };
const struct cel_type cel_type_resource_check = { .kind = CEL_KIND_OBJECT,
						  .name = "kubernetes.authorization.ResourceCheck" };
const struct cel_type cel_type_decision = { .kind = CEL_KIND_OBJECT,
					    .name = "kubernetes.authorization.Decision" };
const struct cel_type cel_type_a = { .kind = CEL_KIND_PARAM, .name = "A" };
const struct cel_type cel_type_b = { .kind = CEL_KIND_PARAM, .name = "B" };
const struct cel_type cel_type_list_dyn = { .kind = CEL_KIND_LIST,
					    .name = "list",
					    .nparams = 1,
					    .params = { &cel_type_dyn },
					    .max = INT64_MAX,
					    .min_size = 2 };
const struct cel_type cel_type_map_dyn = { .kind = CEL_KIND_MAP,
					   .name = "map",
					   .nparams = 2,
					   .params = { &cel_type_dyn, &cel_type_dyn },
					   .max = INT64_MAX,
					   .min_size = 2 };
const struct cel_type cel_type_list_string = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_string }
};
const struct cel_type cel_type_type_a = {
	.kind = CEL_KIND_TYPE, .name = "type", .nparams = 1, .params = { &cel_type_a }
};
const struct cel_type cel_type_list_a = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_a }
};
const struct cel_type cel_type_list_list_a = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_list_a }
};
const struct cel_type cel_type_map_a_b = {
	.kind = CEL_KIND_MAP, .name = "map", .nparams = 2, .params = { &cel_type_a, &cel_type_b }
};
const struct cel_type cel_type_map_string_list_string = { .kind = CEL_KIND_MAP,
							  .name = "map",
							  .nparams = 2,
							  .params = { &cel_type_string,
								      &cel_type_list_string } };
const struct cel_type cel_type_list_int = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_int }
};
const struct cel_type cel_type_list_uint = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_uint }
};
const struct cel_type cel_type_list_double = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_double }
};
const struct cel_type cel_type_list_bool = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_bool }
};
const struct cel_type cel_type_list_duration = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_duration }
};
const struct cel_type cel_type_list_timestamp = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_timestamp }
};
const struct cel_type cel_type_list_bytes = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_bytes }
};
const struct cel_type cel_type_optional_a = {
	.kind = CEL_KIND_OPAQUE, .name = "optional_type", .nparams = 1, .params = { &cel_type_a }
};
const struct cel_type cel_type_optional_b = {
	.kind = CEL_KIND_OPAQUE, .name = "optional_type", .nparams = 1, .params = { &cel_type_b }
};
const struct cel_type cel_type_optional_list_a = {
	.kind = CEL_KIND_OPAQUE, .name = "optional_type", .nparams = 1, .params = { &cel_type_list_a }
};
const struct cel_type cel_type_optional_map_a_b = { .kind = CEL_KIND_OPAQUE,
						    .name = "optional_type",
						    .nparams = 1,
						    .params = { &cel_type_map_a_b } };
const struct cel_type cel_type_optional_format = {
	.kind = CEL_KIND_OPAQUE, .name = "optional_type", .nparams = 1, .params = { &cel_type_format }
};
const struct cel_type cel_type_optional_list_string = { .kind = CEL_KIND_OPAQUE,
							.name = "optional_type",
							.nparams = 1,
							.params = { &cel_type_list_string } };
const struct cel_type cel_type_list_optional_a = {
	.kind = CEL_KIND_LIST, .name = "list", .nparams = 1, .params = { &cel_type_optional_a }
};

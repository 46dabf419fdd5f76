/* Values: equality and order across types, lists and maps that share storage, JSON under a type. */
#include "unit.h"

#include "base/arena.h"
#include "cel/type.h"
#include "cel/value.h"
#include "obj/json.h"

#include <math.h>
#include <string.h>

static struct json *tree(struct arena *a, const char *text)
{
	return json_parse_own(a, text, strlen(text));
}

static bool equal(struct arena *a, struct cel_value x, struct cel_value y)
{
	return cel_is_true(cel_value_equal(a, x, y));
}

UNIT_TEST(numbers_compare_by_value)
{
	struct arena *a = arena_new();

	CHECK(equal(a, cel_int(1), cel_uint(1)) && equal(a, cel_double(1), cel_uint(1)));
	CHECK(!equal(a, cel_int(-1), cel_uint(UINT64_MAX)));
	CHECK(!equal(a, cel_double(NAN), cel_double(NAN)));
	CHECK(!equal(a, cel_int(1), cel_string("1")));
	CHECK_INT(cel_value_compare(cel_int(INT64_MAX), cel_double(0x1p63)).i, 0);
	CHECK_INT(cel_value_compare(cel_int(-1), cel_uint(0)).i, -1);
	CHECK_INT(cel_value_compare(cel_uint(UINT64_MAX), cel_int(-1)).i, 1);
	CHECK(cel_is_error(cel_value_compare(cel_int(1), cel_double(NAN))));
	CHECK(cel_is_error(cel_value_compare(cel_int(1), cel_string("a"))));
	arena_free(&a);
}

UNIT_TEST(lists_grow_without_disturbing_others)
{
	struct arena *a = arena_new();
	struct cel_value base = cel_list_of(a, NULL, 0), one, two, three;
	struct cel_value items[3] = { cel_int(1), cel_int(2), cel_int(3) };

	one = cel_list_add(a, base, cel_list_of(a, &items[0], 1));
	two = cel_list_add(a, one, cel_list_of(a, &items[1], 1));
	three = cel_list_add(a, one, cel_list_of(a, &items[2], 1));
	CHECK_STR(cel_value_text(a, one), "[1]");
	CHECK_STR(cel_value_text(a, two), "[1, 2]");
	CHECK_STR(cel_value_text(a, three), "[1, 3]");
	two = cel_list_add(a, two, two);
	CHECK_STR(cel_value_text(a, two), "[1, 2, 1, 2]");
	arena_free(&a);
}

UNIT_TEST(maps_find_across_numeric_types_and_grow)
{
	struct arena *a = arena_new();
	struct cel_value m = cel_map_new(a, 0), out, more, again;

	for (int i = 0; i < 100; i++)
		cel_map_put(m, cel_int(i), cel_int(i * i));
	CHECK(cel_map_find(m.map, cel_uint(9), &out) && out.i == 81);
	CHECK(cel_map_find(m.map, cel_double(10), &out) && out.i == 100);
	CHECK(!cel_map_find(m.map, cel_string("9"), &out));
	more = cel_map_insert(a, m, cel_string("x"), cel_int(1));
	again = cel_map_insert(a, m, cel_string("y"), cel_int(2));
	CHECK(!cel_map_find(more.map, cel_string("y"), &out));
	CHECK(cel_map_find(again.map, cel_string("y"), &out));
	CHECK(!cel_map_find(m.map, cel_string("x"), &out));
	again = cel_map_insert(a, more, cel_string("x"), cel_int(3));
	CHECK_STR(cel_value_text(a, again), "insert failed: key x already exists");
	arena_free(&a);
}

/* {sp__dash__ec: int, set: set of strings, map: list by key k, when: timestamp} */
static const struct cel_type *object_type(struct arena *a)
{
	static const char *const keys[] = { "k", NULL };
	static struct cel_field item_fields[2], fields[4];
	static struct cel_object item, object;
	struct cel_type *set = cel_type_list(a, &cel_type_string, -1), *map;

	item_fields[0] = (struct cel_field){ "k", "k", &cel_type_string };
	item_fields[1] = (struct cel_field){ "v", "v", &cel_type_int };
	item = (struct cel_object){ .fields = item_fields, .nfields = 2 };
	map = cel_type_list(a, cel_type_object(a, "item", &item), -1);
	set->list = CEL_LIST_SET;
	map->list = CEL_LIST_MAP;
	map->keys = keys;
	fields[0] = (struct cel_field){ "sp__dash__ec", "sp-ec", &cel_type_int };
	fields[1] = (struct cel_field){ "set", "set", set };
	fields[2] = (struct cel_field){ "map", "map", map };
	fields[3] = (struct cel_field){ "when", "when", &cel_type_timestamp };
	object = (struct cel_object){ .fields = fields, .nfields = 4 };
	return cel_type_object(a, "root", &object);
}

static struct cel_value field(struct cel_value v, const char *name)
{
	struct cel_value out = CEL_NULL_VALUE;

	CHECK(cel_map_find(v.map, cel_string(name), &out));
	return out;
}

UNIT_TEST(typed_objects_show_declared_members)
{
	struct arena *a = arena_new();
	const struct cel_type *t = object_type(a);
	struct cel_value v = cel_json(
				 a,
				 tree(a,
				      "{\"sp-ec\":3,\"other\":1,\"set\":null,\"when\":\"2020-01-01\"}"),
				 t),
			 out;

	CHECK_INT(field(v, "sp__dash__ec").i, 3);
	CHECK(!cel_map_find(v.map, cel_string("sp-ec"), &out));
	CHECK(!cel_map_find(v.map, cel_string("other"), &out));
	CHECK(!cel_map_find(v.map, cel_string("set"), &out));
	CHECK_INT(field(v, "when").kind, CELV_TIMESTAMP);
	CHECK(cel_map_find(v.map, cel_int(1), &out) && cel_is_error(out));
	v = cel_json(a, tree(a, "{\"sp-ec\":\"x\"}"), t);
	CHECK_STR(cel_value_text(a, field(v, "sp__dash__ec")),
		  "invalid data, expected int, got string");
	arena_free(&a);
}

UNIT_TEST(sets_and_keyed_lists_ignore_order)
{
	struct arena *a = arena_new();
	const struct cel_type *t = object_type(a);
	struct cel_value x = cel_json(
		a, tree(a, "{\"set\":[\"a\",\"b\"],\"map\":[{\"k\":\"p\",\"v\":1},{\"k\":\"q\"}]}"),
		t);
	struct cel_value y = cel_json(
		a, tree(a, "{\"set\":[\"b\",\"a\"],\"map\":[{\"k\":\"q\"},{\"k\":\"p\",\"v\":1}]}"),
		t);
	struct cel_value z = cel_json(
		a, tree(a, "{\"set\":[\"b\",\"c\"],\"map\":[{\"k\":\"p\",\"v\":2},{\"k\":\"r\"}]}"),
		t);
	const char *why;

	CHECK(equal(a, x, y));
	CHECK(!equal(a, field(x, "set"), field(z, "set")));
	CHECK(!equal(a, field(x, "map"), field(z, "map")));
	CHECK_STR(json_text(a, cel_value_tree(a, cel_list_add(a, field(x, "set"), field(z, "set")),
					      &why)),
		  "[\"a\",\"b\",\"c\"]");
	CHECK_STR(json_text(a, cel_value_tree(a, cel_list_add(a, field(x, "map"), field(z, "map")),
					      &why)),
		  "[{\"k\":\"p\",\"v\":2},{\"k\":\"q\"},{\"k\":\"r\"}]");
	arena_free(&a);
}

UNIT_TEST(values_become_json)
{
	struct arena *a = arena_new();
	struct cel_value m = cel_map_new(a, 0);
	const char *why = NULL;

	cel_map_put(m, cel_string("b"), cel_bytes("\xff", 1));
	cel_map_put(m, cel_string("d"), cel_duration(1500000000));
	cel_map_put(m, cel_string("t"), cel_timestamp(0, 0));
	cel_map_put(m, cel_string("f"), cel_double(0.1));
	CHECK_STR(json_text(a, cel_value_tree(a, m, &why)),
		  "{\"b\":\"/w==\",\"d\":\"1.5s\",\"t\":\"1970-01-01T00:00:00Z\",\"f\":0.1}");
	CHECK(!cel_value_tree(a, cel_type_value("int"), &why) && why);
	arena_free(&a);
}

#!/usr/bin/env python3
"""The facts of the Kubernetes API types: out of Go, into rows, into C.

    gen_schema.py rows K8S_IO OUT_DIR   types.go below K8S_IO (…/k8s.io) -> OUT_DIR/<group>_<version>.tsv
    gen_schema.py docs K8S_IO OUT_FILE  the comments, as gzip (index format: pkg/kind/docs.h)
    gen_schema.py c FACTS_DIR           rows -> C on standard output; needs nothing but this script

The rows are committed and diffed, `rows` runs only when Kubernetes is bumped.  A type is a line
`Name flags…`, its fields follow indented: `name type number go-type flags…`, tab-separated.
  type     string bool int32 int64 double bytes time microtime duration quantity intorstring raw fieldsv1
           any schema-or-bool schema-or-array schema-or-strings, or a type `apps.v1.Deployment`;
           before it `*` pointer, `[]` list, `map:` map, `map:[]` map of lists
  number   of protobuf, 0 = none (a member of an embedded message, see flag embed)
  go-type  as Go's reflection prints it, for decoder errors; `-` = same as type
  flags    omitempty required merge replace retainKeys mergekey=K list=atomic|set|map:K,K
           map=atomic|granular default=JSON enum=V,V
of types:  kind (has kind and apiVersion)  atomic  embed=N:type (inlined in JSON, message N in protobuf)
"""
import gzip, os, re, sys

PACKAGES = {  # short name -> directory below k8s.io
    **{g: "api/" + g.replace(".", "/") for g in """core.v1 apps.v1 authentication.v1 authorization.v1
       autoscaling.v1 autoscaling.v2 batch.v1 certificates.v1 coordination.v1 discovery.v1 events.v1
       flowcontrol.v1 networking.v1 node.v1 policy.v1 rbac.v1 resource.v1 scheduling.v1 storage.v1
       admission.v1 admissionregistration.v1""".split()},
    "meta.v1": "apimachinery/pkg/apis/meta/v1",
    "apiextensions.v1": "apiextensions-apiserver/pkg/apis/apiextensions/v1",
}
LONG = {"meta": "io.k8s.apimachinery.pkg.apis.meta.",
        "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.",
        "apiregistration": "io.k8s.kube-aggregator.pkg.apis.apiregistration.",
        "metrics": "io.k8s.metrics.pkg.apis.metrics."}
SCALARS = {"string": "string", "bool": "bool", "int32": "int32", "int": "int32", "int64": "int64",
           "float64": "double", "[]byte": "bytes", "meta.v1.Time": "time", "meta.v1.MicroTime": "microtime",
           "meta.v1.Duration": "duration", "resource.Quantity": "quantity", "meta.v1.FieldsV1": "fieldsv1",
           "intstr.IntOrString": "intorstring", "runtime.RawExtension": "raw", "apiextensions.v1.JSON": "any",
           "apiextensions.v1.JSONSchemaPropsOrBool": "schema-or-bool",
           "apiextensions.v1.JSONSchemaPropsOrArray": "schema-or-array",
           "apiextensions.v1.JSONSchemaPropsOrStringArray": "schema-or-strings"}


# ---- reading Go ----

class Package:
    """All type declarations of one Go package, unresolved."""

    def __init__(self, short, directory):
        self.short, self.structs, self.named, self.consts = short, {}, {}, {}
        self.docs, self.enums, self.group, self.imports = {}, set(), "", {}
        for name in sorted(os.listdir(directory)):
            if name.endswith(".go") and not re.search(r"_test\.go$|generated|zz_", name):
                self.read(open(os.path.join(directory, name), encoding="utf-8").read())

    def read(self, text):
        for alias, path in re.findall(r'^\t(\w+ )?"(k8s\.io/[^"]+)"', text, re.M):
            short = ".".join(path.split("/")[-2:])
            self.imports[alias.strip() or path.split("/")[-1]] = short if short in PACKAGES else path.split("/")[-1]
        m = re.search(r'^const GroupName = "(.*)"', text, re.M)
        self.group = m.group(1) if m else self.group
        comment, struct = [], None
        for line in text.split("\n"):
            s = line.strip()
            if s.startswith("//"):
                comment.append(s[2:][1:] if s[2:3] == " " else s[2:])
                continue
            if m := re.match(r"type (\w+) struct ?\{(\})?$", line):
                struct = None if m.group(2) else m.group(1)
                self.structs[m.group(1)], self.docs[m.group(1), ""] = [], comment
            elif line == "}":
                struct = None
            elif struct and (m := re.match(r"(?:(\w+)\s+)?([\[\]*\w.]+)\s+`(.*)`", s)):
                self.structs[struct].append((m.group(2), m.group(3), comment))
            elif m := re.match(r"type (\w+) ([\[\]*\w.]+)$", s):
                self.named[m.group(1)], self.docs[m.group(1), ""] = m.group(2), comment
                if any(re.match(r" *\+enum\b", c) for c in comment):
                    self.enums.add(m.group(1))
            elif m := re.match(r'(?:const )?(\w+)\s+(?:(\w+)\s+)?= (?:(\w+)\()?("[^"]*")\)?', s):
                self.consts[m.group(1)] = (m.group(2) or m.group(3), m.group(4)[1:-1], comment)
            comment = []

    def qualify(self, name):
        if "." in name:
            alias, name = name.split(".")
            return self.imports.get(alias, alias) + "." + name
        return name if name in ("string", "bool", "byte", "int", "int32", "int64", "float64") \
            else self.short + "." + name


class World:
    def __init__(self, root):
        self.packages = {s: Package(s, os.path.join(root, d)) for s, d in PACKAGES.items()}

    def split(self, qualified):
        short, name = qualified.rsplit(".", 1) if "." in qualified else ("", qualified)
        return self.packages.get(short), name

    def resolve(self, package, expr):
        """(row type, Go's text, name of the enum type or None) of a Go type expression."""
        if expr in ("[]byte", "*[]byte"):
            return "bytes", "[]uint8", None
        if expr.startswith("*"):
            row, go, enum = self.resolve(package, expr[1:])
            return "*" + row, go, enum
        if expr.startswith("[]"):
            row, go, enum = self.resolve(package, expr[2:])
            return "[]" + row.lstrip("*"), "[]" + go, enum
        if m := re.match(r"map\[([\w.]+)\](.*)", expr):
            row, go, enum = self.resolve(package, m.group(2))
            return "map:" + row, "map[%s]%s" % (self.text(package.qualify(m.group(1))), go), enum
        name = package.qualify(expr)
        if name in SCALARS:
            return SCALARS[name], self.text(name), None
        owner, base = self.split(name)
        if owner and base in owner.named:
            row, _, enum = self.resolve(owner, owner.named[base])
            return row, self.text(name), name if base in owner.enums else enum
        if owner is None:  # a named string of a helper package: types.UID
            return "string", self.text(name), None
        return name, self.text(name), None

    @staticmethod
    def text(qualified):
        return ".".join(qualified.split(".")[-2:])

    def enum_values(self, name):
        owner, base = self.split(name)
        return sorted({v for t, v, _ in owner.consts.values() if t == base})

    def fields(self, package, struct):
        """Yield (JSON name, package, Go type, number, json options, tags, comment, embed) in Go's order."""
        for go, tag, comment in package.structs[struct]:
            tags = dict(re.findall(r'(\w+):"([^"]*)"', tag))
            name, *options = tags.get("json", "-").split(",")
            number = re.search(r",(\d+)", tags.get("protobuf", ""))
            number = int(number.group(1)) if number else 0
            if name == "" and "inline" in options:
                owner, base = self.split(package.qualify(go.lstrip("*")))
                for f in self.fields(owner, base):  # TypeMeta has no number: it is not in the message
                    yield (*f[:3], 0, *f[4:7], (number, owner.short + "." + base))
            elif name not in ("-", ""):
                yield name, package, go, number, options, tags, comment, None


def marks(comment):
    """The `+name=value` markers of a comment."""
    out = {}
    for line in comment:
        if m := re.match(r"\s*\+([\w:]+)(?:=(.*))?", line):
            out.setdefault(m.group(1), []).append(m.group(2) or "")
    return out


def go_text(row):
    """The Go text that a row type has when nothing else is said."""
    m = re.match(r"\*?(map:)?(\[\])?(.*)", row)
    go = {"double": "float64", "bytes": "[]uint8", "time": "v1.Time", "microtime": "v1.MicroTime",
          "duration": "v1.Duration", "quantity": "resource.Quantity", "intorstring": "intstr.IntOrString",
          "raw": "runtime.RawExtension", "fieldsv1": "v1.FieldsV1", "any": "v1.JSON"}
    base = World.text(m.group(3))
    return ("map[string]" if m.group(1) else "") + (m.group(2) or "") + go.get(base, base)


def list_flags(m):
    if "listType" not in m:
        return []
    keys = ",".join(m.get("listMapKey", []))
    return ["list=" + m["listType"][0] + (":" + keys if m["listType"][0] == "map" else "")]


def field_row(world, field):
    name, package, go, number, options, tags, comment, _ = field
    row, text, enum = world.resolve(package, go)
    m, flags = marks(comment), []
    optional = "optional" in m or ("required" not in m and {"omitempty", "omitzero"} & set(options))
    flags += ["omitempty"] if {"omitempty", "omitzero"} & set(options) else []
    flags += [] if optional else ["required"]
    flags += [s for s in tags.get("patchStrategy", "").split(",") if s]
    flags += ["mergekey=" + tags["patchMergeKey"]] if "patchMergeKey" in tags else []
    flags += list_flags(m)
    flags += ["map=" + v for v in m.get("mapType", []) + m.get("structType", [])]
    for value in m.get("default", []):
        ref = re.match(r"ref\((\w+)\)", value)
        flags.append("default=" + ('"%s"' % package.consts[ref.group(1)][1] if ref else value))
    if enum:
        flags.append("enum=" + ",".join(world.enum_values(enum)))
    text = "-" if text == go_text(row) else text
    return ["", name, row, str(number), text, *flags]


def reachable(world):
    """All struct types that a type with kind and apiVersion refers to."""
    def top(p):
        return [s for s, fs in p.structs.items() if any(f[0].endswith("TypeMeta") and "inline" in f[1] for f in fs)]
    todo = [(s, n) for s, p in world.packages.items() for n in top(p)]
    todo += [("meta.v1", n) for n in ("WatchEvent", "LabelSelector", "ListMeta", "ObjectMeta")]
    todo += [("apiextensions.v1", "JSONSchemaProps")]
    kinds, seen = set(todo), set()
    while todo:
        short, name = key = todo.pop()
        if key in seen:
            continue
        seen.add(key)
        for f in world.fields(world.packages[short], name):
            todo += [tuple(f[7][1].rsplit(".", 1))] if f[7] and f[7][0] else []
            target = re.sub(r"^(\*|\[\]|map:)*", "", world.resolve(f[1], f[2])[0])
            todo += [tuple(target.rsplit(".", 1))] if "." in target else []
    return seen, kinds


def rows(root, out):
    world = World(root)
    seen, _ = reachable(world)
    for short, package in world.packages.items():
        with open(os.path.join(out, short.replace(".", "_") + ".tsv"), "w", encoding="utf-8") as f:
            f.write("# %s/%s, from k8s.io/%s/types.go by scripts/gen_schema.py\n"
                    % (package.group, short.split(".")[1], PACKAGES[short]))
            for name in package.structs:
                if (short, name) not in seen:
                    continue
                fields = list(world.fields(package, name))
                flags = ["kind"] if {"kind", "apiVersion"} <= {x[0] for x in fields if x[7] and not x[7][0]} else []
                flags += ["atomic"] if marks(package.docs[name, ""]).get("structType") == ["atomic"] else []
                flags += dict.fromkeys("embed=%d:%s" % x[7] for x in fields if x[7] and x[7][0])
                f.write("\t".join([name, *flags]) + "\n")
                f.writelines("\t".join(field_row(world, x)) + "\n" for x in fields)


# ---- documentation ----

def prose(comment):
    """The comment as OpenAPI shows it: markers dropped, lines joined, paragraphs kept."""
    out = ""
    for line in comment:
        line = line.rstrip()
        if line == "---":
            break
        if not line:
            out = out[:-1] + "\n\n"
        elif not line.lstrip().startswith(("TODO", "+")):
            out = out[:-1] + "\n" + line + "\n" if line[0] in " \t" else out + line + " "
    return out.strip()


def docs(root, out):
    world = World(root)
    texts = {}
    for short, name in reachable(world)[0]:
        package = world.packages[short]
        texts[long_name(short + "." + name)] = prose(package.docs[name, ""])
        for f in world.fields(package, name):
            text, enum = prose(f[6]), world.resolve(f[1], f[2])[2]
            if enum:
                owner, base = world.split(enum)
                known = {v: prose(c).removeprefix(n).strip() for n, (t, v, c) in owner.consts.items() if t == base}
                text += "\n\nPossible enum values:" + "".join(
                    '\n - `"%s"` %s' % (v, known[v].replace("\n", " ")) for v in sorted(known))
            texts[long_name(short + "." + name) + " " + f[0]] = text.strip()
    blob = b"".join(("%s\t%s" % (k, v)).encode() + b"\0" for k, v in sorted(texts.items()) if v)
    with open(out, "wb") as f:
        f.write(gzip.compress(blob, 9, mtime=0))


# ---- writing C ----

def long_name(short):
    group, version, name = short.rsplit(".", 2)
    return LONG.get(group, "io.k8s.api.%s." % group) + version + "." + name


def variable(short):
    return "type_" + short.replace(".", "_")


def c_string(s):
    return '"%s"' % s.replace("\\", "\\\\").replace('"', '\\"')


def c_list(values):
    return "(const char *const[]){ %s, NULL }" % ", ".join(map(c_string, values))


def c_field(row):
    name, kind, number, go, *flags = row
    bits, extra = [], []
    base = re.sub(r"^(\*|\[\]|map:)*", "", kind)
    pointer, shape = kind.startswith("*"), "ONE"
    kind = kind.lstrip("*")
    for prefix, value in (("map:[]", "MAP_LIST"), ("map:", "MAP"), ("[]", "LIST")):
        if kind.startswith(prefix):
            shape = value
            break
    bits += ["POINTER"] if pointer else []
    for flag in flags:
        word, _, value = flag.partition("=")
        if word in ("omitempty", "required"):
            bits.append("OMITEMPTY" if word == "omitempty" else "REQ")
        elif word in ("merge", "replace", "retainKeys"):
            bits.append({"merge": "PATCH_MERGE", "replace": "PATCH_REPLACE"}.get(word, "PATCH_RETAIN_KEYS"))
        elif word == "mergekey":
            extra.append(".merge_key = " + c_string(value))
        elif word == "map":
            bits.append("MAP_" + value.upper())
        elif word == "list":
            style, _, keys = value.partition(":")
            bits.append("LIST_DECLARED")
            extra.append(".list_type = LIST_" + style.upper())
            extra += [".map_keys = " + c_list(keys.split(","))] if keys else []
        elif word == "default":
            extra.append(".dflt = " + c_string(value))
        elif word == "enum":
            extra.append(".enums = " + c_list(value.split(",")))
        else:
            sys.exit("unknown flag %s of %s" % (flag, name))
    scalar = "STRUCT" if "." in base else {"intorstring": "INT_OR_STRING", "fieldsv1": "FIELDS_V1"}.get(
        base, base.upper().replace("-", "_"))
    if "." in base or base.startswith("schema-"):
        extra.append(".type = &" + variable(base if "." in base else "apiextensions.v1.JSONSchemaProps"))
    extra += [".proto = " + number] if number != "0" else []
    extra += [".flags = " + " | ".join("FIELD_" + b for b in bits)] if bits else []
    return "\t{ .name = %s, .go = %s, .scalar = SCALAR_%s, .shape = SHAPE_%s%s },\n" % (
        c_string(name), c_string(go_text(row[1]) if go == "-" else go), scalar, shape, "".join(", " + e for e in extra))


def c_type(short, gv, flags, fields):
    var, out = variable(short), ""
    embeds = [f[6:].split(":") for f in flags if f.startswith("embed=")]
    order = sorted(range(len(fields)), key=lambda i: fields[i][0].encode())
    if fields:
        out += "static const struct schema_field %s_fields[] = {\n%s};\n" % (var, "".join(map(c_field, fields)))
        out += "static const uint16_t %s_order[] = { %s };\n" % (var, ", ".join(map(str, order)))
    numbers = [(int(f[2]), i) for i, f in enumerate(fields) if f[2] != "0"]
    numbers += [(int(n), len(fields) + i) for i, (n, _) in enumerate(embeds)]
    if numbers:
        out += "static const uint16_t %s_wire[] = { %s };\n" % (var, ", ".join(str(i) for _, i in sorted(numbers)))
    parts = [".name = " + c_string(long_name(short)), ".nfields = %d" % len(fields)]
    parts += [".fields = %s_fields" % var, ".order = %s_order" % var] if fields else []
    parts += [".wire = %s_wire, .nwire = %d" % (var, len(numbers))] if numbers else []
    if "kind" in flags:
        parts += [".group = %s, .version = %s, .kind = %s" % (*map(c_string, gv), c_string(short.split(".")[2]))]
    parts += [".map_atomic = true"] if "atomic" in flags else []
    if embeds:
        parts.append(".embeds = (const struct schema_embed[]){ %s{ 0 } }" % "".join(
            "{ %s, &%s }, " % (n, variable(t)) for n, t in embeds))
    return out + "const struct schema_type %s = {\n\t%s,\n};\n" % (var, ",\n\t".join(parts))


def compile_c(directory):
    types = []
    for name in sorted(n for n in os.listdir(directory) if n.endswith(".tsv")):
        lines = open(os.path.join(directory, name), encoding="utf-8").read().splitlines()
        gv = re.match(r"# (.*)/(\w+),", lines[0]).groups()
        for line in lines[1:]:
            row = line.split("\t")
            if row[0]:
                types.append((name[:-4].replace("_", ".") + "." + row[0], gv, row[1:], []))
            else:
                types[-1][3].append(row[1:])
    types.sort(key=lambda t: long_name(t[0]))
    out = ['/* Generated by scripts/gen_schema.py from pkg/kind/facts. */\n',
           '#include "kind/schema_priv.h"\n#include "kind/types.h"\n\n']
    out += ["extern const struct schema_type %s;\n" % variable(t[0]) for t in types]
    out += [c_type(*t) for t in types]
    out.append("const struct schema_type *const schema_types[] = {\n%s};\nconst size_t schema_ntypes = %d;\n"
               % ("".join("\t&%s,\n" % variable(t[0]) for t in types), len(types)))
    sys.stdout.write("".join(out))


def main(argv):
    modes = {"rows": rows, "docs": docs, "c": compile_c}
    if len(argv) < 2 or argv[1] not in modes or len(argv) != (3 if argv[1] == "c" else 4):
        sys.exit(__doc__)
    modes[argv[1]](*argv[2:])


main(sys.argv)

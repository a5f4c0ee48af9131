#!/usr/bin/python3
"""Checks answers of traversalctl against doc/traversald.schema.json.

usage: check_schema.py COMMAND <LINES    each line a value of #/$defs/command-COMMAND
       check_schema.py --idl             the types are those of the interface
       check_schema.py --commands        prints the commands that have a schema

Stricter than the schema: a member that it does not name is an error, for then
the schema is behind the program.
"""
import json
import os
import re
import sys

import jsonschema

DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../doc")
PREFIX = "command-"


def load():
    with open(os.path.join(DOC, "traversald.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def close(schema):
    """Forbids, in place, members that no schema names."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def check(schema, command):
    close(schema)
    schema["$ref"] = "#/$defs/" + PREFIX + command
    if PREFIX + command not in schema["$defs"]:
        sys.exit(f"there is no schema of {command}")
    validator = jsonschema.Draft202012Validator(schema)
    lines = [line for line in sys.stdin if line.strip()]
    if not lines:
        sys.exit(f"{command}: printed nothing")
    for line in lines:
        for error in validator.iter_errors(json.loads(line)):
            where = "/".join(map(str, error.absolute_path))
            sys.exit(f"{command}: at '{where}': {error.message[:300]}\n"
                     f"in {line[:1000]}")


def idl_types():
    """Yields (name, members or words, may be null by member) of the IDL."""
    with open(os.path.join(DOC, "io.traversald.varlink"), encoding="utf-8") as f:
        text = f.read()
    for name, body in re.findall(r"^type (\w+) \((.*)\)$", text, re.M):
        parts = [part.strip() for part in body.split(",")]
        yield name, dict(part.split(": ") if ": " in part else (part, None)
                         for part in parts)


def takes_null(schema):
    kind = schema.get("type", [])
    return ("null" in kind if isinstance(kind, list) else kind == "null") or \
        None in schema.get("enum", []) or \
        any(takes_null(one) for one in schema.get("anyOf", []))


def check_idl(schema):
    count = 0
    for name, members in idl_types():
        definition = schema["$defs"].get(name)
        if definition is None:
            sys.exit(f"the schema has no {name}")
        if "enum" in definition:
            if definition["enum"] != list(members):
                sys.exit(f"{name}: other words")
            continue
        if list(definition["properties"]) != list(members):
            sys.exit(f"{name}: other members than {', '.join(members)}")
        if definition["required"] != list(members):
            sys.exit(f"{name}: a member is not required")
        for member, kind in members.items():
            if takes_null(definition["properties"][member]) != \
                    kind.startswith("?"):
                sys.exit(f"{name}.{member}: null or not null?")
        count += 1
    print(f"{count} types")


def main():
    schema = load()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--idl":
        check_idl(schema)
    elif sys.argv[1] == "--commands":
        for name in schema["$defs"]:
            if name.startswith(PREFIX):
                print(name[len(PREFIX):])
    else:
        check(schema, sys.argv[1])


if __name__ == "__main__":
    main()

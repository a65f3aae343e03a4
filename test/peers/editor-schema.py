"""Checks documents by the schemas of a folder with Python's jsonschema: {folder, cases} on stdin, verdicts on stdout."""

import json
import pathlib
import sys

from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource

asked = json.load(sys.stdin)
schemas = {
    path.name: json.loads(path.read_text()) for path in pathlib.Path(asked["folder"]).glob("*.schema.json")
}
for schema in schemas.values():
    Draft7Validator.check_schema(schema)
registry = Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in schemas.items())
json.dump(
    [
        Draft7Validator(
            schemas[case["schema"] + ".schema.json"], registry=registry, format_checker=FormatChecker()
        ).is_valid(case["document"])
        for case in asked["cases"]
    ],
    sys.stdout,
)

"""Checks requests against Discord's own OpenAPI description, whose path is in DISCORD_OPENAPI."""

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "patch", "delete")
_HERE = "urn:discord"


# Documented (https://discord.com/developers/docs/interactions/application-commands), and answered
# by Discord, but missing where its description speaks of requests.
DOCUMENTED_ONLY = (
    ("ApplicationCommandCreateRequest", "nsfw"),
    ("ApplicationCommandPatchRequestPartial", "nsfw"),
    ("ApplicationCommandUpdateRequest", "nsfw"),
)


@dataclass(frozen=True)
class Operation:
    name: str
    query: frozenset[str]
    schema: dict[str, Any] | None
    body_required: bool
    content: list[str]


class Description:
    def __init__(self, text: str) -> None:
        document = json.loads(text)
        resource = Resource(contents=document, specification=DRAFT202012)
        self._registry = Registry().with_resource(_HERE, resource)
        self._schemas: dict[str, Any] = document["components"]["schemas"]
        for name, field in DOCUMENTED_ONLY:
            self._schemas[name]["properties"].setdefault(field, {"type": "boolean"})
        self._routes = sorted(
            (
                (path.count("{"), method.upper(), _as_pattern(path), _operation(item, method))
                for path, item in document["paths"].items()
                for method in METHODS
                if method in item
            ),
            key=lambda route: route[0],  # a literal segment wins over a parameter
        )

    def problems(self, method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
        """What Discord would refuse, and fields that it would not know; empty when all is well."""
        operation = self.find(method, path)
        if operation is None:
            return [f"Discord has no {method} {path}"]
        found = [
            f"{operation.name}: unknown query {name!r}" for name in query.keys() - operation.query
        ]
        if operation.schema is None:
            return found
        if body is None:
            return (
                [*found, f"{operation.name}: a body is required"]
                if operation.body_required
                else found
            )
        validator = Draft202012Validator(_absolute(operation.schema), registry=self._registry)
        for error in validator.iter_errors(body):
            place = "/".join(map(str, error.absolute_path))
            found.append(f"{operation.name}: {place}: {error.message[:300]}")
        if not found:
            unknown = self._unknown_fields(operation.schema, body, "")
            found += [f"{operation.name}: unknown field {name}" for name in sorted(unknown)]
        return found

    def find(self, method: str, path: str) -> Operation | None:
        for _, its_method, pattern, operation in self._routes:
            if its_method == method and pattern.fullmatch(path):
                return operation
        return None

    def _unknown_fields(self, schema: dict[str, Any], value: Any, place: str) -> set[str]:
        """Discord's objects are open in the description, so a misspelt field would pass."""
        schema = self._resolved(schema)
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._unknown_in_union(schema[union], value, place)
        if isinstance(value, list):
            items = schema.get("items")
            if items is None:
                return set()
            return {
                name
                for index, item in enumerate(value)
                for name in self._unknown_fields(items, item, f"{place}/{index}")
            }
        properties = self._properties(schema)
        if not isinstance(value, dict) or not properties:
            return set()
        unknown = {f"{place}/{name}" for name in value.keys() - properties.keys()}
        for name in value.keys() & properties.keys():
            unknown |= self._unknown_fields(properties[name], value[name], f"{place}/{name}")
        return unknown

    def _unknown_in_union(self, branches: list[Any], value: Any, place: str) -> set[str]:
        fitting = [
            self._unknown_fields(branch, value, place)
            for branch in branches
            if Draft202012Validator(_absolute(branch), registry=self._registry).is_valid(value)
        ]
        return min(fitting, key=len, default=set())

    def _properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = dict(schema.get("properties", {}))
        for part in schema.get("allOf", ()):
            properties |= self._properties(self._resolved(part))
        return properties

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema


@cache
def description() -> Description | None:
    """None where DISCORD_OPENAPI does not say where it is."""
    path = os.environ.get("DISCORD_OPENAPI")
    return Description(Path(path).read_text()) if path else None


def described_operation(method: str, path: str) -> Operation | None:
    """None where Discord has none, or nobody knows."""
    discord = description()
    return discord.find(method, path) if discord else None


def _operation(item: dict[str, Any], method: str) -> Operation:
    described = item[method]
    parameters = [*item.get("parameters", []), *described.get("parameters", [])]
    body = described.get("requestBody", {})
    return Operation(
        name=described["operationId"],
        query=frozenset(p["name"] for p in parameters if p["in"] == "query"),
        schema=body.get("content", {}).get("application/json", {}).get("schema"),
        body_required=body.get("required", False),
        content=list(body.get("content", {})),
    )


def _as_pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: f"{_HERE}{value}" if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_absolute(item) for item in schema]
    return schema

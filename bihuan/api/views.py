"""The API's description, for programs (openapi.json) and for people (a plain page: no script, nothing from elsewhere)."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .api import INTRODUCTION, POINTS, api


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The whole API as OpenAPI 3.1. It holds no data, so a client generator may read it without a token."""
    return JsonResponse(_schema(), json_dumps_params={"ensure_ascii": False})


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, body and answers, drawn from the same description."""
    context = {"groups": _groups(), "introduction": INTRODUCTION, "points": POINTS}
    return render(request, "api/docs.html", context)


@cache
def _schema() -> dict[str, Any]:
    # It changes with the program only, and takes half a second to draw up: anybody may ask, nobody may ask for that.
    return api.get_openapi_schema()


@cache
def _groups() -> list[dict[str, Any]]:
    schema = _schema()
    components = schema["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method, told in operations.items():
            groups.setdefault(told["tags"][0], []).append(_operation(path, method, told, components))
    return [{"name": name, "operations": rows} for name, rows in groups.items()]


def _operation(path: str, method: str, told: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    body = told.get("requestBody", {}).get("content", {})
    shapes = [_resolved(each["schema"], components) for each in body.values()]
    return {
        "id": told["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": told["summary"],
        "description": told.get("description", ""),
        "parameters": [
            {
                "name": each["name"],
                "where": _WHERE[each["in"]],
                "required": each["required"],
                "type": _type(each["schema"], components),
                "description": each.get("description", ""),
            }
            for each in told["parameters"]
        ],
        "media_types": list(body),
        "bodies": [each for shape in shapes for each in _bodies(shape, components)],
        "answers": [
            {"status": status, "description": each["description"]}
            for status, each in told["responses"].items()
        ],
    }


_WHERE = {"path": "路径", "query": "查询", "header": "请求头"}


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return components[reference.rsplit("/", 1)[-1]] if reference else schema


def _bodies(shape: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    """One table of fields, or one for each variant of a body that has several."""
    variants = [_resolved(each, components) for each in shape.get("oneOf", [])]
    if variants:
        return [table for variant in variants for table in _bodies(variant, components)]
    required = set(shape.get("required", ()))
    fields = [
        {
            "name": name,
            "required": name in required,
            "type": _type(each, components),
            "description": each.get("description", ""),
        }
        for name, each in shape.get("properties", {}).items()
    ]
    return [{"title": shape.get("description", ""), "fields": fields}]


_TYPES = {
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "是否",
    "object": "对象",
    "null": "",
    "array": "列表",
}
_FORMATS = {"date": "日期", "date-time": "时间", "uuid": "UUID", "binary": "文件"}


def _type(schema: dict[str, Any], components: dict[str, Any]) -> str:
    """What a value looks like, in a word or two."""
    branches = schema.get("anyOf") or schema.get("allOf")
    if branches:
        return " / ".join(dict.fromkeys(filter(None, (_type(each, components) for each in branches))))
    schema = _resolved(schema, components)
    if "x-labels" in schema:
        return "、".join(f"{value} {label}" for value, label in schema["x-labels"].items())
    if "enum" in schema:
        return "、".join(str(each) for each in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"列表：{_type(schema['items'], components)}"
    if schema.get("type") == "object":
        return str(schema.get("description") or "对象").split("；")[0]
    return _FORMATS.get(schema.get("format", ""), _TYPES.get(schema.get("type", ""), ""))

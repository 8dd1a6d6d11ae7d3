"""What a plan says beyond its elements: the plans it carries out, its areas and objects, who takes what is left, forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FactEntry:
    """One thing said, and where in the source."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Fact:
    """Everything said of one sort."""

    label: str
    entries: tuple[FactEntry, ...]


def facts_of(compiled: dict[str, Any]) -> list[Fact]:
    """The facts of a compiled plan (`Plan.to_json`), empty sorts left out."""
    sorts = [
        ("执行的上级方案", [(_citation(each), each) for each in compiled.get("parents", [])]),
        ("依据的法规标准", [(_citation(each), each) for each in compiled.get("basis", [])]),
        ("整治对象", [(_object(each), each) for each in compiled.get("objects", [])]),
        ("划定的区域", [(_zone(each), each) for each in compiled.get("zones", [])]),
        ("分批安排", [(_batch(each), each) for each in compiled.get("batches", [])]),
        ("没有点名的由谁负责", [(each["text"], each) for each in compiled.get("fallbacks", [])]),
        ("随附的表单", [(_form(each), each) for each in compiled.get("forms", [])]),
    ]
    return [
        Fact(label, tuple(FactEntry(text, *each["span"]) for text, each in found))
        for label, found in sorts
        if found
    ]


def basis_of(compiled: dict[str, Any]) -> list[dict[str, str]]:
    """The plans a campaign carries out, for its head: [{title, doc_no}]."""
    return [{"title": each["title"], "doc_no": each["doc_no"]} for each in compiled.get("parents", [])]


def _citation(each: dict[str, Any]) -> str:
    number = f"（{each['doc_no']}）" if each["doc_no"] else ""
    return f"{each['relation']}《{each['published'] or each['title']}》{number}"


def _object(each: dict[str, Any]) -> str:
    without = f"；不含{'、'.join(each['exclusions'])}" if each["exclusions"] else ""
    return f"{'、'.join(each['includes']) or each['text']}{without}"


def _zone(each: dict[str, Any]) -> str:
    sides = "，".join(f"{side}至{'、'.join(places)}" for side, places in each["boundary"].items())
    parts = "、".join(part["name"] for part in each["parts"])
    without = f"；不含{'、'.join(each['exclusions'])}" if each["exclusions"] else ""
    detail = sides or parts
    return f"{each['name']}{'：' if detail else ''}{detail}{without}"


def _batch(each: dict[str, Any]) -> str:
    return (
        f"{each['name']}：{'；'.join(step['text'] for step in each['steps'])}"
        if each["steps"]
        else each["name"]
    )


def _form(each: dict[str, Any]) -> str:
    return f"{each['title']}：{len(each['fields'])} 个栏目" + (
        f"，{len(each['tables'])} 张表" if each["tables"] else ""
    )

"""Pages of `instruments`, judged as tests/matrix/pages.py judges the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
"""
ADDRESSES: dict[str, dict[str, str]] = {}
QUERIES: dict[str, dict[str, str]] = {}
BODIES: dict[str, dict[str, str]] = {}
MARKS: dict[str, str] = {}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    return {}

"""Addresses of rows: what `reverse` finds out once per view, kept, because a list asks for it on every line."""

from __future__ import annotations

from functools import cache

from django.urls import reverse


@cache
def _around(view: str) -> tuple[str, str]:
    """What stands before and after the number in the address of a row."""
    before, _, after = reverse(view, args=[0]).rpartition("0")
    return before, after


@cache
def address(view: str) -> str:
    """The address of a page without arguments."""
    return reverse(view)


def row_address(view: str, pk: int) -> str:
    """`reverse(view, args=[pk])` for a view whose only argument is the number of a row."""
    before, after = _around(view)
    return f"{before}{pk}{after}"

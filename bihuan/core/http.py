"""Typed requests and small HTTP answers shared by every app."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    """The request our views receive: signed in, with htmx details. ``user`` is an accounts.User, unknown down here."""

    user: Any
    htmx: HtmxDetails


class Asked(dict[str, str]):
    """What an address asks for, by name; what it does not name is empty, also as the argument of a template's filter."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__({name: str(value) for name, value in request.GET.items()})

    def __missing__(self, name: str) -> str:
        return ""


def row_number(text: str) -> int:
    """The number of a row as an address or a form carries it: ASCII digits that fit every database, else 0 (no row)."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0


def problem(status: int, title: str, detail: str = "", **extra: Any) -> dict[str, Any]:
    """Return the body of an application/problem+json answer (RFC 9457); ``extra`` members are added."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    return {**extra, **body}


def safe_filename(filename: str, *, fallback: str = "file") -> str:
    """Return the last path part of ``filename`` without control, direction or reserved signs.

    At most 120 characters, the extension kept.
    """
    name = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    # Cc control, Cf format (an embedded right-to-left mark can disguise an extension), Cs lone surrogates
    name = "".join(sign for sign in name if unicodedata.category(sign) not in {"Cc", "Cf", "Cs"})
    name = re.sub(r'[<>:"|?*;]', "_", name).strip(" .")
    if not name:
        return fallback
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:120]
    return f"{stem[: 119 - len(extension)]}.{extension}"


def content_disposition(filename: str, *, inline: bool = False) -> str:
    """Return a Content-Disposition header that carries a Chinese name safely (RFC 6266 and RFC 5987)."""
    name = safe_filename(filename)
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

"""The forms of a page, filled in plausibly, so that one field after the other can be filled in badly."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from django.utils import timezone
from lxml import html

NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Field:
    """`kind` is one of values.IN_FIELDS."""

    name: str
    kind: str
    good: str


@dataclass(frozen=True)
class Form:
    """A form that changes something: where it goes and what it sends."""

    action: str
    fields: tuple[Field, ...]

    @property
    def good(self) -> dict[str, str]:
        return {field.name: field.good for field in self.fields}

    @property
    def shape(self) -> tuple[str, ...]:
        """Alike for the same form of another row, and for repeated rows of fields."""
        return (NUMBER.sub("#", self.action), *sorted({NUMBER.sub("#", each.name) for each in self.fields}))

    @property
    def different(self) -> tuple[Field, ...]:
        """Of repeated rows of fields the first."""
        return tuple({NUMBER.sub("#", field.name): field for field in reversed(self.fields)}.values())


def forms_of(page: bytes, url: str) -> Iterator[Form]:
    """Every POST form of a page, and every button that sends one elsewhere (formaction)."""
    text = page.decode("utf-8").strip()
    if not text.startswith("<"):
        return
    tree = html.fromstring(text)
    for form in tree.iter("form"):
        if (form.get("method") or "get").lower() != "post" and not form.get("hx-post"):
            continue
        controls = _controls(form)
        fields = tuple({field.name: field for field in map(_field, controls) if field}.values())
        elsewhere = {each.get("formaction") for each in form.iter("button") if each.get("formaction")}
        own = form.get("hx-post") or form.get("action")
        # A form whose every button names its own address has none itself.
        for action in elsewhere if elsewhere and not own else {own or url, *elsewhere}:
            yield Form(urljoin(url, action), fields)


def _controls(form: html.HtmlElement) -> list[html.HtmlElement]:
    # Fields of a form may stand outside it and name it.
    near = list(form.iter("input", "select", "textarea", "button"))
    if key := form.get("id"):
        near += form.getroottree().xpath(f"//*[@form='{key}']")
    return [each for each in near if each.get("name") and each.get("name") != "csrfmiddlewaretoken"]


def _field(control: html.HtmlElement) -> Field | None:
    name, value = control.get("name"), control.get("value") or ""
    if control.tag == "button":
        return Field(name, "choice", value) if value else None
    if control.tag == "select":
        options = [each.get("value", "") for each in control.iter("option")]
        chosen = next((each for each in options if each), "")
        return Field(name, "choice", chosen)
    if control.tag == "textarea":
        return Field(name, "text", control.text_content().strip() or "测试内容")
    kind = (control.get("type") or "text").lower()
    match kind:
        case "file" | "submit":
            return None
        case "checkbox" | "radio":
            return Field(name, "choice", value or "on")
        case "hidden":
            return Field(name, "hidden", value)
        case "date":
            soon = timezone.localdate() + dt.timedelta(days=3)
            return Field(name, "date", value or soon.isoformat())
        case "datetime-local":
            return Field(name, "datetime-local", value)
        case "number":
            return Field(name, "number", value or "1")
    return Field(name, "text", value or "测试")

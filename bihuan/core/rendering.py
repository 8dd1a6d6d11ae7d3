"""Forms as markup. Django renders each control from a template of its own and each <option> from another, which on a
page with two forms costs more than the page; the controls we use are written here, every other one by Django.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString

_NEEDED = ' <span class="need">必填</span>'
_WIDGETS = "django/forms/widgets/"


class FormRenderer(TemplatesSetting):
    """The setting FORM_RENDERER: functions for what stands on every form, templates for the rest."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        write = _WRITERS.get(template_name)
        return write(context) if write else super().render(template_name, context, request)


def _attributes(attributes: Mapping[str, Any]) -> str:
    return "".join(
        f" {escape(name)}" if value is True else f' {escape(name)}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not False
    )


def _input(context: Mapping[str, Any]) -> str:
    widget = context["widget"]
    value = "" if widget["value"] is None else f' value="{escape(widget["value"])}"'
    return SafeString(
        f'<input type="{escape(widget["type"])}" name="{escape(widget["name"])}"{value}{_attributes(widget["attrs"])}>'
    )


def _textarea(context: Mapping[str, Any]) -> str:
    widget = context["widget"]
    value = escape(widget["value"]) if widget["value"] else ""
    # The browser drops the first line break.
    return SafeString(
        f'<textarea name="{escape(widget["name"])}"{_attributes(widget["attrs"])}>\n{value}</textarea>'
    )


def _select(context: Mapping[str, Any]) -> str:
    widget = context["widget"]
    parts = [f'<select name="{escape(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, choices, _ in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{escape(group)}">')
        parts += [
            f'<option value="{escape(each["value"])}"{_attributes(each["attrs"])}>{escape(each["label"])}</option>'
            for each in choices
        ]
        if group:
            parts.append("</optgroup>")
    return SafeString("".join([*parts, "</select>"]))


def _field(context: Mapping[str, Any]) -> str:
    """One field with its label, help and errors, as `{{ form }}` and components/field.html show it."""
    field = context["field"]
    errors = field.errors
    kind = "field has-error" if errors else "field"
    needed = _NEEDED if field.field.required else ""
    label = escape(field.label) if field.label else ""
    identity = escape(field.id_for_label)
    is_group = field.use_fieldset
    if is_group:
        described = f' aria-describedby="{escape(field.aria_describedby)}"' if field.aria_describedby else ""
        head = f"<legend>{label}{needed}</legend>" if label else ""
        body = f'<fieldset class="{kind}"{described}>{head}{field}'
    elif field.widget_type == "checkbox":
        body = f'<div class="{kind}"><label class="check" for="{identity}">{field}<span>{label}{needed}</span></label>'
    else:
        head = f'<label for="{identity}">{label}{needed}</label>' if label else ""
        body = f'<div class="{kind}">{head}{field}'
    if field.help_text:
        name = f' id="{escape(field.auto_id)}_helptext"' if field.auto_id else ""
        # Written by us in the form, and may hold a link.
        body += f'<div class="field-help"{name}>{field.help_text}</div>'
    if errors:
        body += str(errors)
    return SafeString(f"{body}</fieldset>" if is_group else f"{body}</div>")


_WRITERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "django/forms/field.html": _field,
    f"{_WIDGETS}textarea.html": _textarea,
    f"{_WIDGETS}select.html": _select,
} | {
    f"{_WIDGETS}{name}.html": _input
    for name in ("text", "hidden", "date", "number", "email", "url", "search", "password", "input", "tel")
}

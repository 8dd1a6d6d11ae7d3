"""The fields of a form that a kind's attributes ask for, and the form of a record's attributes alone."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from .attributes import Attribute, Type, from_schema, plain_number
from .filling import PREFIX, Filled, answered
from .models import Enterprise, EnterpriseKind, Premises
from .schemas import in_force

ASKED_FOR = "attributes_of"  # which kind the shown fields belong to
CHANGED_KIND = "类型已改，下面换成了新类型的专有属性，请补填后再保存"
DECIMAL: dict[Type, str] = {"integer": "numeric", "number": "decimal"}


class AttributeField(forms.CharField):
    """A field whose value is judged by its attribute, as a cell of a table is."""

    def __init__(self, attribute: Attribute) -> None:
        self.attribute = attribute
        super().__init__(
            label=attribute.heading,
            required=False,  # the attribute itself says so, in the words of the import
            help_text=_help(attribute),
            widget=_widget(attribute),
        )

    def to_python(self, value: Any) -> str:
        return "、".join(value) if isinstance(value, list) else str(value or "").replace("\x00", "")

    def clean(self, value: Any) -> Any:
        found, problem = answered(self.attribute, lambda: self.attribute.read(self.to_python(value)))
        if problem:
            raise ValidationError(problem)
        return found


def _widget(attribute: Attribute) -> forms.Widget:
    match attribute.type:
        case "choice":
            return forms.Select(choices=[("", "—"), *((each, each) for each in attribute.choices)])
        case "yes_no":
            return forms.Select(choices=[("", "不详"), ("是", "是"), ("否", "否")])
        case "choices":
            return forms.CheckboxSelectMultiple(choices=[(each, each) for each in attribute.choices])
        case "date":
            return forms.DateInput(attrs={"type": "date"})
        case "integer" | "number":
            return forms.TextInput(attrs={"inputmode": DECIMAL[attribute.type], "autocomplete": "off"})
    return forms.TextInput(attrs={"maxlength": 200})


def _help(attribute: Attribute) -> str:
    parts = ["必填"] if attribute.required else []
    low, high = attribute.minimum, attribute.maximum
    if attribute.type in DECIMAL and low is not None and high is not None and high < 1_000_000:
        parts.append(f"{plain_number(low)}至{plain_number(high)}")
    return "；".join([*parts, *([attribute.help] if attribute.help else [])])


def initial_of(attribute: Attribute, value: Any) -> Any:
    """What a field begins with for a stored value."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return plain_number(value)
    return value


class AttributeFields:
    """A form with the attributes of one kind among its fields. Mixed into a Form."""

    fields: dict[str, forms.Field]
    initial: MutableMapping[str, Any]
    cleaned_data: dict[str, Any]

    def ask_for(self, kind: str | None, values: Mapping[str, Any]) -> None:
        """Add the fields of a kind, filled with what is stored."""
        schema = in_force(kind)
        self.asked_kind = kind or ""
        self.asked = from_schema(schema.schema) if schema else ()
        self.asked_version = schema.version if schema else 0
        for attribute in self.asked:
            self.fields[f"{PREFIX}{attribute.name}"] = AttributeField(attribute)
            if attribute.name in values:
                self.initial[f"{PREFIX}{attribute.name}"] = initial_of(attribute, values[attribute.name])

    def stop_asking(self) -> None:
        """Take the fields away again: the page that was sent did not show them."""
        for attribute in self.asked:
            del self.fields[f"{PREFIX}{attribute.name}"]
        self.asked = ()

    def answers(self) -> Filled | None:
        """What was filled in; None where nothing is asked."""
        if not self.asked:
            return None
        values = {each.name: self.cleaned_data.get(f"{PREFIX}{each.name}") for each in self.asked}
        return Filled(self.asked_version, self.asked, values)

    @property
    def attribute_groups(self) -> list[tuple[str, list[Any]]]:
        """The bound fields under the headings of their groups."""
        bound = [(each.group, self[f"{PREFIX}{each.name}"]) for each in self.asked]  # type: ignore[index]
        return [
            (group, [field for _, field in some]) for group, some in groupby(bound, key=lambda row: row[0])
        ]


class AttributesForm(AttributeFields, forms.Form):
    """The attributes of a record alone, or an empty preview of a kind's."""

    def __init__(self, *args: Any, record: Enterprise | Premises, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask_for(record.kind_id, record.attributes)


class PreviewForm(AttributeFields, forms.Form):
    """What people will be asked by a draft: fields that nobody saves."""

    def __init__(self, attributes: tuple[Attribute, ...]) -> None:
        super().__init__()
        self.asked, self.asked_version, self.asked_kind = attributes, 0, ""
        for attribute in attributes:
            self.fields[f"{PREFIX}{attribute.name}"] = AttributeField(attribute)
            self.fields[f"{PREFIX}{attribute.name}"].disabled = True


def kind_asked_for(data: Any, instance: Enterprise, initial: Mapping[str, Any]) -> str | None:
    """The kind whose attributes a form shows: the chosen one, the record's own, or one named by the address."""
    chosen = data.get("kind") if data is not None else None
    known = chosen or instance.kind_id or initial.get("kind")
    if isinstance(known, EnterpriseKind):
        known = known.pk
    return str(known) if known else None

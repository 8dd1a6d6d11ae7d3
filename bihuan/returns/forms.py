"""What people fill in about definitions: a line for each item and each check, without having to know JSON."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

from django import forms

from bihuan.core.forms import CalendarDayField

from .measures import filter_choices, filter_label, filter_names, measures
from .periods import KINDS
from .schema import DIMENSIONS, OWERS, SIGNERS, WINDOWS

BLANK_LINES = 4
_SEPARATOR = re.compile(r"\s*[|｜]\s*")
UNITS = {"natural": "自然日", "working": "工作日"}


class DefinitionForm(forms.Form):
    """The head of a definition; items are read from numbered fields beside it."""

    name = forms.CharField(label="报表名称", max_length=80)
    key = forms.RegexField(
        r"^[a-z][a-z0-9_.]*$", label="报表代码", max_length=60, help_text="小写字母开头，只用小写字母、数字、点，以后不能改",
        error_messages={"invalid": "代码应以小写字母开头，只用小写字母、数字、点和下划线"},
    )  # fmt: skip
    period = forms.ChoiceField(label="报送周期", choices=list(KINDS.items()))
    anchor = forms.IntegerField(
        label="周期从哪天起", min_value=1, max_value=28, initial=1, help_text="周报填1至7（周一至周日），月报填1至28，其他填1"
    )  # fmt: skip
    owers = forms.MultipleChoiceField(
        label="由谁报送", choices=list(OWERS.items()), widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label="期满后几日内报", min_value=1, max_value=92, initial=5)
    unit = forms.ChoiceField(label="按什么日", choices=list(UNITS.items()))
    roll = forms.BooleanField(label="遇休息日顺延", required=False)
    basis = forms.CharField(label="截止时间的依据", max_length=120, required=False)
    signer = forms.ChoiceField(label="由谁签报", choices=list(SIGNERS.items()))
    source = forms.CharField(label="报表依据", max_length=300, help_text="文件名称、文号")
    words = forms.CharField(label="文字说明的提示", max_length=300, required=False)
    words_required = forms.BooleanField(label="必须有文字说明", required=False)
    rows = forms.ChoiceField(
        label="分行", required=False, choices=[("", "不分行"), *DIMENSIONS.items()], help_text="每一行是一个乡镇街道、部门或者类型"
    )  # fmt: skip
    checks = forms.CharField(
        label="勾稽关系", required=False, max_length=8000, widget=forms.Textarea({"rows": 4}),
        help_text="一行一条：算式 | 提示 | 办法。例如 closed <= found | 整改不多于查出 | 请核对台账。以 ? 开头的可以说明后签报。",
    )  # fmt: skip
    note = forms.CharField(label="修订说明", max_length=200, required=False)


def item_lines(content: dict[str, Any], posted: Any = None) -> list[dict[str, Any]]:
    """The lines of items a page shows: those of the definition, or those just sent, and a few empty ones."""
    lines: list[dict[str, Any]] = []
    if posted is not None:
        for number in range(int_of(posted.get("lines", "0"), 200)):
            lines.append({name: posted.get(f"item.{number}.{name}", "") for name in _FIELDS})
            lines[-1]["filter"] = posted.get(f"item.{number}.filter", "")
    else:
        for item in content.get("items", []):
            lines.append(
                {
                    "key": item["key"], "label": item["label"], "measure": item.get("measure", ""), "unit": item.get("unit", ""),
                    "window": item.get("window", "period"), "formula": item.get("formula", ""),
                    "digits": str(item.get("digits", 0)), "filter": filter_words(item.get("filters", {})),
                    "optional": "1" if item.get("optional") else "", "evidence": item.get("evidence", ""),
                }
            )  # fmt: skip
    kept = [line for line in lines if any(line.get(name) for name in ("key", "label", "measure", "formula"))]
    return kept + [dict.fromkeys((*_FIELDS, "filter"), "") | {"window": "period"} for _ in range(BLANK_LINES)]


_FIELDS = ("key", "label", "measure", "unit", "window", "formula", "digits", "optional", "evidence")


def int_of(text: str, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def content_of(form: DefinitionForm, posted: Any, before: dict[str, Any]) -> dict[str, Any]:
    """What the page says as the data of a definition; what it does not show (headings, notes, groups, hints) stays."""
    given = form.cleaned_data
    items = []
    silent = {
        each["key"]: {name: each[name] for name in ("hint", "additive") if name in each} for each in before.get("items", [])
    }  # fmt: skip
    for line in item_lines({}, posted):
        if not (line["key"] or line["label"] or line["measure"] or line["formula"]):
            continue
        item: dict[str, Any] = {"key": line["key"].strip(), "label": line["label"].strip()}
        item |= silent.get(item["key"], {})
        for name in ("measure", "unit", "formula", "evidence"):
            if value := line[name].strip():
                item[name] = value
        if item.get("measure"):
            item["window"] = line["window"] or "period"
            if filters := filters_of(line["filter"]):
                item["filters"] = filters
        if digits := int_of(line["digits"], 9):
            item["digits"] = digits
        if line["optional"]:
            item["optional"] = True
        items.append(item)
    keys = {item["key"] for item in items}
    content = {
        **{name: value for name, value in before.items() if name in ("headings", "notes", "dated", "verified", "layout")},
        "key": given["key"], "name": given["name"], "period": given["period"], "anchor": given["anchor"],
        "owers": given["owers"], "signer": given["signer"], "source": given["source"], "words": given["words"],
        "words_required": given["words_required"], "items": items, "checks": checks_of(given["checks"]),
        "cutoff": {"days": given["days"], "unit": given["unit"], "roll": given["roll"], "basis": given["basis"]},
    }  # fmt: skip
    if content.get("headings"):
        content["headings"] = [
            {**heading, "items": [key for key in heading["items"] if key in keys]} for heading in content["headings"]
        ]  # fmt: skip
    was = before.get("rows")
    if given["rows"]:
        same = isinstance(was, dict) and was.get("dimension") == given["rows"]
        content["rows"] = was if same else {"dimension": given["rows"], "groups": []}
    elif isinstance(was, list):
        content["rows"] = was
    return content


def filters_of(text: str) -> dict[str, list[str]]:
    """隐患级别：重大隐患；对象类型：学校，医院. The stored names do as well: level=major;kind=school,hospital.

    A word nobody knows is kept as written: the check of the definition names it.
    """
    names = {filter_label(name): name for name in filter_names()}
    found: dict[str, list[str]] = {}
    for part in filter(None, (each.strip() for each in re.split("[;；]", text))):
        said, *values = re.split("[=＝:：]", part, maxsplit=1)
        name = names.get(said.strip(), said.strip())
        known = {label: value for value, label in filter_choices(name)}
        given = (each.strip() for each in re.split("[,，]", values[0] if values else ""))
        found[name] = [known.get(each, each) for each in given if each]
    return found


def filter_words(filters: dict[str, Sequence[str]]) -> str:
    """The same, back as text."""
    said = []
    for name, values in filters.items():
        labels = dict(filter_choices(name))
        said.append(f"{filter_label(name)}：{'，'.join(labels.get(each, each) for each in values)}")
    return "；".join(said)


def checks_of(text: str) -> list[dict[str, str]]:
    """One check a line: expression | message | remedy; a leading ? makes it one that may be explained."""
    found = []
    for line in filter(None, (each.strip() for each in text.splitlines())):
        soft = line.startswith(("?", "？"))
        expression, message, remedy, *_ = [*_SEPARATOR.split(line.lstrip("?？ ")), "", ""]
        check = {"expression": expression, "message": message, "remedy": remedy}
        found.append(check | ({"severity": "warning"} if soft else {}))
    return found


def checks_text(content: dict[str, Any]) -> str:
    """The same, back as text."""
    return "\n".join(
        f"{'? ' if each.get('severity') == 'warning' else ''}{each['expression']} | {each.get('message', '')} | {each.get('remedy', '')}"
        for each in content.get("checks", [])
    )


def initial_of(content: dict[str, Any]) -> dict[str, Any]:
    """What a form shows of a definition; a clock of the rules is shown as the days it has today."""
    cutoff = content.get("cutoff", {})
    if key := cutoff.get("clock"):
        from bihuan.rules.clocks import rule_for

        rule = rule_for(key, dt.date.today())  # noqa: DTZ011 - which version of the rule to show
        cutoff = {"days": rule.days, "unit": rule.unit, "roll": rule.roll, "basis": rule.source[:120]}
    rows = content.get("rows")
    return {
        **{name: content.get(name, "") for name in ("name", "key", "period", "owers", "signer", "source", "words")},
        "anchor": content.get("anchor", 1), "words_required": content.get("words_required", False),
        "days": cutoff.get("days", 5), "unit": cutoff.get("unit", "natural"), "roll": cutoff.get("roll", False),
        "basis": cutoff.get("basis", ""), "rows": rows.get("dimension", "") if isinstance(rows, dict) else "",
        "checks": checks_text(content),
    }  # fmt: skip


def measure_choices() -> list[tuple[str, str]]:
    """Every measure for a choice; none is a figure filled in by hand or worked out."""
    return [
        ("", "人工填报或算式"),
        *((key, f"{each.label}（{each.unit}）") for key, each in measures().items()),
    ]


def filter_help() -> list[tuple[str, list[str]]]:
    """The filters and what they may be set to, to be shown beside the lines."""
    return [
        (filter_label(name), [label for _, label in filter_choices(name)[:60]]) for name in filter_names()
    ]


WINDOW_CHOICES = list(WINDOWS.items())


class AdHocForm(forms.Form):
    """The days of an ad hoc return."""

    first = CalendarDayField(label="统计起", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    last = CalendarDayField(label="统计止", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    title = forms.CharField(label="事由", max_length=80)


class StartForm(forms.Form):
    """From when on a definition is in force."""

    starts_on = CalendarDayField(
        label="启用日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )


def read_layout(data: bytes) -> dict[str, Any]:
    """An exported definition, read back. Raises ValueError in Chinese."""
    if len(data) > 400_000:
        raise ValueError("文件过大，报表定义不会超过400KB，请核对是不是选错了文件")
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError("这不是报表定义文件，请选择从本系统导出的 .json 文件") from error
    if not isinstance(found, dict):
        raise ValueError("这不是报表定义文件，请选择从本系统导出的 .json 文件")
    return found

"""The words of the promise as a paper and of the letter that hands a case over. Numbers of persons stand masked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.attachments import queries as files
from bihuan.attachments.models import Signature
from bihuan.audit.actions import chain_of
from bihuan.core.dates import day_words
from bihuan.papers import documents as d
from bihuan.registry.models import Enterprise
from bihuan.rules.codes import mask_id, mask_phone
from bihuan.rules.pledges import Definition, Person, Table, families, uses

from .models import Pledge, PledgeLine, PledgePerson

BASE_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    PledgeLine.Role.CORRECTED: (("place", "部位"), ("description", "隐患情况"), ("measures", "整改措施落实情况")),
    PledgeLine.Role.UNCORRECTED: (
        ("place", "部位"), ("description", "隐患情况"), ("reason", "未整改原因"), ("interim_measures", "目前采取的措施"),
        ("due_on", "整改期限"), ("responsible_person", "责任人"),
    ),
    PledgeLine.Role.PLAIN: (),
}  # fmt: skip


def columns_of(table: Table) -> list[str]:
    """The headings of a table as printed, without the running number."""
    return [label for _, label in BASE_COLUMNS[table.role]] + [each.label for each in table.columns]


def statement_of(pledge: Pledge) -> str:
    """What is promised, and by which plan it was asked for (R070)."""
    statement = pledge.form.read.statement
    return f"按照《{pledge.campaign.title}》的要求，{statement}" if pledge.campaign is not None else statement


def persons_of(pledge: Pledge) -> list[tuple[PledgePerson, Person]]:
    """Everybody the promise names, with what the form asks of each."""
    asked = {each.key: each for each in pledge.form.read.persons}
    return [(each, asked[each.key]) for each in pledge.persons.all() if each.key in asked]


def cells_of(line: PledgeLine, table: Table) -> list[str]:
    """One row as printed, beside its headings."""
    base = [getattr(line, name) for name, _ in BASE_COLUMNS[table.role]]
    own = [line.cells.get(each.key, "") for each in table.columns]
    return [
        "" if value is None else day_words(value) if isinstance(value, dt.date) else str(value)
        for value in [*base, *own]
    ]


def uses_ticked(code: str, on: dt.date) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """The types of use by family, the chosen one ticked: [(family, [(code, label, is_chosen)])]."""
    found = uses(on)
    return [
        (label, [(each.code, each.label, each.code == code) for each in found if each.family == key])
        for key, label in families(on).items()
    ]


def pledge_paper(pledge: Pledge, signature: Signature, *, on: dt.date) -> dict[str, Any]:
    """The promise as it is frozen at signing (R068-R072)."""
    definition = pledge.form.read
    rows: list[tuple[str, object]] = [
        ("单位名称", pledge.unit_name), ("统一社会信用代码", pledge.unit_code), ("地址", pledge.unit_address),
    ]  # fmt: skip
    if definition.asks_use:
        rows.append(("使用性质", _use_words(pledge.use_code, on)))
    rows += [(field.label, pledge.answers.get(field.key, "")) for field in definition.fields]
    blocks = [
        d.facts(*rows),
        d.table(
            ["身份", "姓名", "联系电话", "身份证号"],
            [
                [
                    f"{each.label}（{asked.help}）" if asked.help else each.label,
                    each.name,
                    mask_phone(each.phone),
                    mask_id(each.id_number),
                ]
                for each, asked in persons_of(pledge)
            ],
        ),
        d.text(statement_of(pledge)),
        d.signatures(
            [
                d.SignatureLine(
                    role=signature.signer_title,
                    name=signature.signer_name,
                    title="",
                    method=signature.get_method_display(),
                    image=str(signature.image_id) if signature.image_id else "",
                    remark="",
                    at=f"{timezone.localtime(signature.signed_at):%Y-%m-%d %H:%M}",
                )
            ]
        ),
    ]
    blocks += _tables(pledge, definition)
    if pledge.remarks:
        blocks += [d.heading(definition.remarks), d.text(pledge.remarks)]
    pictures = [
        d.Photo(str(each.pk), each.sha256, f"第 {number} 项整改照片")
        for number, each in enumerate(_line_photos(pledge), start=1)
    ]
    seal = [d.Photo(str(each.pk), each.sha256, "单位印章") for each in files.of(pledge, "seal")]
    if pictures:
        blocks.append(d.photos("整改照片", pictures))
    if seal:
        blocks.append(d.photos("单位印鉴", seal))
    blocks.append(d.closing(pledge.unit_name, day_words(on)))
    return {"title": definition.title, "blocks": blocks}


def _use_words(code: str, on: dt.date) -> str:
    for family, chosen in uses_ticked(code, on):
        for number, label, is_chosen in chosen:
            if is_chosen:
                return f"{family}：{number}、{label}"
    return ""


def _tables(pledge: Pledge, definition: Definition) -> list[d.Block]:
    blocks: list[d.Block] = []
    for table in definition.tables:
        lines = list(pledge.lines.filter(table=table.key).order_by("position"))
        blocks.append(d.heading(table.title))
        if lines:
            rows = [[str(line.position), *cells_of(line, table)] for line in lines]
            blocks.append(d.table(["序号", *columns_of(table)], rows))
        else:
            blocks.append(d.text("无。"))
    return blocks


def _line_photos(pledge: Pledge) -> list[Any]:
    lines = list(pledge.lines.order_by("table", "position"))
    kept = files.of_many(lines)
    return [photo for line in lines for photo in kept[chain_of(line)].get("after", [])]


def transfer_letter(
    *, enterprise: Enterprise, sender: str, to: str, facts: list[tuple[str, object]], reason: str, on: dt.date
) -> dict[str, Any]:
    """移送查处函: who, what was found, and what is asked of whom."""
    return {
        "title": "移送查处函",
        "blocks": [
            d.text(f"{to}："),
            d.text(
                f"{sender}在工作中发现，{enterprise.name}{reason}。现将有关情况和材料移送你单位，请依法查处，并将结果函告我单位。"
            ),
            d.facts(
                ("单位名称", enterprise.name),
                ("统一社会信用代码", enterprise.credit_code or ""),
                ("地址", enterprise.address),
                *facts,
            ),
            d.closing(sender, day_words(on)),
        ],
    }

"""A census as a city sends it in: 100,000 registry rows with the columns of their kinds, against openpyxl + bulk_create.

`python -m bench.sheets_registry --rows 100000 --json OUT` against the database of DATABASE_URL, else SQLite below
BIHUAN_DATA, with the demo loaded. Beside the columns of `bench.sheets` the table has the attributes of three kinds (a
column of one kind stays empty in rows of another), places given in two coordinate systems, and permits with level and
validity. Both sides judge every cell by the same rules and write the same rows, which is asserted in every round.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from bihuan.registry.attributes import Attribute

BAD_EVERY = 100
SHARES = {"restaurant": 70, "small_place": 20, "workshop": 10}  # of a hundred rows
HEADINGS = [
    "序号", "单位名称", "统一社会信用代码", "企业类型", "所属乡镇（街道）", "经营地址", "风险级别", "法人", "法人电话",
    "安全负责人", "安全员电话", "从业人员", "经营状态", "许可证名称", "许可证编号", "发证机关", "发证级别", "有效期起",
    "有效期至", "经度", "纬度", "坐标系",
]  # fmt: skip
BAD: list[dict[str, Any]] = [
    {"统一社会信用代码": "91539702MA6K0002"}, {"企业类型": "飞船制造"}, {"所属乡镇（街道）": "没有这个乡"},
    {"发证级别": "村级"}, {"有效期起": "2029-01-01"}, {"坐标系": "自建坐标"}, {"从业人员": "若干"},
]  # fmt: skip


def make_sheet(rows: int, by: Any) -> bytes:
    """A workbook as Excel saves it; one row in a hundred wrong, by a common column or by one of its kind."""
    import xlsxwriter

    from bench.sheets import townships_of
    from bihuan.registry.models import EnterpriseKind
    from bihuan.registry.schemas import attributes_of
    from bihuan.rules.codes import make_credit_code

    chance = random.Random(20261124)
    codes = townships_of(by)
    labels = dict(EnterpriseKind.objects.filter(pk__in=SHARES).values_list("pk", "label"))
    asked = {kind: attributes_of(kind) for kind in SHARES}
    own = list(dict.fromkeys(each.heading for attributes in asked.values() for each in attributes))
    headings = [*HEADINGS, *own]
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("普查表")
    page.write_row(0, 0, headings)
    for number in range(1, rows + 1):
        kind = chance.choice(kinds)
        values = [
            number, f"云溪虚构{number}号商行", make_credit_code(f"92539799M{number:08d}"), labels[kind], chance.choice(codes),
            f"幸福路{number % 977}号", chance.choice("红橙黄蓝"), f"王{number % 331}", f"1990000{number % 10000:04d}",
            f"李{number % 331}", f"1990000{number * 7 % 10000:04d}", number % 300, "在产", "食品经营许可证",
            f"示例〔2026〕{number}号", "云溪区市场监督管理局", "县级", "2023-07-01", "2028-06-30",
            102.1 + number % 900 / 1000, 25.1 + number % 800 / 1000, "高德" if number % 2 else "",
        ]  # fmt: skip
        said = {each.heading: _value(each, chance, number) for each in asked[kind]}
        if number % BAD_EVERY == 0:
            _spoil(number // BAD_EVERY, values, said, asked[kind])
        page.write_row(number, 0, [*values, *(said.get(heading, "") for heading in own)])
    book.close()
    return out.getvalue()


def _value(attribute: Attribute, chance: random.Random, number: int) -> Any:
    """What somebody writes into a cell; four in ten of what need not be said is not."""
    if not attribute.required and chance.random() < 0.4:
        return ""
    match attribute.type:
        case "choice":
            return chance.choice(attribute.choices)
        case "choices":
            return "、".join(chance.sample(attribute.choices, min(2, len(attribute.choices))))
        case "yes_no":
            return chance.choice(("是", "否", "有", "无"))
        case "integer":
            return int(_between(attribute, chance))
        case "number":
            return round(_between(attribute, chance), 1)
        case "date":
            return f"202{chance.randint(0, 5)}-0{chance.randint(1, 9)}-15"
    return f"{attribute.label}{number % 500}"


def _between(attribute: Attribute, chance: random.Random) -> float:
    low = attribute.minimum or 0
    high = min(attribute.maximum if attribute.maximum is not None else low + 500, low + 500)
    return chance.uniform(low, high)


def _spoil(turn: int, values: list[Any], said: dict[str, Any], attributes: tuple[Attribute, ...]) -> None:
    """One slip in a row: in a common column, or something its kind's attributes cannot be."""
    if turn % 2:
        for heading, value in BAD[turn // 2 % len(BAD)].items():
            values[HEADINGS.index(heading)] = value
        return
    judged = [each for each in attributes if each.type in ("choice", "integer", "number", "date")]
    said[judged[turn // 2 % len(judged)].heading] = "说不清楚"


def report(found: dict[str, Any], columns: int) -> dict[str, Any]:
    """The section of docs/benchmarks.md and its measure."""
    ours, theirs = statistics.median(found["ours"]), statistics.median(found["theirs"])
    lines = [
        f"{found['rows']:,} rows x {columns} columns ({found['bytes'] / 1e6:.1f} MB, {found['bad']:,} bad rows), "
        f"{len(found['ours'])} interleaved rounds, medians; the same rows written and the same words for the bad ones "
        "are asserted in every round.",
        "",
        "| import of a census with the columns of its kinds | seconds | rows/s | all rounds |",
        "|---|---|---|---|",
        *(
            f"| {name} | {seconds:.1f} | {found['rows'] / seconds:,.0f} | {', '.join(f'{each:.1f}' for each in every)} |"
            for name, seconds, every in (
                ("calamine, columns, COPY / executemany", ours, found["ours"]),
                ("openpyxl, row by row, bulk_create", theirs, found["theirs"]),
            )
        ),
        "",
        f"The marked copy of the user's sheet takes {statistics.median(found['copy']):.1f} s more on our side; "
        "the baseline makes none.",
    ]
    measure = {
        "what": "import of registry rows with attributes of their kinds against openpyxl + bulk_create", "target": ">= 4x",
        "measured": f"{found['ratio']:.1f}x", "met": found["ratio"] >= 4, "note": f"{found['rows']:,} rows, same rows, same errors",
    }  # fmt: skip
    return {
        "title": "A census with the columns of its kinds",
        "markdown": "\n".join(lines),
        "measures": [measure],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the imported table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    django.setup()
    from bench.sheets import measure_import
    from bihuan.registry.schemas import attributes_of

    found = measure_import(min(arguments.rows, 100_000), arguments.rounds, make_sheet)
    own = {each.heading for kind in SHARES for each in attributes_of(kind)}
    said = report(found, len(HEADINGS) + len(own))
    sys.stdout.write(said["markdown"] + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(said, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()

"""`python -m bihuan.plans FILE [--part N | --all] [--json]`: print the structure of a plan document."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import NoReturn

from bihuan.plans import Plan, PlanReadError, compile_plan, read_document
from bihuan.plans.documents import compile_documents, compile_part
from bihuan.plans.fallbacks import KINDS as FALLBACKS
from bihuan.plans.model import Citation, Zone
from bihuan.plans.parts import PART_KINDS, separate


class _UsageError(Exception):
    """The command line makes no sense."""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line by an exception instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(message)


def main(argv: list[str]) -> int:
    """Compile the file named in `argv` and print it; return 0, or 1 with a Chinese message on stderr."""
    parser = _Parser(prog="bihuan plan compile", description="编译方案文件，打印其结构")
    parser.add_argument(
        "file",
        metavar="FILE",
        help="方案文件（.docx、.doc、.wps、.rtf、.odt、.pdf、.html、.txt、.md 或扫描图片）",
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--part", type=int, metavar="N", help="只编译文件中的第 N 份材料")
    which.add_argument("--all", action="store_true", help="编译文件中的每一份方案和通知")
    try:
        options = parser.parse_args(argv)
    except _UsageError:
        print(
            "用法：bihuan plan compile 方案文件 [--part 序号 | --all] [--json]。请给出一个方案文件的路径。",
            file=sys.stderr,
        )
        return 1
    path = Path(options.file)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        print(f"找不到文件：{path}。请检查路径。", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"无法读取文件 {path}：{error.strerror or error}。请检查路径和权限。", file=sys.stderr)
        return 1
    try:
        plans = _compiled(data, path.name, options.part, every=options.all)
    except PlanReadError as error:
        print(str(error), file=sys.stderr)
        return 1
    if options.json:
        values = [plan.to_json() for plan in plans]
        print(json.dumps(values if options.all else values[0], ensure_ascii=False, indent=1))
    else:
        print("\n\n".join(outline_of(plan) for plan in plans))
    return 0


def _compiled(data: bytes, name: str, part: int | None, *, every: bool) -> list[Plan]:
    """Compile what the options ask for. Raises PlanReadError, also for a part the file does not have."""
    if part is None and not every:
        return [compile_plan(data, name)]
    source = read_document(data, name)
    if part is None:
        return compile_documents(source)
    try:
        return [compile_part(source, part)]
    except IndexError:
        raise PlanReadError(
            f"文件中只有 {len(separate(source))} 份材料，没有第 {part} 份。不带 --part 运行可查看材料清单。"
        ) from None


def _day(value: date | None) -> str:
    return value.isoformat() if value else "未定"


def outline_of(plan: Plan) -> str:
    """Return the plan as readable lines."""
    lines = [f"标题：{plan.title.value if plan.title else '（未找到）'}"]
    lines.append(f"发文单位：{plan.issuer.value if plan.issuer else '（未找到）'}")
    lines.append(f"文号：{plan.doc_no.value if plan.doc_no else '（无）'}　日期：{_day(plan.issued_on)}")
    lines += [f"提示：{notice}" for notice in plan.source.notices]
    if len(plan.parts) > 1:
        lines.append(f"\n文件中的材料（{len(plan.parts)}）")
        lines += [
            f"  {number}．{PART_KINDS[part.kind]}　{part.title or '（无标题）'}{'' if part.span else '　〔未在此编译〕'}"
            for number, part in enumerate(plan.parts, 1)
        ]
    lines.append(f"\n阶段（{len(plan.phases)}）")
    lines += [f"  {p.name}：{_day(p.start)} 至 {_day(p.end)}" for p in plan.phases]
    lines.append(f"\n任务（{len(plan.tasks)}）")
    for task in plan.tasks:
        lines.append(f"  {task.no}　{task.heading}" + (f"　〔{_day(task.due)} 前〕" if task.due else ""))
        for label, units in (
            ("牵头", task.lead),
            ("配合", task.support),
            ("责任", task.responsible),
            ("属地", task.territorial),
        ):
            if units:
                lines.append(f"      {label}：{'、'.join(units)}")
        for item in task.check_items:
            criterion = f"（{item.criterion}）" if item.criterion else ""
            steps = "、".join(f"{s.condition}{'，' if s.condition else ''}{s.word}" for s in item.ladder)
            lines.append(f"      查：{item.text}{criterion} → {steps or '、'.join(item.dispositions)}")
    for title, rows in (
        ("职责分工", [f"{d.unit}：{d.text}" for d in plan.duties]),
        ("报送", [f"{r.who or '—'} → {r.to or '—'}：{r.when}" for r in plan.reports]),
        ("目标", [t.text for t in plan.targets]),
        (
            "机构",
            [
                f"{b.name}：{'、'.join(b.head) or '—'}；{'、'.join(b.deputies) or '—'}；{'、'.join(b.members) or '—'}"
                for b in plan.bodies
            ],
        ),
        *context_rows(plan),
    ):
        if rows:
            lines.append(f"\n{title}（{len(rows)}）")
            lines += [f"  {row}" for row in rows]
    lines.append(f"\n未归类文字 {len(plan.unclassified)} 处")
    return "\n".join(lines)


def context_rows(plan: Plan) -> list[tuple[str, list[str]]]:
    """Return what surrounds the tasks as titled lines: scope, cited documents, fallbacks, batches, forms."""
    return [
        ("区域", [line for zone in plan.zones for line in _zone_lines(zone)]),
        (
            "对象",
            [
                o.text
                + (f"（包括：{'、'.join(o.includes)}）" if o.includes else "")
                + (f"（不含：{'、'.join(o.exclusions)}）" if o.exclusions else "")
                for o in plan.objects
            ],
        ),
        ("上级文件", [_cited(c) for c in plan.parents]),
        ("依据", [_cited(c) for c in plan.basis]),
        (
            "数值标准",
            [
                f"{c.per}{c.subject or '—'} {c.comparator} {c.value:g}{f'–{c.upper:g}' if c.upper else ''} {c.unit}（{c.text}）"
                for c in plan.criteria
            ],
        ),
        ("兜底职责", [f"{FALLBACKS[f.kind]}：{'、'.join(f.units)}（{f.text}）" for f in plan.fallbacks]),
        (
            "批次",
            [
                f"{b.name}" + "".join(f"；{s.no} {_day(s.due)} 前" for s in b.steps if s.due)
                for b in plan.batches
            ],
        ),
        (
            "表单",
            [
                f"{f.title}：栏目 {len(f.fields)} 个，选项 {len(f.choices)} 个，表格 {len(f.tables)} 张"
                for f in plan.forms
            ],
        ),
    ]


def _zone_lines(zone: Zone, depth: int = 0) -> list[str]:
    sides = "，".join(f"{side}：{'、'.join(places)}" for side, places in zone.boundary.items())
    name = zone.name or zone.alias or "（未命名）"
    if zone.alias and zone.name:
        name += f"（{zone.alias}）"
    left_out = f"（不含：{'、'.join(zone.exclusions)}）" if zone.exclusions else ""
    line = "  " * depth + name + (f"　{sides}" if sides else "") + left_out
    return [line, *(row for part in zone.parts for row in _zone_lines(part, depth + 1))]


def _cited(citation: Citation) -> str:
    title = f"《{citation.title}》" if citation.title else ""
    number = f"（{citation.doc_no}）" if citation.doc_no else ""
    return f"{citation.issuer}{title}{number}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

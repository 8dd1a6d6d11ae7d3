"""`bihuan plan lint FILE`: the findings of a plan as a numbered list, or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from bihuan.plans.documents import compile_documents, compile_main
from bihuan.plans.lint import LINT_RULES, SEVERITIES, Finding, lint
from bihuan.plans.model import Plan
from bihuan.plans.reading import PlanReadError, read_document

USAGE = "用法：bihuan plan lint 方案文件 [--all] [--today 年-月-日] [--json]"
NOTHING, FOUND, FAILED = 0, 1, 2
_QUOTE = 60


class _UsageError(Exception):
    """The command line makes no sense."""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line by an exception instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(message)


def main(argv: list[str]) -> int:
    """Check the file named in `argv` and print what was found.

    Returns 0 when nothing is worse than advice, 1 when there are errors or warnings, 2 when the file cannot be read or
    the command line makes no sense (message on stderr).
    """
    parser = _Parser(prog="bihuan plan lint", description="方案体检：列出方案中的矛盾、缺漏和不规范之处")
    parser.add_argument("file", metavar="FILE", help="方案文件（.docx、.pdf、.html、.txt、.md）")
    parser.add_argument("--all", action="store_true", help="文件中有几份方案或通知时，逐份体检")
    parser.add_argument(
        "--today", type=date.fromisoformat, metavar="年-月-日", help="没有成文日期的草稿，按这一天印发"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    try:
        options = parser.parse_args(argv)
    except _UsageError:
        print(f"{USAGE}。请给出一个方案文件的路径。", file=sys.stderr)
        return FAILED
    path = Path(options.file)
    try:
        source = read_document(path.read_bytes(), path.name)
    except FileNotFoundError:
        print(f"找不到文件：{path}。请检查路径。", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"无法读取文件 {path}：{error.strerror or error}。请检查路径和权限。", file=sys.stderr)
        return FAILED
    except PlanReadError as error:
        print(str(error), file=sys.stderr)
        return FAILED
    plans = compile_documents(source) if options.all else [compile_main(source)]
    checked = [(plan, lint(plan, today=options.today)) for plan in plans]
    if options.json:
        values = [as_json(plan, findings) for plan, findings in checked]
        print(json.dumps(values if options.all else values[0], ensure_ascii=False, indent=1))
    else:
        print("\n\n".join(as_text(plan, findings) for plan, findings in checked))
    worse = any(finding.severity != "advice" for _, findings in checked for finding in findings)
    return FOUND if worse else NOTHING


def line_of(plan: Plan, finding: Finding) -> int:
    """Return the line of the plan's text a finding stands on, counted from 1."""
    return plan.source.text.count("\n", 0, finding.span.start) + 1


def quote_of(plan: Plan, finding: Finding) -> str:
    """Return the words a finding is about, on one line, shortened."""
    words = " ".join(finding.span.of(plan.source.text).split())
    return words if len(words) <= _QUOTE else words[: _QUOTE - 1] + "…"


def as_json(plan: Plan, findings: list[Finding]) -> dict[str, Any]:
    """Return a checked plan as plain JSON values; every finding with its line and quotation."""
    return {
        "title": plan.title.value if plan.title else None,
        "notices": plan.source.notices,
        "counts": {level: sum(f.severity == level for f in findings) for level in SEVERITIES},
        "findings": [
            {
                **finding.to_json(),
                "title": LINT_RULES[finding.code].title,
                "line": line_of(plan, finding),
                "quote": quote_of(plan, finding),
            }
            for finding in findings
        ],
    }


def as_text(plan: Plan, findings: list[Finding]) -> str:
    """Return the findings as a numbered list, the worst first, in printed order within one severity."""
    lines = [f"方案体检：{plan.title.value if plan.title else '（没有找到标题）'}"]
    lines += [f"提示：{notice}" for notice in plan.source.notices]
    if not findings:
        return "\n".join([*lines, "没有发现问题。"])
    counts = [
        f"{label.split('（')[0]} {n}"
        for level, label in SEVERITIES.items()
        if (n := sum(f.severity == level for f in findings))
    ]
    lines.append(f"共 {len(findings)} 处：{'，'.join(counts)}。")
    number = 0
    for level, label in SEVERITIES.items():
        group = [finding for finding in findings if finding.severity == level]
        if group:
            lines.append(f"\n{label}")
        for finding in group:
            number += 1
            lines += [
                f"{number:>3}. {LINT_RULES[finding.code].title}　〔第 {line_of(plan, finding)} 行〕“{quote_of(plan, finding)}”",
                f"     {finding.message}",
                f"     为什么：{finding.why}",
                f"     建议：{finding.proposal}",
            ]
    return "\n".join(lines)

"""`python -m bihuan.figures FILE [--json]`: check the figures of a narrative report."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import NoReturn

from bihuan.figures import KINDS, Relation, check_figures
from bihuan.plans.reading import PlanReadError, read_document


class _UsageError(Exception):
    """The command line makes no sense."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _UsageError(message)


def main(argv: list[str]) -> int:
    """Check the report named in `argv`; return 0 when nothing contradicts, 1 when something does, 2 on bad input."""
    parser = _Parser(prog="bihuan figures check", description="勾稽自检：核对报告中的数字")
    parser.add_argument("file", metavar="FILE", help="报告文件（.docx、.pdf、.html、.txt、.md）")
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    try:
        options = parser.parse_args(argv)
    except _UsageError:
        print("用法：bihuan figures check 报告文件 [--json]。请给出一个文件的路径。", file=sys.stderr)
        return 2
    path = Path(options.file)
    try:
        text = read_document(path.read_bytes(), path.name).text
    except OSError as error:
        print(f"无法读取文件 {path}：{error.strerror or error}。请检查路径和权限。", file=sys.stderr)
        return 2
    except PlanReadError as error:
        print(str(error), file=sys.stderr)
        return 2
    report = check_figures(text)
    if options.json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
    else:
        print(f"发现 {len(report.findings)} 处不符，{len(report.confirmed)} 处相符。")
        for number, relation in enumerate(report.findings, 1):
            print(f"{number}. 【{KINDS[relation.kind]}】{_placed(text, relation)}")
        if report.confirmed:
            print("相符：")
        for relation in report.confirmed:
            print(f"· 【{KINDS[relation.kind]}】{relation.statement}")
    return 1 if report.findings else 0


def _placed(text: str, relation: Relation) -> str:
    start, end = relation.spans[0]
    line = text.count("\n", 0, start) + 1
    around = text[max(0, start - 18) : end + 6].replace("\n", " ")
    return f"{relation.statement}\n   第 {line} 段：…{around}…"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`bihuan archive run | verify | stats`: write, check and ask the archive."""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bihuan.archive.asking import answer
from bihuan.archive.catalogue import Asked, statistics
from bihuan.archive.verification import verify
from bihuan.archive.writing import root, run
from bihuan.core.errors import Refused

UNITS = {"permille": "（‰）", "tenths": "（十分之一）"}


class Command(BaseCommand):
    help = "历史归档：run 归档一天以前的记录，verify 与数据库逐条核对，stats 列出或计算历史统计。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="动作")
        actions.add_parser("run", help="归档一天以前的流转、检查和审计记录")
        actions.add_parser("verify", help="核对归档文件和数据库，有差异时逐一指名，退出码为 1")
        stats = actions.add_parser("stats", help="不写名称时列出全部统计；写名称时以 CSV 输出结果")
        stats.add_argument("name", nargs="?", metavar="名称")
        stats.add_argument("--region", metavar="区划代码", help="例如 5397；不写则为全部")
        stats.add_argument("--from", dest="first", metavar="月份", help="例如 2024-01，默认三年前")
        stats.add_argument("--to", dest="last", metavar="月份", help="例如 2026-12，默认本月")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["action"]:
                case "run":
                    self.stdout.write(run().sentence())
                    self.stdout.write(f"归档目录：{root()}")
                case "verify":
                    self._verify()
                case "stats":
                    self._stats(options)
        except Refused as error:
            raise CommandError(str(error)) from error

    def _verify(self) -> None:
        findings = verify()
        self.stdout.write(f"已核对 {findings.files} 个文件、{findings.rows} 条记录")
        if findings.is_clean:
            self.stdout.write("未发现问题")
            return
        for problem in findings.problems:
            self.stdout.write(f"✗ {problem}")
        sys.exit(1)

    def _stats(self, options: dict[str, Any]) -> None:
        if not options["name"]:
            for each in statistics().values():
                self.stdout.write(f"{each.name:<16}{each.title}")
            return
        statistic = statistics().get(options["name"])
        if statistic is None:
            raise CommandError(f"没有名为“{options['name']}”的统计，bihuan archive stats 列出全部")
        today = timezone.localdate()
        first = _month(options["first"], today.replace(year=today.year - 3, day=1))
        last = _month(options["last"], today.replace(day=1))
        end = last.replace(day=calendar.monthrange(last.year, last.month)[1])
        rows = answer(statistic, Asked(first, end, _region(options["region"])))
        out = csv.writer(self.stdout, lineterminator="\n")
        # As the SQL gives them: whole thousandths and tenths, so that they can be compared with other engines.
        out.writerow([f"{heading.label}{UNITS.get(heading.kind, '')}" for heading in statistic.headings])
        out.writerows(rows)


def _month(text: str | None, default: dt.date) -> dt.date:
    if not text:
        return default
    try:
        return dt.date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise CommandError(f"月份应写作 2026-03，现为“{text}”") from error


def _region(code: str | None) -> str:
    """The code asked for; without one, everything."""
    if code and not (code.isascii() and code.isdigit()):
        raise CommandError(f"区划代码只含数字，现为“{code}”")
    return code or ""

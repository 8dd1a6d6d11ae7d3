"""`bihuan search check` and `bihuan search rebuild`: does the index of words agree with the records, and make it so."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bihuan.search import agreement


class Command(BaseCommand):
    help = "核对或重建查找索引：check 逐条核对，有出入时退出码为 1；rebuild 补齐、更新、清除，期间照常使用。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["check", "rebuild"], help="check 核对，rebuild 重建")

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        if act == "rebuild":
            agreement.rebuild(self.stdout.write)
            return
        found = agreement.check()
        for each in found:
            self.stdout.write(str(each))
        if not all(each.is_exact for each in found):
            self.stdout.write("索引与记录不一致，请执行 bihuan search rebuild")
            sys.exit(1)

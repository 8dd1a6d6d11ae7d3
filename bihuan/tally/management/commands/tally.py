"""`bihuan tally verify` and `bihuan tally rebuild`: count every figure again; name what differs, or put it right."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bihuan.tally.rebuild import rebuild, verify
from bihuan.tally.wording import sentences


class Command(BaseCommand):
    help = "tally verify：从台账和检查记录重新统计，逐一指出不符的统计单元，退出码为 1；tally rebuild：补正不符之处，可在使用中进行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify", "rebuild"], help="verify 核对，rebuild 补正")
        parser.add_argument("--quiet", action="store_true", help="不显示进度")

    def handle(self, *args: Any, action: str, quiet: bool, **options: Any) -> None:
        began = time.monotonic()
        progress = None if quiet else self._tell
        if action == "rebuild":
            corrected = rebuild(progress)
            words = f"补正 {corrected:,} 个统计单元" if corrected else "统计单元与台账相符，无须补正"
            self.stdout.write(f"{words}（{time.monotonic() - began:.0f} 秒）")
            return
        report = verify(progress)
        self.stdout.write(f"已重新统计 {report.cells:,} 个统计单元（{time.monotonic() - began:.0f} 秒）")
        if report.is_clean:
            self.stdout.write("与台账和检查记录相符")
            return
        for sentence in sentences(report.differences):
            self.stdout.write(f"✗ {sentence}")
        if report.count > len(report.differences):
            self.stdout.write(f"……另有 {report.count - len(report.differences):,} 个")
        self.stdout.write(f"{report.count:,} 个统计单元不符，请运行 bihuan tally rebuild 补正，并查明原因")
        sys.exit(1)

    def _tell(self, stage: str, share: float) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{stage} {share:.0%}        ", ending="")

"""`bihuan audit verify`: prove the record, or name what is wrong with it. Exit code 1 with findings."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bihuan.audit.verification import verify


class Command(BaseCommand):
    help = "核验审计记录：逐条核对链条、每日封存和原始记录；发现问题时逐一指名，退出码为 1。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--files", action="store_true", help="同时重算每个附件文件的摘要（较慢）")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify(files=options["files"])
        self.stdout.write(
            f"已核验 {report.events} 条审计记录、{report.chains} 条链、{report.subjects} 份原始记录、{report.seals} 份每日封存，"
            f"到 #{report.last_event} 为止"
        )
        if report.is_clean:
            self.stdout.write("未发现问题")
            return
        for finding in report.findings:
            self.stdout.write(f"✗ {finding.message}")
        if report.count > len(report.findings):
            self.stdout.write(f"……另有 {report.count - len(report.findings)} 处")
        self.stdout.write(f"发现 {report.count} 处问题")
        sys.exit(1)

"""`bihuan retention`: what may be cleared, by which rule; `--apply` clears it after the report."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bihuan.accounts.queries import service_user
from bihuan.core.errors import Refused
from bihuan.operations.retention.policy import permanent
from bihuan.operations.retention.rounds import approve, carry_out, report


class Command(BaseCommand):
    help = "保存期限：先报告哪些记录到期；--apply 随即按报告清理（留痕）。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="按刚出的报告清理；不加只报告")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = report()
            for line in run.lines:
                self.stdout.write(
                    f"{line['title']}：保存 {line['keep_days']} 天，到期 {line['count']} 条（{line['basis']}{'' if line['verified'] else '，待核实'}）"
                )
            for kept in permanent():
                self.stdout.write(
                    f"{kept.title}：不清理（{kept.basis}{'' if kept.verified else '，待核实'}）"
                )
            if not options["apply"]:
                self.stdout.write("只是报告，没有清理。清理请加 --apply，或由系统管理员在“保存期限”页批准")
                return
            approve(run, by=service_user())
            run.refresh_from_db()
            for result in carry_out(run):
                kept_in = f"，另存于 {'、'.join(result['files'])}" if result["files"] else ""
                self.stdout.write(f"已清理 {result['title']} {result['deleted']} 条{kept_in}")
        except Refused as error:
            raise CommandError(str(error)) from error

"""Load division codes from a CSV of code, name and perhaps parent; run twice, the second time changes nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bihuan.accounts.actions.regions import BadRegionFile, load_regions
from bihuan.accounts.queries import service_user


class Command(BaseCommand):
    help = "装入区划：CSV 文件，每行“代码,名称[,上级代码]”，UTF-8 或 GB18030。可重复执行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="CSV 文件")
        parser.add_argument("--under", default="", help="只装入这个代码及其上级、下级，例如 5397")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = Path(options["file"]).read_bytes()
        except OSError as error:
            raise CommandError(f"文件 {options['file']} 无法读取：{error.strerror}") from error
        try:
            report = load_regions(data, under=options["under"], by=service_user())
        except BadRegionFile as error:
            raise CommandError(f"{error}（没有装入任何区划）") from error
        self.stdout.write(
            f"新增 {report.created} 个，更名 {report.renamed} 个，未变 {report.unchanged} 个，"
            f"略过 {report.skipped} 个（村级和“市辖区”等虚设层级）"
        )

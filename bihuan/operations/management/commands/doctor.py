"""`bihuan doctor`: what a careful operator would look at once a day."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from bihuan.operations.doctor.examination import examine, worst
from bihuan.operations.doctor.lines import Level
from bihuan.operations.version import version

EXIT = {Level.GOOD: 0, Level.WARNING: 0, Level.BAD: 1}


class Command(BaseCommand):
    help = "系统体检：✓ 正常，! 注意，✗ 有问题；每条附处理办法。有 ✗ 时退出码为 1，连不上数据库为 2。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="以 JSON 输出，给监控程序用")
        parser.add_argument("--thorough", action="store_true", help="连同大库的完整自检，可能要几分钟")

    def handle(self, *args: Any, **options: Any) -> None:
        from django.db import connection

        try:
            connection.ensure_connection()
        except DatabaseError as error:
            self.stderr.write(
                f"✗ 数据库连不上：{str(error).strip()[:200]}\n  → 检查 DATABASE_URL，确认数据库在运行"
            )
            raise SystemExit(2) from error
        lines = examine(thorough=options["thorough"])
        level = worst(lines)
        if options["json"]:
            body = {
                "at": timezone.now().isoformat(),
                "version": version(),
                "level": level.value,
                "lines": [line.as_dict() for line in lines],
            }
            self.stdout.write(json.dumps(body, ensure_ascii=False, indent=1))
        else:
            for line in lines:
                self.stdout.write(f"{line.mark} {line.area}：{line.text}")
                if line.remedy:
                    self.stdout.write(f"  → {line.remedy}")
        raise SystemExit(EXIT[level])

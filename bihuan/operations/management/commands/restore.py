"""`bihuan restore --verify 备份` proves a backup on a scratch copy; `--into 备份` fills an empty installation."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bihuan.core.errors import Refused
from bihuan.operations.backup.manifest import backups_in, moment_of
from bihuan.operations.backup.restoring import restore_into, verify
from bihuan.operations.backup.sealing import read_key


class Command(BaseCommand):
    help = "恢复备份。--verify：在临时库和临时目录里演练并核验；--into：恢复到现在配置的空系统。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--verify", metavar="备份", help="某一份备份，或备份目录（取最近一份）")
        what.add_argument("--into", metavar="备份", help="恢复到现在配置的数据目录和数据库，须都是空的")
        parser.add_argument("--key", default=settings.BACKUP_KEY_FILE, help="备份已加密时的密钥文件")
        parser.add_argument("--scratch", metavar="目录", help="演练用的空目录，默认在系统临时目录")
        parser.add_argument(
            "--database", default="", metavar="地址", help="演练用的空 PostgreSQL 库，默认自建自删"
        )
        parser.add_argument(
            "--without-field-key", action="store_true", help="明知原来的字段密钥已丢失，仍然恢复"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = read_key(Path(options["key"])) if options["key"] else None
            directory = _chosen(Path(options["verify"] or options["into"]))
            if options["verify"]:
                scratch = Path(options["scratch"]) if options["scratch"] else None
                proof = verify(directory, key=key, scratch=scratch, database=options["database"])
            else:
                proof = restore_into(directory, key=key, without_field_key=options["without_field_key"])
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"备份 {directory}")
        for line in proof.lines:
            self.stdout.write(line)
        if not proof.is_clean:
            self.stdout.write(f"发现 {proof.wrong} 处问题，这份备份不能依靠")
            raise SystemExit(1)
        self.stdout.write(
            "演练通过，这份备份可以恢复"
            if options["verify"]
            else "已恢复。请接着执行 bihuan migrate 和 bihuan audit verify --files，再启动"
        )


def _chosen(path: Path) -> Path:
    """One backup, or the newest of a directory of backups."""
    if moment_of(path.name) and path.is_dir():
        return path.resolve()
    found = backups_in(path)
    if not found:
        raise Refused(f"{path} 里没有备份")
    return found[-1].resolve()

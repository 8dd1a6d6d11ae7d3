"""`bihuan backup 目录`: one consistent copy of the running installation."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bihuan.core.errors import Refused
from bihuan.operations.backup.sealing import new_key, read_key
from bihuan.operations.backup.taking import take


class Command(BaseCommand):
    help = "不停机备份数据库和附件；默认不含密钥。退出码：0 完成，1 完成但有附件缺失，其他为没有完成。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "directory", nargs="?", default=settings.BACKUP_DIR, help="备份目录，默认取 BIHUAN_BACKUP_DIR"
        )
        parser.add_argument("--key", default=settings.BACKUP_KEY_FILE, help="用这个密钥文件加密")
        parser.add_argument("--new-key", metavar="文件", help="只生成一个密钥文件，不备份")
        parser.add_argument("--with-keys", action="store_true", help="连同 secret.key、field.key 一起备份")
        parser.add_argument("--prune", action="store_true", help="完成后按 BIHUAN_BACKUP_KEEP 删除旧备份")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["new_key"]:
                key = new_key(Path(options["new_key"]))
                self.stdout.write(
                    f"已生成密钥 {key.id}：{options['new_key']}。请另抄一份妥善保存，丢了备份就打不开。"
                )
                return
            if not options["directory"]:
                raise CommandError("请写备份目录，或设置 BIHUAN_BACKUP_DIR")
            key_file = options["key"]
            outcome = take(
                Path(options["directory"]),
                key=read_key(Path(key_file)) if key_file else None,
                with_keys=options["with_keys"],
                keep=settings.BACKUP_KEEP if options["prune"] else None,
            )
        except Refused as error:
            raise CommandError(str(error)) from error
        contents = outcome.manifest
        self.stdout.write(
            f"✓ {outcome.directory}：{len(contents.tables)} 张表 {contents.rows} 行，{contents.files['count']} 个附件"
        )
        for name in outcome.removed:
            self.stdout.write(f"  已按保留份数删除 {name}")
        for warning in outcome.warnings:
            self.stdout.write(f"! {warning}")
        if not contents.has_keys:
            self.stdout.write(
                "! 密钥不在备份里：请把数据目录的 field.key、secret.key 另存一处，没有 field.key 手机号打不开"
            )
        for name in outcome.missing:
            self.stdout.write(f"✗ 附件 {name}")
        if outcome.missing:
            raise SystemExit(1)

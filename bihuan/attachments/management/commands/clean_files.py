"""Take away stored files that no attachment names: left by rolled-back requests and killed workers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bihuan.attachments import storage
from bihuan.attachments.models import Attachment

BATCH = 500


class Command(BaseCommand):
    help = "清理没有附件记录的文件（上传中断或回滚所留），默认只清理 24 小时以前的。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, default=24, help="只清理早于多少小时的文件，默认 24")
        parser.add_argument("--dry-run", action="store_true", help="只列出，不删除")

    def handle(self, *args: Any, **options: Any) -> None:
        removed = 0
        batch: list[str] = []
        for path in storage.stored_files(older_than_hours=options["hours"]):
            batch.append(path)
            if len(batch) == BATCH:
                removed += self._clean(batch, options)
                batch = []
        removed += self._clean(batch, options)
        verb = "可清理" if options["dry_run"] else "已清理"
        self.stdout.write(f"{verb} {removed} 个无主文件")

    def _clean(self, paths: list[str], options: dict[str, Any]) -> int:
        named = [path.removeprefix("thumbnails/") for path in paths]
        # A thumbnail is always .jpg, whatever the extension of its picture: compare without it.
        digests = {path.rpartition("/")[2].partition(".")[0] for path in named}
        known = set(Attachment.objects.filter(sha256__in=digests).values_list("sha256", flat=True))
        orphans = [path for path, name in zip(paths, named, strict=True) if _digest(name) not in known]
        for path in orphans:
            if options["dry_run"]:
                self.stdout.write(path)
            else:
                (storage.root() / path).unlink(missing_ok=True)
        return len(orphans)


def _digest(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]

"""Stored files against what was recorded of them; part of the audit check when files are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from bihuan.audit.actions import chain_of
from bihuan.audit.verification import Finding
from bihuan.core.digest import file_hashes

from . import storage
from .models import Attachment

CHUNK = 200


def count_files() -> int:
    """How many files there are to read."""
    return Attachment.objects.count()


def check_files(after: str | None) -> Iterator[tuple[str, Finding | None]]:
    """Read every stored file after an attachment and compare its digests and size with its row."""
    rows = Attachment.objects.order_by("pk").only("pk", "name", "path", "sha256", "sm3", "size")
    while True:
        piece = list((rows.filter(pk__gt=after) if after else rows)[:CHUNK])
        if not piece:
            return
        for attachment in piece:
            yield str(attachment.pk), _checked(attachment)
        after = str(piece[-1].pk)


def _checked(attachment: Attachment) -> Finding | None:
    where = f"附件 {chain_of(attachment)}（{attachment.name}）"
    try:
        with storage.absolute(attachment.path).open("rb") as file:
            found = file_hashes(file)
    except FileNotFoundError:
        return Finding("file_missing", chain_of(attachment), f"{where}的文件缺失")
    except (OSError, ValueError):
        return Finding("file_unreadable", chain_of(attachment), f"{where}的文件无法读取")
    if (found["sha256"], found["sm3"], found["size"]) == (attachment.sha256, attachment.sm3, attachment.size):
        return None
    return Finding("file_changed", chain_of(attachment), f"{where}的文件内容被改动")

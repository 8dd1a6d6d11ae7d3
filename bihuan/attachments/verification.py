"""Stored files against what was recorded of them; part of the audit check when files are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from bihuan.audit.actions import chain_of
from bihuan.audit.verification import Finding
from bihuan.core.digest import file_hashes

from . import storage
from .models import Attachment

CHUNK = 200


def check_files() -> Iterator[Finding]:
    """Read every stored file and compare its digests and size with its row."""
    rows = Attachment.objects.order_by("pk").only("pk", "name", "path", "sha256", "sm3", "size")
    for attachment in rows.iterator(chunk_size=CHUNK):
        where = f"附件 {chain_of(attachment)}（{attachment.name}）"
        try:
            with storage.absolute(attachment.path).open("rb") as file:
                found = file_hashes(file)
        except FileNotFoundError:
            yield Finding("file_missing", chain_of(attachment), f"{where}的文件缺失")
            continue
        except (OSError, ValueError):
            yield Finding("file_unreadable", chain_of(attachment), f"{where}的文件无法读取")
            continue
        if (found["sha256"], found["sm3"], found["size"]) != (
            attachment.sha256,
            attachment.sm3,
            attachment.size,
        ):
            yield Finding("file_changed", chain_of(attachment), f"{where}的文件内容被改动")

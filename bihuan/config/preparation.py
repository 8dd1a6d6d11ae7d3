"""Bringing an installation up to date: schema, service account, object kinds, sector packs, collected static files. Cheap when nothing changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from bihuan.accounts.queries import service_user
from bihuan.checklists.actions import ensure_packs
from bihuan.config.migrating import patiently
from bihuan.pledges.actions import ensure_forms
from bihuan.registry.kinds import ensure_kinds
from bihuan.tally.rebuild import rebuild_if_stale
from bihuan.zones.kinds import ensure_zone_kinds


def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def prepare(*, verbosity: int = 0) -> None:
    """Migrate, make sure the service account, the shipped kinds and the sector packs exist, collect static files if any
    of ours changed."""
    if not is_migrated():
        patiently(lambda: call_command("migrate", verbosity=verbosity, interactive=False))
    service = service_user()
    ensure_kinds()
    ensure_zone_kinds()
    ensure_packs(by=service)
    ensure_forms()
    rebuild_if_stale()
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    current = _static_stamp()
    if not settings.DEBUG and (not stamp.exists() or stamp.read_text() != current):
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        stamp.write_text(current)


def _static_stamp() -> str:
    digest = hashlib.sha256()
    for path in sorted((Path(settings.SHELL_DIR) / "static").rglob("*")):
        if path.is_file():
            status = path.stat()
            digest.update(f"{path}:{status.st_size}:{status.st_mtime_ns};".encode())
    return digest.hexdigest()

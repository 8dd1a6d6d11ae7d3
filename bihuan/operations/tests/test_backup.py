"""Backups are consistent while people work, and the restore drill finds out when they are not."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.utils import timezone

from bihuan.accounts.queries import service_user
from bihuan.accounts.tests.world import make_world
from bihuan.attachments.actions import store_bytes
from bihuan.attachments.models import Attachment
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.operations.backup import engines, restoring, taking
from bihuan.operations.backup.manifest import backups_in, load, pooled, read_files
from bihuan.operations.backup.schedule import is_due
from bihuan.operations.backup.sealing import new_key
from bihuan.operations.models import Backup

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(tmp_path, settings) -> Path:
    """An installation with people, acts and files in a data directory of its own; returns a place for backups."""
    settings.DATA_DIR = tmp_path / "data"
    (settings.DATA_DIR / "files").mkdir(parents=True)
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": settings.DATA_DIR / "files", "base_url": None},
        }
    }
    make_world()
    service_user()
    for number in range(3):
        work(number)
    return tmp_path / "backups"


def work(number: int) -> None:
    """One act with a file, as the product does it: file first, then rows in one transaction."""
    by = service_user()
    with transaction.atomic():
        made = store_bytes(
            f"act {number}".encode(), f"{number}.txt", "text/plain", Attachment.Kind.DOCUMENT, by=by
        )
        record("attachments.upload", made, by=by, summary=f"第 {number} 份")


@contextmanager
def writers() -> Iterator[list[int]]:
    """Two people who keep working until the block ends."""
    stop, done = threading.Event(), []

    def run(first: int) -> None:
        number = first
        while not stop.is_set():
            work(number)
            done.append(number)
            number += 2
        connection.close()

    threads = [threading.Thread(target=run, args=(first,)) for first in (1000, 1001)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)


@pytest.mark.slow
def test_the_drill_passes_while_people_work(house):
    with writers() as done:
        while len(done) < 5:
            assert threading.active_count() > 2
        outcome = taking.take(house)
    contents = outcome.manifest
    assert outcome.missing == []
    # Exactly the files the copied rows name, although more were written meanwhile.
    assert contents.tables["attachments_attachment"]["rows"] >= 8
    assert contents.files["count"] == contents.tables["attachments_attachment"]["rows"]

    proof = restoring.verify(outcome.directory)
    assert proof.lines[-2].startswith("✓ 审计记录核验通过"), proof.lines
    assert proof.lines[-1].startswith("✓ 统计核验通过"), proof.lines
    assert proof.is_clean
    row = Backup.objects.get(name=contents.name)
    assert row.verified_at is not None
    assert row.status == "done"
    assert row.rows == contents.rows


def test_a_sealed_backup_needs_its_key_and_shares_its_pool(house, tmp_path):
    key = new_key(tmp_path / "backup.key")
    first = taking.take(house, key=key, with_keys=True)
    assert b"act 0" not in b"".join(path.read_bytes() for path in house.rglob("*") if path.is_file())
    pool = house / f"pool-{key.id}"
    before = {path: path.stat().st_mtime_ns for path in pool.rglob("*") if path.is_file()}
    assert len(before) == 3
    with pytest.raises(Refused, match="已加密"):
        load(first.directory, None)
    other = new_key(tmp_path / "other.key")
    with pytest.raises(Refused, match="密钥不对"):
        load(first.directory, other)
    work(77)
    second = taking.take(house, key=key)  # often within the same second
    assert second.directory != first.directory
    assert second.manifest.files["count"] == 4
    assert {path: path.stat().st_mtime_ns for path in before} == before  # none was copied twice


def test_files_that_are_gone_or_changed_are_named(house, settings):
    gone, changed = Attachment.objects.order_by("name")[:2]
    (settings.DATA_DIR / "files" / gone.path).unlink()
    (settings.DATA_DIR / "files" / changed.path).write_bytes(b"forged")
    outcome = taking.take(house)
    assert outcome.missing == sorted(
        [f"files/{gone.path} 不在", f"files/{changed.path} 的内容与登记的摘要不符"]
    )
    assert outcome.manifest.files["count"] == 1
    assert Backup.objects.get().message == "2 个附件缺失或不符"


def test_the_place_may_not_lie_in_the_data(house, settings):
    with pytest.raises(Refused, match="在数据目录里面"):
        taking.take(settings.DATA_DIR / "backups")
    assert not Backup.objects.exists()


def test_damage_is_found_before_anything_is_trusted(house):
    outcome = taking.take(house)
    stored = next(iter(read_files(outcome.directory, outcome.manifest)))
    (house / "pool" / pooled(stored.sha256)).write_bytes(b"rotten")
    proof = restoring.verify(outcome.directory)
    assert not proof.is_clean
    assert any(f"附件 {stored.path} 的内容与清单不符" in line for line in proof.lines)
    assert Backup.objects.get().verified_at is None

    manifest = outcome.directory / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 3', '"rows": 2', 1))
    with pytest.raises(Refused, match="与它的校验值不符"):
        restoring.verify(outcome.directory)


@pytest.mark.sqlite
def test_a_database_file_with_a_flipped_byte_is_refused(house):
    if connection.vendor != "sqlite":
        pytest.skip("the dump of PostgreSQL is checked by pg_restore as well")
    outcome = taking.take(house)
    packed = outcome.directory / "database"
    content = bytearray(gzip.decompress(packed.read_bytes()))
    content[-1] ^= 1
    packed.write_bytes(gzip.compress(bytes(content)))
    proof = restoring.verify(outcome.directory)
    assert "✗ 数据库文件的内容与清单不符" in proof.lines


def test_nothing_is_put_over_an_installation(house):
    outcome = taking.take(house)
    with pytest.raises(Refused, match="没有恢复"):
        restoring.restore_into(outcome.directory)


def test_a_directory_that_is_no_backup(tmp_path):
    with pytest.raises(CommandError, match="没有备份"):
        call_command("restore", "--verify", str(tmp_path))


def test_old_backups_go_with_the_files_only_they_need(house):
    outcome = taking.take(house)
    old = house / "20200101T000000Z"
    shutil.copytree(outcome.directory, old)
    lone = f"00/00/{'0' * 64}"
    (old / "files.txt").write_text(f"{'0' * 64} 4 files/lone.txt\n")
    (house / "pool" / lone).parent.mkdir(parents=True)
    (house / "pool" / lone).write_text("lone")
    assert taking.prune(house, (1, 0, 0)) == ["20200101T000000Z"]
    assert backups_in(house) == [outcome.directory]
    assert not (house / "pool" / lone).exists()
    assert {path.name for path in (house / "pool").rglob("*") if path.is_file()} == {
        stored.sha256 for stored in read_files(outcome.directory, outcome.manifest)
    }


def test_what_an_interrupted_backup_left_is_taken_away(house):
    (house / ".unfinished-20200101T000000Z").mkdir(parents=True)
    Backup.objects.create(
        name="20200101T000000Z", place=str(house), engine="sqlite", started_at=timezone.now()
    )
    taking.take(house)
    assert Backup.objects.get(name="20200101T000000Z").status == "failed"
    assert not list(house.glob(".unfinished*"))


def test_the_command_says_what_it_did_and_warns_about_keys(house):
    out = io.StringIO()
    call_command("backup", str(house), stdout=out)
    assert "3 个附件" in out.getvalue()
    assert "密钥不在备份里" in out.getvalue()


@pytest.mark.parametrize(
    ("at", "earlier", "due"),
    [
        ("2026-11-22T02:31:00+08:00", None, True),
        ("2026-11-22T02:31:00+08:00", ("2026-11-21T02:30:30+08:00", "done"), True),
        ("2026-11-22T02:29:00+08:00", ("2026-11-21T02:30:30+08:00", "done"), False),
        ("2026-11-22T15:00:00+08:00", ("2026-11-22T02:30:30+08:00", "done"), False),
        ("2026-11-22T05:29:00+08:00", None, True),
        ("2026-11-22T05:30:00+08:00", None, False),  # missed: people are coming to work
        ("2026-11-22T09:00:00+08:00", ("2026-11-20T02:30:30+08:00", "done"), False),
        ("2026-11-22T02:50:00+08:00", ("2026-11-22T02:30:30+08:00", "failed"), False),  # an hour's pause
        ("2026-11-22T03:31:00+08:00", ("2026-11-22T02:30:30+08:00", "failed"), True),
        ("2026-11-22T03:31:00+08:00", ("2026-11-22T02:30:30+08:00", "running"), False),
    ],
)
def test_when_the_nightly_one_is_due(settings, at, earlier, due):
    settings.BACKUP_DIR, settings.BACKUP_AT = "/backup", (2, 30)
    now = timezone.datetime.fromisoformat(at)
    if earlier:
        started = timezone.datetime.fromisoformat(earlier[0])
        Backup.objects.create(
            name="x", place="/backup", engine="sqlite", started_at=started, status=earlier[1],
            finished_at=None if earlier[1] == "running" else started,
        )  # fmt: skip
    assert is_due(now) is due


@pytest.mark.slow
def test_an_empty_installation_is_filled_with_its_keys(house, tmp_path):
    key_file = tmp_path / "backup.key"
    outcome = taking.take(house, key=new_key(key_file), with_keys=True)
    empty = tmp_path / "empty"
    with ExitStack() as opened:
        url = ""
        if connection.vendor == "postgresql":
            url = opened.enter_context(engines.pg_scratch(connection.settings_dict, "bihuan_verify_into"))
        done = subprocess.run(
            [
                sys.executable, "-m", "bihuan.config.cli", "restore",
                "--into", str(outcome.directory), "--key", str(key_file),
            ],
            env={"PATH": os.environ["PATH"], "BIHUAN_DATA": str(empty), "DATABASE_URL": url},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert "已恢复" in done.stdout
    assert (empty / "field.key").read_text() == django_settings.BIHUAN_FIELD_KEY
    assert len([path for path in (empty / "files").rglob("*") if path.is_file()]) == 3
    assert bool(url) != (empty / "bihuan.sqlite3").exists()

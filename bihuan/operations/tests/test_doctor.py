"""The examination: each thing that can be wrong is found, named, and comes with what to do."""

from __future__ import annotations

import datetime as dt
import io
import ipaddress
import json
import os
import shutil
from collections import namedtuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from bihuan.audit.models import Event
from bihuan.hazards.tests.factories import make_hazard
from bihuan.operations import certificates
from bihuan.operations.doctor import data, place
from bihuan.operations.doctor.examination import examine, worst
from bihuan.operations.doctor.lines import Level
from bihuan.operations.models import Backup, Heartbeat, RetentionRun
from bihuan.search.models import Entry
from bihuan.tally.models import Cell

NOW = dt.datetime(2026, 11, 22, 2, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def levels(lines) -> dict[str, str]:
    return {line.key: line.level.value for line in lines}


def test_a_house_in_order(settings, tmp_path):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://anquan.example.gov.cn", ["anquan.example.gov.cn"]
    settings.HTTPS, settings.TRUSTED_PROXIES = True, [ipaddress.ip_network("127.0.0.1")]
    assert set(levels(place.configuration()).values()) == {"good"}


@pytest.mark.parametrize(
    ("changes", "key", "level"),
    [
        ({"DEBUG": True}, "configuration.debug", "bad"),
        ({"ALLOWED_HOSTS": ["other.example"]}, "configuration.hosts", "bad"),
        ({"ALLOWED_HOSTS": ["*"]}, "configuration.hosts", "warning"),
        ({"HTTPS": False}, "configuration.https", "bad"),
        ({"HTTPS": True, "TRUSTED_PROXIES": []}, "configuration.proxies", "warning"),
    ],
)
def test_settings(settings, changes, key, level):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS, settings.HTTPS = "https://a.example", ["a.example"], True
    for name, value in changes.items():
        setattr(settings, name, value)
    assert levels(place.configuration())[key] == level


def test_the_clock_against_database_and_files(db, settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    (tmp_path / "x").write_text("x")
    assert levels(place.clock()) == {"clock.database": "good"}
    os.utime(tmp_path / "x", (4102444800, 4102444800))  # the year 2100
    assert levels(place.clock())["clock.files"] == "bad"
    monkeypatch.setattr(place.time, "time", lambda: 1.0)
    assert levels(place.clock())["clock.database"] == "bad"


def usage(free_gb: float, total_gb: float = 100):
    made = namedtuple("usage", "total used free")(
        int(total_gb * place.GIGABYTE), 0, int(free_gb * place.GIGABYTE)
    )
    return lambda path: made


def backup(started: dt.datetime, *, status: str = "done", **more) -> Backup:
    return Backup.objects.create(
        name=started.strftime("%Y%m%dT%H%M%SZ"), place="/backup", engine="sqlite", status=status,
        started_at=started, finished_at=None if status == "running" else started, **more,
    )  # fmt: skip


def test_disk_and_how_long_it_lasts(db, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", usage(50))
    assert levels(place.disk())["disk.free"] == "good"
    monkeypatch.setattr(shutil, "disk_usage", usage(10))
    assert levels(place.disk())["disk.free"] == "warning"
    monkeypatch.setattr(shutil, "disk_usage", usage(2))
    assert levels(place.disk())["disk.free"] == "bad"
    # One gigabyte in ten days: fifty left last five hundred days; half a gigabyte a day, a hundred.
    backup(NOW - 10 * DAY, size=0)
    assert place.days_left(50 * place.GIGABYTE) is None
    backup(NOW, size=place.GIGABYTE)
    assert place.days_left(50 * place.GIGABYTE) == 500


def test_keys_others_can_read(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "field.key").write_text("x")
    (tmp_path / "field.key").chmod(0o600)
    assert levels(place.secrets()) == {"secrets.mode": "good"}
    (tmp_path / "field.key").chmod(0o640)
    (line,) = place.secrets()
    assert line.level == Level.BAD
    assert line.remedy == f"chmod 600 {tmp_path / 'field.key'}"


def test_fonts_of_official_papers(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(place, "_asked", lambda *command: command[-1] if command[0] == "fc-match" else "x")
    assert levels(place.fonts()) == {"fonts.papers": "good"}
    monkeypatch.setattr(place, "_asked", lambda *command: "Noto Serif CJK SC")
    (line,) = place.fonts()
    assert line.level == Level.WARNING
    assert "仿宋_GB2312（正文）用 Noto Serif CJK SC 代替" in line.text
    monkeypatch.setattr(place, "_asked", lambda *command: "DejaVu Sans" if command[0] == "fc-match" else "")
    assert levels(place.fonts()) == {"fonts.chinese": "bad"}


def certificate(path, ends: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anquan.example.gov.cn")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(ends - 90 * DAY).not_valid_after(ends).sign(key, hashes.SHA256())
    )  # fmt: skip
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


@pytest.mark.parametrize(("days", "level"), [(90, "good"), (29, "warning"), (-1, "bad")])
def test_certificates_that_end(settings, tmp_path, days, level):
    certificate(tmp_path / "anquan.pem", NOW + days * DAY)
    settings.CERTIFICATES, settings.PUBLIC_URL = [str(tmp_path / "anquan.pem")], "http://127.0.0.1"
    assert levels(place.certificate_lines(NOW)) == {"certificates.anquan.pem": level}


def test_certificates_that_cannot_be_read(tmp_path):
    (tmp_path / "wrong.pem").write_text("not a certificate")
    assert "不是 PEM" in certificates.from_file(tmp_path / "wrong.pem").problem
    assert "读不到文件" in certificates.from_file(tmp_path / "gone.pem").problem
    assert certificates.of_address("http://127.0.0.1") is None


def test_the_database_is_sound_and_up_to_date(db):
    found = levels(data.database(thorough=True))
    assert found["database.migrations"] == "good"
    if connection.vendor == "sqlite":
        assert (found["database.wal"], found["database.check"]) == ("good", "good")
    else:
        # The throw-away server of the tests runs without fsync, and the examination must say so.
        assert found["database.version"] == "good"


def test_workers(db):
    assert levels(data.workers(NOW))["workers.alive"] == "bad"
    Heartbeat.objects.create(
        worker="m/1/1", started_at=NOW, seen_at=NOW - dt.timedelta(seconds=10), rounds={"fold": {"error": ""}}
    )
    assert levels(data.workers(NOW))["workers.alive"] == "good"
    Heartbeat.objects.update(rounds={"sweep": {"error": "OSError"}})
    (line,) = [line for line in data.workers(NOW) if line.key == "workers.rounds"]
    assert "sweep（OSError）" in line.text
    Heartbeat.objects.update(seen_at=NOW - dt.timedelta(minutes=5))
    assert levels(data.workers(NOW))["workers.alive"] == "bad"


def test_jobs_that_wait_or_failed(db):
    job = DBTaskResult.objects.create(
        args_kwargs={},
        task_path="x",
        backend_name="default",
        run_after=NOW - 2 * DAY,
        exception_class_path="",
        traceback="",
    )
    DBTaskResult.objects.filter(pk=job.pk).update(enqueued_at=NOW - dt.timedelta(hours=2))
    assert levels(data.workers(NOW))["workers.queue"] == "bad"
    DBTaskResult.objects.filter(pk=job.pk).update(status="FAILED", finished_at=NOW)
    found = levels(data.workers(NOW))
    assert (found["workers.queue"], found["workers.failed"]) == ("good", "warning")


def test_days_that_were_not_sealed(db):
    assert levels(data.workers(NOW))["workers.seals"] == "good"
    Event.objects.create(
        chain="x:1",
        seq=1,
        at=NOW - 5 * DAY,
        day=(NOW - 5 * DAY).date(),
        act="x",
        actor_name="x",
        summary="x",
        hash="x",
    )
    assert levels(data.workers(NOW))["workers.seals"] == "bad"


def test_backups_and_drills(db):
    assert levels(data.backups(NOW)) == {"backups.last": "bad"}
    made = backup(NOW - DAY)
    assert levels(data.backups(NOW)) == {"backups.last": "good", "backups.drill": "warning"}
    Backup.objects.filter(pk=made.pk).update(verified_at=NOW)
    backup(NOW - dt.timedelta(hours=1), status="failed", message="磁盘已满")
    found = {line.key: line for line in data.backups(NOW)}
    assert found["backups.drill"].level == Level.GOOD
    assert "磁盘已满" in found["backups.failed"].text
    assert levels(data.backups(NOW + 3 * DAY))["backups.last"] == "bad"
    assert levels(data.backups(NOW + 101 * DAY))["backups.drill"] == "warning"


def test_a_backup_that_was_missed_is_named(db, settings):
    settings.BACKUP_DIR, settings.BACKUP_AT = "/backup", (2, 30)
    backup(dt.datetime(2026, 11, 20, 18, 30, tzinfo=dt.UTC))  # 02:30 on the 21st; NOW is 10:00 on the 22nd
    found = {line.key: line for line in data.backups(NOW)}
    assert found["backups.last"].level == Level.WARNING
    assert "下一个夜里补做" in found["backups.last"].text
    backup(dt.datetime(2026, 11, 21, 18, 30, tzinfo=dt.UTC))
    assert levels(data.backups(NOW))["backups.last"] == "good"


def test_retention_waits_for_approval(db):
    assert levels(data.keeping(NOW))["retention.report"] == "warning"
    run = RetentionRun.objects.create(made_at=NOW, total=5)
    assert levels(data.keeping(NOW))["retention.report"] == "warning"
    RetentionRun.objects.filter(pk=run.pk).update(status="applied")
    assert levels(data.keeping(NOW))["retention.report"] == "good"


def test_every_bad_line_says_what_to_do(db):
    lines = examine(NOW)
    assert {line.area for line in lines} == {
        "配置", "时钟", "磁盘", "数据库", "后台作业", "备份", "密钥", "证书", "字体", "保存期限", "抽查",
    }  # fmt: skip
    assert all(line.remedy for line in lines if line.level != Level.GOOD)


def test_a_question_that_cannot_be_asked_is_an_answer(db, monkeypatch):
    monkeypatch.setattr(place, "disk", lambda: 1 / 0)
    lines = {line.key: line for line in examine(NOW)}
    assert "ZeroDivisionError" in lines["disk.failed"].text
    assert worst(lines.values()) == Level.BAD


def test_the_command_in_words_and_as_json(db):
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    assert ended.value.code == 1  # no worker, no backup
    assert "✗ 备份：从未备份\n  → 设 BIHUAN_BACKUP_DIR" in out.getvalue()
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["level"] == "bad"
    assert {"key", "area", "level", "text", "remedy"} == set(said["lines"][0])
    assert timezone.datetime.fromisoformat(said["at"]).tzinfo is not None


def test_hazards_nobody_can_find(world):
    make_hazard(world)
    assert levels(data.samples())["samples.search"] == "good"
    Entry.objects.all().delete()
    (line,) = [line for line in data.samples() if line.key == "samples.search"]
    assert line.level == Level.BAD
    assert "1 条查找不到" in line.text


def test_figures_below_zero(db):
    Cell.objects.create(grain=0, span="all", start=dt.date(1970, 1, 1), region="5397", found=-1)
    assert levels(data.samples())["samples.tally"] == "bad"

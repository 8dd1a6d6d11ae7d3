"""The nightly run keeps to its night, and says when one was missed."""

import datetime as dt

import pytest

from bihuan.archive import manifest, nightly


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-11-{text}:00+08:00")


@pytest.fixture
def begun(monkeypatch, archive_dir):
    """The commands that were begun; each ends at once."""
    commands = []

    class Ended:
        returncode = 0

        def poll(self):
            return 0

    def start(command):
        commands.append(command[2:])
        return Ended()

    monkeypatch.setattr(nightly, "start_behind", start)
    monkeypatch.setattr(nightly, "_child", None)
    return commands


def test_once_a_night_and_never_by_day(begun):
    at = ("22T09:00", "22T23:00", "23T02:10", "23T02:20", "23T04:59", "23T05:10", "24T02:00")
    assert [nightly.archive_due(local(each)) for each in at] == [
        False,
        False,
        True,
        False,
        False,
        False,
        True,
    ]
    assert begun == [["bihuan.config.cli", "archive", "run"]] * 2


def test_a_missed_night_is_named(archive_dir):
    installed = local("22T09:00")
    assert nightly.missed_since(local("22T15:00"), installed) is None  # there was no night yet
    assert nightly.missed_since(local("23T09:00"), installed) == local("23T02:00")
    assert nightly.missed_since(local("23T09:00"), None) is None  # nothing to archive
    archive_dir.mkdir()
    kept = manifest.load(archive_dir)
    kept.written_at = "2026-11-23T02:05:00+08:00"
    manifest.save(archive_dir, kept)
    assert nightly.missed_since(local("23T09:00"), installed) is None
    assert nightly.missed_since(local("24T09:00"), installed) == local("24T02:00")

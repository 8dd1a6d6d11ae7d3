"""`bihuan archive verify`: every file against its hash, every row against the database, each difference named."""
# ruff: noqa: S608 - DuckDB is given our own file names, ids and constants only

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils import timezone

from . import manifest as lists
from . import sources
from .engine import database
from .layout import STREAMS, Stream, extract_sql
from .manifest import ArchiveFile, Manifest
from .writing import STRETCH, reading, root


@dataclass
class Findings:
    """What was looked at, and what was wrong, as Chinese sentences."""

    files: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.problems


def verify() -> Findings:
    """Compare the archive with its list and with the database; months that are clean are noted as verified.

    Rows of a month that was dropped from the database after archiving are judged by file hash alone.
    """
    home = root()
    findings = Findings()
    with lists.only_one(home):
        manifest = lists.load(home)
        broken = {file.path: words for file in manifest.files if (words := _damage(home, file))}
        findings.files = len(manifest.files)
        findings.problems += broken.values()
        findings.problems += [
            f"清单之外的文件：{path.relative_to(home)}，统计不会读它，下次归档时清除"
            for path in lists.unlisted(home, manifest)
        ]
        wrong = {(file.stream, file.month) for file in manifest.files if file.path in broken}
        sound = [file for file in manifest.files if file.path not in broken]
        for stream in STREAMS.values():
            for month, problem in _row_problems(home, manifest, sound, stream, findings):
                wrong.add((stream.name, month))
                findings.problems.append(problem)
        today = timezone.localdate().isoformat()
        months = {(file.stream, file.month) for file in manifest.files}
        manifest.verified = {f"{stream} {month}": today for stream, month in sorted(months - wrong)}
        lists.save(home, manifest)
    return findings


def _damage(home: Path, file: ArchiveFile) -> str:
    """What is wrong with a file itself; "" when it is as it was written."""
    path = home / file.path
    if not path.exists():
        return f"归档文件缺失：{file.path}（{file.rows} 条）"
    if lists.sha256_of(path) != file.sha256:
        return f"归档文件被改动：{file.path} 的摘要与清单不符"
    return ""


def _row_problems(
    home: Path, manifest: Manifest, sound: list[ArchiveFile], stream: Stream, findings: Findings
) -> Iterator[tuple[str, str]]:
    """(month, sentence) for every stretch and month where rows or their checksum differ."""
    dropped = {key.split(" ")[1] for key in manifest.dropped if key.split(" ")[0] == stream.name}
    top, low = manifest.watermarks.get(stream.name, 0), 0
    work = Path(tempfile.mkdtemp(prefix="tmp-", dir=home))
    try:
        while low < top:
            high = sources.step(stream, low, STRETCH, top)
            files = [
                file for file in sound if file.stream == stream.name and file.low <= high and file.high > low
            ]
            kept = _archived(home, stream, files, low, high, work)
            there = _in_database(stream, low, high, work)
            findings.rows += sum(rows for rows, _ in there.values())
            for month in sorted(set(kept) | set(there)):
                if month in dropped and month not in there:
                    continue
                mine, theirs = kept.get(month, (0, 0)), there.get(month, (0, 0))
                if mine != theirs:
                    what = "条数" if mine[0] != theirs[0] else "内容"
                    yield (
                        month,
                        f"{stream.label} {month}（编号 {low + 1}—{high}）{what}不符：数据库 {theirs[0]} 条，归档 {mine[0]} 条",
                    )
            low = high
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sums(stream: Stream) -> str:
    checked = ", ".join(stream.checked)
    return f"count(*), bit_xor(hash({checked}))"


def _archived(
    home: Path, stream: Stream, files: list[ArchiveFile], low: int, high: int, work: Path
) -> dict[str, tuple[int, int]]:
    by_month: dict[str, list[ArchiveFile]] = {}
    for file in files:
        by_month.setdefault(file.month, []).append(file)
    found: dict[str, tuple[int, int]] = {}
    with database(work) as duck:
        for month, held in by_month.items():
            row = duck.execute(
                f"SELECT {_sums(stream)} FROM ({reading(home, held, ['*'])}) "
                f"WHERE event_id > {low} AND event_id <= {high}"
            ).fetchone()
            if row and row[0]:
                found[month] = (row[0], row[1])
    return found


def _in_database(stream: Stream, low: int, high: int, work: Path) -> dict[str, tuple[int, int]]:
    extract = work / "extract.csv"
    sources.extract(stream, sources.rows_of(stream, low, high), extract)
    with database(work) as duck:
        rows = duck.execute(
            f"SELECT month, {_sums(stream)} FROM ({extract_sql(stream, str(extract))}) GROUP BY month"
        ).fetchall()
    extract.unlink()
    return {month: (count, checksum) for month, count, checksum in rows}

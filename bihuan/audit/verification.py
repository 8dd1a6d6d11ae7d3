"""Reading the whole record against itself, against its seals and against the rows it vouches for (invariant 2).

Streams: events in chain order, subjects in batches per model, seals day by day. Nothing here writes to the record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from bihuan.core.digest import matches, merkle_root

from .actions import leaf, link_content, seal_content, unpack_leaves
from .models import Event, Head, Seal

READ = 2000  # events per fetch
BATCH = 500  # rows and heads per query
MAX_FINDINGS = 1000
MAX_MISSING = 50  # links named one by one when a chain lost more


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `kind` is stable, `subject` the chain or day, `message` Chinese for people."""

    kind: str
    subject: str
    message: str


@dataclass
class VerifyReport:
    """What was read and what was found; `is_clean` when nothing is wrong."""

    events: int = 0
    chains: int = 0
    subjects: int = 0
    seals: int = 0
    findings: list[Finding] = field(default_factory=list)
    count: int = 0
    _keys: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def is_clean(self) -> bool:
        return not self.count

    def add(self, kind: str, subject: str, message: str, *, key: tuple[str, ...] = ()) -> None:
        """Note a finding once; beyond a thousand they are only counted."""
        identity = (kind, subject, *key) if key else (kind, subject, message)
        if identity in self._keys:
            return
        self.count += 1
        if len(self.findings) < MAX_FINDINGS:
            self._keys.add(identity)
            self.findings.append(Finding(kind, subject, message))


Check = Callable[[], Iterator[Finding]]
_FILE_CHECKS: list[Check] = []


def register_file_check(check: Check) -> None:
    """Let a higher app compare stored files with what was recorded of them; runs only when files are asked for."""
    if check not in _FILE_CHECKS:
        _FILE_CHECKS.append(check)


def verify(*, files: bool = False) -> VerifyReport:
    """Verify everything and return what is wrong, by name. `files` also reads every stored file."""
    report = VerifyReport()
    known_missing = _check_seals(report)
    _check_chains(report, known_missing)
    _check_lost_chains(report)
    if files:
        for check in _FILE_CHECKS:
            for finding in check():
                report.add(finding.kind, finding.subject, finding.message)
    return report


def name_of(chain: str) -> str:
    """A chain in words: 隐患 hazards.hazard:42."""
    model = _model_of(chain)
    return f"{model._meta.verbose_name} {chain}" if model else chain


def _model_of(chain: str) -> type[models.Model] | None:
    try:
        return apps.get_model(chain.partition(":")[0])
    except (LookupError, ValueError):
        return None


# --- seals -------------------------------------------------------------------------------------------


def _check_seals(report: VerifyReport) -> dict[tuple[str, int], int]:
    """Check every seal and its day; returns {(chain, seq): id} of sealed events that are gone."""
    gone: dict[tuple[str, int], int] = {}
    previous: Seal | None = None
    for seal in Seal.objects.order_by("day").iterator(chunk_size=50):
        report.seals += 1
        day = str(seal.day)
        if previous is not None and seal.day != previous.day + dt.timedelta(days=1):
            report.add("seal_missing", day, f"{previous.day} 与 {day} 之间的封存缺失")
        if seal.previous_hash != (previous.hash if previous else ""):
            report.add("seal_chain", day, f"{day} 的封存与上一份封存不衔接，有封存被更换或删除")
        if not matches(seal_content(seal), seal.hash):
            report.add(
                "seal_changed", day, f"{day} 的封存被改动（日期、条数、默克尔根或封存时间与本封存摘要不符）"
            )
        _check_day(report, seal, gone)
        previous = seal
    return gone


def _check_day(report: VerifyReport, seal: Seal, gone: dict[tuple[str, int], int]) -> None:
    day = str(seal.day)
    try:
        leaves = unpack_leaves(bytes(seal.leaves))
        sealed = dict(_parsed(each) for each in leaves)
    except ValueError:
        report.add("seal_changed", day, f"{day} 封存的清单已损坏，无法逐条对照")
        return
    algorithm = seal.root.partition(":")[0]
    try:
        fits = merkle_root(leaves, algorithm) == seal.root
    except ValueError:
        fits = False
    if not fits or len(leaves) != seal.count:
        report.add("seal_changed", day, f"{day} 封存的清单与默克尔根不符，封存被改动")
    rows = Event.objects.filter(day=seal.day).order_by("id").values_list("id", "chain", "seq", "hash")
    for event_id, chain, seq, link in rows.iterator(chunk_size=READ):
        expected = sealed.pop(event_id, None)
        if expected is None:
            report.add(
                "event_added", chain, f"审计记录 #{event_id}（{chain} 第{seq}条）不在 {day} 的封存里，是封存之后加入的",
                key=(str(seq),),
            )  # fmt: skip
        elif leaf(event_id, chain, seq, link) != leaf(event_id, *expected):
            was = f"{expected[0]} 第{expected[1]}条"
            report.add(
                "event_changed", expected[0], f"审计记录 #{event_id}（{was}）与 {day} 封存时不符",
                key=(str(event_id),),
            )  # fmt: skip
    for event_id, (chain, seq, _) in sealed.items():
        gone[(chain, seq)] = event_id
        report.add("event_missing", chain, f"审计记录 #{event_id}（{chain} 第{seq}条）缺失", key=(str(seq),))


def _parsed(text: str) -> tuple[int, tuple[str, int, str]]:
    event_id, chain, seq, link = text.split("|")
    return int(event_id), (chain, int(seq), link)


# --- chains ------------------------------------------------------------------------------------------


@dataclass
class _Chain:
    """One chain while it is read."""

    name: str
    last: Event | None = None
    signed: str = ""  # the latest content hash
    length: int = 0


def _check_chains(report: VerifyReport, gone: dict[tuple[str, int], int]) -> None:
    chain: _Chain | None = None
    finished: list[_Chain] = []
    subjects = _Subjects(report)
    events = Event.objects.order_by("chain", "seq").iterator(chunk_size=READ)
    for event in events:
        report.events += 1
        if chain is None or event.chain != chain.name:
            if chain is not None:
                finished.append(chain)
            chain = _Chain(event.chain)
            report.chains += 1
        _check_link(report, chain, event, gone)
        chain.last, chain.length = event, chain.length + 1
        if event.content_hash:
            chain.signed = event.content_hash
        if len(finished) >= BATCH:
            _finish(report, finished, subjects, gone)
            finished = []
    if chain is not None:
        finished.append(chain)
    _finish(report, finished, subjects, gone)
    subjects.flush()


def _check_link(report: VerifyReport, chain: _Chain, event: Event, gone: dict[tuple[str, int], int]) -> None:
    where = f"审计记录 #{event.pk}（{event.chain} 第{event.seq}条）"
    expected = chain.last.seq + 1 if chain.last else 1
    _report_missing(report, event.chain, expected, event.seq - 1, gone)
    if not matches(link_content(event), event.hash):
        report.add("event_changed", event.chain, f"{where}被改动：内容与本条摘要不符", key=(str(event.pk),))
    elif event.seq == expected and event.previous_hash != (chain.last.hash if chain.last else ""):
        report.add(
            "event_order", event.chain, f"{where}与上一条不衔接，顺序或上一条被改动", key=(str(event.seq),)
        )
    if event.day != timezone.localdate(event.at):
        report.add(
            "event_changed",
            event.chain,
            f"{where}的日期被改动：{event.day} 与时间不符",
            key=("day", str(event.pk)),
        )


def _report_missing(
    report: VerifyReport, chain: str, first: int, last: int, gone: dict[tuple[str, int], int]
) -> None:
    for seq in range(first, min(last, first + MAX_MISSING - 1) + 1):
        event_id = gone.get((chain, seq))
        number = f" #{event_id}" if event_id else ""
        report.add("event_missing", chain, f"审计记录{number}（{chain} 第{seq}条）缺失", key=(str(seq),))
    if last - first >= MAX_MISSING:
        report.add(
            "event_missing", chain, f"{chain} 第{first}至{last}条审计记录缺失，共 {last - first + 1} 条"
        )


def _finish(
    report: VerifyReport, chains: list[_Chain], subjects: _Subjects, gone: dict[tuple[str, int], int]
) -> None:
    heads = Head.objects.in_bulk([chain.name for chain in chains])
    for chain in chains:
        last, head = chain.last, heads.get(chain.name)
        if last is None:
            continue
        if head is None:
            report.add("head_missing", chain.name, f"{name_of(chain.name)} 的链条末端记录缺失")
        elif head.seq > last.seq:
            _report_missing(report, chain.name, last.seq + 1, head.seq, gone)
        elif head.seq < last.seq or head.hash != last.hash:
            report.add("head_changed", chain.name, f"{name_of(chain.name)} 的链条末端与最后一条审计记录不符")
        if chain.signed:
            subjects.add(chain.name, chain.signed, chain.length)


def _check_lost_chains(report: VerifyReport) -> None:
    """Heads whose every event is gone."""
    lost = Head.objects.exclude(Exists(Event.objects.filter(chain=OuterRef("chain")))).filter(seq__gt=0)
    for head in lost.iterator(chunk_size=BATCH):
        report.add(
            "chain_missing", head.chain, f"{name_of(head.chain)} 的全部审计记录缺失，应有 {head.seq} 条"
        )


# --- the rows themselves -----------------------------------------------------------------------------


class _Subjects:
    """Compares live rows with what was last signed of them, many of one model at a time."""

    def __init__(self, report: VerifyReport) -> None:
        self.report = report
        self.waiting: dict[str, dict[str, tuple[str, int]]] = {}

    def add(self, chain: str, signed: str, length: int) -> None:
        label, _, pk = chain.partition(":")
        rows = self.waiting.setdefault(label, {})
        rows[pk] = (signed, length)
        if len(rows) >= BATCH:
            self._compare(label, self.waiting.pop(label))

    def flush(self) -> None:
        for label, rows in self.waiting.items():
            self._compare(label, rows)
        self.waiting = {}

    def _compare(self, label: str, rows: dict[str, tuple[str, int]]) -> None:
        model = _model_of(label)
        if model is None:
            for pk in rows:
                self.report.add(
                    "subject_unknown", f"{label}:{pk}", f"{label}:{pk} 的记录类型已不存在，无法对照"
                )
            return
        keys: dict[Any, str] = {}
        for pk in rows:
            try:
                keys[model._meta.pk.to_python(pk)] = pk
            except ValidationError:
                self.report.add("subject_unknown", f"{label}:{pk}", f"{label}:{pk} 的编号无法识别")
        found = model._base_manager.filter(pk__in=list(keys))
        related = getattr(model, "signed_related", ())
        for instance in found.prefetch_related(*related):
            signed, _ = rows[keys.pop(instance.pk)]
            self._compare_one(instance, signed)
        for pk in keys.values():
            chain = f"{label}:{pk}"
            self.report.add(
                "subject_missing", chain, f"{name_of(chain)} 已被删除，审计记录还有 {rows[pk][1]} 条"
            )

    def _compare_one(self, instance: models.Model, signed: str) -> None:
        self.report.subjects += 1
        chain = f"{instance._meta.label_lower}:{instance.pk}"
        try:
            content = instance.signed_content()  # type: ignore[attr-defined]
            fits = matches(content, signed)
        except Exception as error:
            # A row that can no longer even be read (a sealed field, a broken value) is a finding, not a crash.
            self.report.add(
                "subject_changed",
                chain,
                f"{name_of(chain)} 的内容无法读取（{type(error).__name__}），可能被改动",
            )
            return
        if not fits:
            self.report.add("subject_changed", chain, f"{name_of(chain)} 内容与签署时不符")

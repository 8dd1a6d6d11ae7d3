"""Reading the whole record against itself, against its seals and against the rows it vouches for (invariant 2).

In pieces: seals day by day, events in chain order, files one by one. Each piece is read as of one moment, a chain's
end together with its head and the row it vouches for, so that what people do meanwhile is no finding; between pieces
nothing is held open, and the work can be ended and gone on with. Nothing here writes to the record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Sum
from django.utils import timezone

from bihuan.core.digest import matches, merkle_root
from bihuan.core.snapshot import one_moment

from .actions import chain_of, leaf, link_content, seal_content, unpack_leaves
from .models import Event, Head, Seal

READ = 2000  # events of a piece
BATCH = 500  # rows per query
FILES_AT_ONCE = 20
MAX_FINDINGS = 1000
MAX_MISSING = 50  # links named one by one when a chain lost more
SEALS, CHAINS, FILES = "seals", "chains", "files"
Reached = dict[str, Any]


class Watcher(Protocol):
    """Whom the check reports to, with what is needed to go on from here (JSON). Either method may raise to end it."""

    def begin(self, stage: str, *, total: int, done: int = 0) -> None: ...

    def step(self, done: int, checkpoint: Reached | None = None) -> None: ...


class _Unwatched:
    def begin(self, stage: str, *, total: int, done: int = 0) -> None: ...

    def step(self, done: int, checkpoint: Reached | None = None) -> None: ...


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `kind` is stable, `subject` the chain or day, `message` Chinese for people."""

    kind: str
    subject: str
    message: str


@dataclass
class VerifyReport:
    """What was read and what was found; `is_clean` when nothing is wrong.

    Everything recorded up to `last_event`, the newest when the check began, has been read; of what came later, some.
    """

    last_event: int = 0
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

    def kept(self) -> dict[str, Any]:
        """As JSON values, to go on with later."""
        return asdict(self) | {"_keys": sorted(map(list, self._keys))}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> VerifyReport:
        """The report that `kept` came from."""
        findings = [Finding(**each) for each in kept["findings"]]
        return cls(**(kept | {"findings": findings, "_keys": {tuple(key) for key in kept["_keys"]}}))


@dataclass(frozen=True)
class FileCheck:
    """Files of one kind: how many there are, and each after a position (JSON, None at first) with what is wrong with it."""

    total: Callable[[], int]
    read: Callable[[Any], Iterator[tuple[Any, Finding | None]]]


_FILE_CHECKS: list[FileCheck] = []


def register_file_check(check: FileCheck) -> None:
    """Let a higher app compare stored files with what was recorded of them; runs only when files are asked for."""
    if check not in _FILE_CHECKS:
        _FILE_CHECKS.append(check)


def verify(
    *, files: bool = False, watcher: Watcher | None = None, reached: Reached | None = None
) -> VerifyReport:
    """Verify everything and return what is wrong, by name. `files` also reads every stored file.

    `reached` is what the watcher was last given: the check goes on from there. Call it outside transactions.
    """
    return _Check(watcher or _Unwatched(), reached or {}).run(files)


def name_of(chain: str) -> str:
    """A chain in words: 隐患 hazards.hazard:42."""
    model = _model_of(chain)
    return f"{model._meta.verbose_name} {chain}" if model else chain


def _model_of(chain: str) -> type[models.Model] | None:
    try:
        return apps.get_model(chain.partition(":")[0])
    except (LookupError, ValueError):
        return None


class _Check:
    """One check over everything: how far it is, and what it has found."""

    def __init__(self, watcher: Watcher, reached: Reached) -> None:
        self.watcher = watcher
        self.phase: str = reached.get("phase", SEALS)
        self.at: Any = reached.get("at")  # the last seal's day; the open chain; how far which files are read
        self.report = VerifyReport.of(reached["report"]) if reached else VerifyReport(last_event=_newest())
        self.gone = {(chain, seq): event_id for chain, seq, event_id in reached.get("gone", [])}

    def run(self, files: bool) -> VerifyReport:
        if self.phase == SEALS:
            self._seals()
            self.phase, self.at = CHAINS, None
        if self.phase == CHAINS:
            self._chains()
        if files:
            self._files()
        return self.report

    def _step(self, done: int) -> None:
        gone = [[chain, seq, event_id] for (chain, seq), event_id in self.gone.items()]
        reached = {"phase": self.phase, "at": self.at, "report": self.report.kept(), "gone": gone}
        self.watcher.step(done, reached)

    def _seals(self) -> None:
        """Check every seal and its day; `gone` becomes {(chain, seq): id} of sealed events that are no longer there."""
        days = Seal.objects.order_by("day")
        done = 0
        if self.at:
            done = days.filter(day__lte=self.at).aggregate(events=Sum("count"))["events"] or 0
        self.watcher.begin("核对每日封存", total=_sealed(), done=done)
        while True:
            with one_moment():
                seal = (days.filter(day__gt=self.at) if self.at else days).first()
                if seal is None:
                    return
                _check_seal(self.report, seal, days.filter(day__lt=seal.day).defer("leaves").last())
                _check_day(self.report, seal, self.gone)
            self.at = seal.day.isoformat()
            done += seal.count
            self._step(done)

    def _chains(self) -> None:
        self.watcher.begin("核对每条记录", total=_expected(), done=self.report.events)
        is_over = False
        while not is_over:
            with one_moment():
                is_over = self._piece()
            if is_over:
                self.phase, self.at = FILES, None
            self._step(self.report.events)

    def _piece(self) -> bool:
        """Read the next events, and the heads and rows of the chains that end among them. True when all are read."""
        chain = _Chain(**self.at) if self.at else None
        lower = self.at["after"] if self.at else ""
        events = _events_after(chain)
        finished: list[_Chain] = []
        for event in events:
            self.report.events += 1
            if chain is None or event.chain != chain.name:
                if chain is not None:
                    finished.append(chain)
                chain = _Chain(event.chain)
                self.report.chains += 1
            _check_link(self.report, chain, event, self.gone)
            chain.seq, chain.hash, chain.length = event.seq, event.hash, chain.length + 1
            if event.content_hash:
                chain.signed = event.content_hash
        is_over = len(events) < READ
        if is_over and chain is not None:
            finished.append(chain)
        if is_over or finished:
            _finish(self.report, finished, self.gone, lower, None if is_over else finished[-1].name)
        if chain is not None and not is_over:
            chain.after = finished[-1].name if finished else lower
            self.at = asdict(chain)
        return is_over

    def _files(self) -> None:
        at = self.at or {"check": 0, "after": None, "done": 0}
        for number, check in enumerate(_FILE_CHECKS):
            if number < at["check"]:
                continue
            after, done = (at["after"], at["done"]) if number == at["check"] else (None, 0)
            self.watcher.begin("核对附件文件", total=check.total(), done=done)
            for position, finding in check.read(after):
                if finding is not None:
                    self.report.add(finding.kind, finding.subject, finding.message)
                done += 1
                if done % FILES_AT_ONCE == 0:
                    self.at = {"check": number, "after": position, "done": done}
                    self._step(done)


def _newest() -> int:
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _sealed() -> int:
    return Seal.objects.aggregate(events=Sum("count"))["events"] or 0


def _expected() -> int:
    """How many events there should be: those sealed, and those of the days since."""
    last = Seal.objects.order_by("-day").values_list("day", flat=True).first()
    rest = Event.objects.filter(day__gt=last) if last else Event.objects.all()
    return _sealed() + rest.count()


# --- seals -------------------------------------------------------------------------------------------


def _check_seal(report: VerifyReport, seal: Seal, previous: Seal | None) -> None:
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
    for event_id, chain, seq, link in list(rows):
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
    """One chain while it is read: its last link so far, the latest content hash, and which chain came before it."""

    name: str
    seq: int = 0
    hash: str = ""
    signed: str = ""
    length: int = 0
    after: str = ""


def _events_after(chain: _Chain | None) -> list[Event]:
    """The next events by chain and number, the rest of an open chain first."""
    rows = Event.objects.order_by("chain", "seq")
    if chain is None:
        return list(rows[:READ])
    found = list(rows.filter(chain=chain.name, seq__gt=chain.seq)[:READ])
    if len(found) < READ:
        found += rows.filter(chain__gt=chain.name)[: READ - len(found)]
    return found


def _check_link(report: VerifyReport, chain: _Chain, event: Event, gone: dict[tuple[str, int], int]) -> None:
    where = f"审计记录 #{event.pk}（{event.chain} 第{event.seq}条）"
    expected = chain.seq + 1
    _report_missing(report, event.chain, expected, event.seq - 1, gone)
    if not matches(link_content(event), event.hash):
        report.add("event_changed", event.chain, f"{where}被改动：内容与本条摘要不符", key=(str(event.pk),))
    elif event.seq == expected and event.previous_hash != chain.hash:
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
    report: VerifyReport,
    chains: list[_Chain],
    gone: dict[tuple[str, int], int],
    lower: str,
    upper: str | None,
) -> None:
    """Compare whole chains with their heads and rows; heads in (lower, upper] without a chain have lost every event."""
    rows = Head.objects.filter(chain__gt=lower)
    heads = {head.chain: head for head in (rows.filter(chain__lte=upper) if upper is not None else rows)}
    subjects = _Subjects(report)
    for chain in chains:
        head = heads.pop(chain.name, None)
        if head is None:
            report.add("head_missing", chain.name, f"{name_of(chain.name)} 的链条末端记录缺失")
        elif head.seq > chain.seq:
            _report_missing(report, chain.name, chain.seq + 1, head.seq, gone)
        elif head.seq < chain.seq or head.hash != chain.hash:
            report.add("head_changed", chain.name, f"{name_of(chain.name)} 的链条末端与最后一条审计记录不符")
        if chain.signed:
            subjects.add(chain.name, chain.signed, chain.length)
    subjects.flush()
    for head in heads.values():
        if head.seq > 0:
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
        chain = chain_of(instance)
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

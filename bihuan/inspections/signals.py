"""Signals as people meet them: on a visit, on a hazard under review, summed by organization, and with what was said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import BooleanField, Case, Count, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import access
from bihuan.attachments import queries as attachments
from bihuan.attachments.models import Attachment
from bihuan.audit import actions as audit
from bihuan.audit.actions import chain_of
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.core.http import row_number
from bihuan.hazards.models import Hazard
from bihuan.hazards.origins import Origin
from bihuan.hazards.remarks import Remark

from .models import Inspection, Signal, SignalNote, Weighing
from .weighing import Found, after_facts, twins, unchanged

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

PANEL_DAYS = 90
MOST_ROWS = 200


def sees_signals(user: User) -> bool:
    """Officials review evidence; enterprises and invited experts are not the ones who judge it."""
    return user.has_perm(Permission.VIEW_INSPECTIONS) and user.has_perm(Permission.VIEW_CAMPAIGNS)


def of_visit(inspection: Inspection, user: User) -> list[dict[str, Any]] | None:
    """The signals of a visit with their photos and notes; None while the worker has not come to weigh it.

    A photo of a record out of the reader's sight is neither shown nor named (design invariant 3).
    """
    if not Weighing.objects.filter(pk=inspection.pk).exists():
        return None
    rows = list(inspection.signals.prefetch_related("notes__by"))
    wanted = {row.detail[key] for row in rows for key in ("photo", "other") if key in row.detail}
    photos = Attachment.objects.in_bulk(list(wanted)) if wanted else {}
    by_id = {str(pk): photo for pk, photo in photos.items()}
    shown = []
    for signal in rows:
        detail = signal.detail
        pair = [by_id[detail[key]] for key in ("photo", "other") if detail.get(key) in by_id]
        seen = [photo for photo in pair if access.may_see(user, photo)]
        url = detail.get("url", "")
        if "inspection" in detail:
            others = Inspection.objects.visible_to(user).filter(pk=detail["inspection"])
            url = others[0].get_absolute_url() if others else ""
        owner = owner_of(detail.get("subject", ""), user)
        shown.append(
            {
                "signal": signal,
                "label": signal.get_code_display(),
                "words": signal.words,
                "url": url,
                "photos": attachments.photo_items(seen),
                "owner": owner,
                "is_elsewhere": len(seen) < len(pair),
                "notes": list(signal.notes.all()),
            }
        )
    return shown


@dataclass(frozen=True)
class Owner:
    """The record another photo belongs to, for whoever may open it."""

    name: str
    url: str


# Whose a photo is that belongs to a record of a higher app, by the label of its model.
_OWNERS: dict[str, Callable[[str], Owner | None]] = {}


def register_owner(label: str, find: Callable[[str], Owner | None]) -> None:
    """Let a higher app name the record behind one of its subjects; in AppConfig.ready."""
    _OWNERS[label] = find


def owner_of(subject: str, user: User) -> Owner | None:
    """Whose another photo is ("hazards.hazard:42"); None for records the person may not see or that have no page."""
    label, _, pk = subject.partition(":")
    if not access.may_see_subject(user, subject):
        return None
    if label in _OWNERS:
        return _OWNERS[label](pk)
    row: Hazard | Inspection | None = None
    if label == "hazards.hazard":
        row = Hazard.objects.filter(pk=pk).select_related("enterprise").first()
    elif label == "hazards.rectification":
        row = Hazard.objects.filter(rectifications__pk=pk).select_related("enterprise").first()
    elif label == "inspections.answer":
        row = Inspection.objects.filter(answers__pk=pk).select_related("enterprise").first()
    elif label == "inspections.inspection":
        row = Inspection.objects.filter(pk=pk).select_related("enterprise").first()
    if row is None:
        return None
    what = f"隐患 {row.number}" if isinstance(row, Hazard) else f"{row.inspected_on} 的检查"
    return Owner(f"{row.enterprise} {what}", row.get_absolute_url())


def simultaneous(inspection: Inspection) -> QuerySet[Inspection]:
    """Other visits to the same place at the same time: two phones, two records; both stay (invariant 7)."""
    rows = Inspection.objects.filter(
        enterprise=inspection.enterprise_id,
        started_at__lte=inspection.finished_at,
        finished_at__gte=inspection.started_at,
        inspected_on__gte=inspection.inspected_on - dt.timedelta(days=1),
        inspected_on__lte=inspection.inspected_on + dt.timedelta(days=1),
    ).exclude(pk=inspection.pk)
    if inspection.premises_id:
        rows = rows.filter(Q(premises=inspection.premises_id) | Q(premises=None))
    return rows.select_related("organization", "recorded_by").order_by("started_at", "pk")


@dataclass(frozen=True)
class Kin:
    """What a higher app knows of a hazard's evidence: records that carry the same photos by right, and whether it was
    told only after it had been put right, so that photos of after are older than the record."""

    chains: frozenset[str] = frozenset()
    is_told_afterwards: bool = False


_KIN: list[Callable[[Hazard], Kin]] = []


def register_kin(source: Callable[[Hazard], Kin]) -> None:
    """Let a higher app say which of its records share a hazard's photos; in AppConfig.ready."""
    if source not in _KIN:
        _KIN.append(source)


def remarks_on_hazard(hazard: Hazard, user: User) -> Iterator[Remark]:
    """What the reviewer of a rectification should look at twice: before = after, photos seen elsewhere, taken earlier."""
    handed_in = list(hazard.rectifications.order_by("-pk"))
    if not handed_in:
        return
    last, *earlier = handed_in
    kept = attachments.of_many([hazard, last])
    before, after = kept[chain_of(hazard)].get("before", []), kept[chain_of(last)].get("after", [])
    kin = [source(hazard) for source in _KIN]
    own = {
        chain_of(hazard),
        *(chain_of(each) for each in handed_in),
        *(chain for each in kin for chain in each.chains),
    }
    on = timezone.localdate(last.at)
    facts = after_facts(hazard, after)
    if not earlier and any(each.is_told_afterwards for each in kin):
        facts = (each for each in facts if each.code != Signal.Code.PHOTO_TIME)
    found = [*unchanged(before, after, on), *twins(after, own, on, until=last.at), *facts]
    yield from as_remarks(found, user)


def as_remarks(found: Iterable[Found], user: User) -> Iterator[Remark]:
    """What was found, in the words and with the links that are for this reader."""
    for each in found:
        owner = owner_of(each.detail.get("subject", ""), user)
        photo = Attachment.objects.filter(pk=each.detail.get("other", each.detail["photo"])).first()
        seen = photo is not None and access.may_see(user, photo)
        words = f"{each.words}（{owner.name}）" if owner else each.words
        yield Remark(each.code.label, words, photo.get_absolute_url() if photo and seen else "")


def visit_of(hazard: Hazard, user: User) -> Iterator[Origin]:
    """The visit a hazard was found on, for its page."""
    visits = Inspection.objects.visible_to(user).filter(answers__hazard=hazard)
    for visit in visits.select_related("organization")[:1]:
        words = f"{visit.inspected_on} {visit.organization.short_name}{visit.get_kind_display()}"
        yield Origin("检查记录", words, visit.get_absolute_url())


# --- by organization --------------------------------------------------------------------------


@dataclass(frozen=True)
class PanelRow:
    """One organization: its visits, how many have signals, the signals by code, and how many of them nobody has judged.

    Dismissed ones are counted apart.
    """

    organization: Organization
    visits: int
    clean: int
    marked: int
    by_code: list[tuple[str, str, int]]
    unjudged: int
    dismissed: int


class Judged(TypedDict):
    """What `_standing` adds to a signal: the last judgement ("" while there is none), and whether it dismissed it."""

    verdict: str
    is_dismissed: bool


def _standing(user: User) -> QuerySet[WithAnnotations[Signal, Judged]]:
    """Signals on visits a person sees; whether the last judgement dismissed it, and whether there is one."""
    judged = SignalNote.objects.filter(
        signal=OuterRef("pk"), kind__in=[SignalNote.Kind.UPHELD, SignalNote.Kind.DISMISSED]
    )
    last = judged.order_by("-pk").values("kind")[:1]
    return Signal.objects.filter(inspection__in=Inspection.objects.visible_to(user)).annotate(
        verdict=Coalesce(Subquery(last), Value("")),
        is_dismissed=Case(
            When(verdict=SignalNote.Kind.DISMISSED, then=True), default=False, output_field=BooleanField()
        ),
    )


def panel(user: User, since: dt.date, until: dt.date) -> list[PanelRow]:
    """Every organization with visits in the period that the person may see, most signals per visit first."""
    visits = Inspection.objects.visible_to(user).filter(inspected_on__gte=since, inspected_on__lte=until)
    totals = {
        row["organization"]: row
        for row in visits.order_by()
        .values("organization")
        .annotate(visits=Count("pk"), faultless=Count("pk", filter=Q(is_clean=True)))
    }
    signals = _standing(user).filter(inspection__inspected_on__gte=since, inspection__inspected_on__lte=until)
    counted: dict[int, dict[str, int]] = {}
    dismissed: dict[int, int] = {}
    unjudged: dict[int, int] = {}
    rows = signals.order_by().values("inspection__organization", "code", "verdict")
    for row in rows.annotate(count=Count("pk")):
        body, code, count = row["inspection__organization"], row["code"], row["count"]
        if row["verdict"] == SignalNote.Kind.DISMISSED:
            dismissed[body] = dismissed.get(body, 0) + count
            continue
        standing = counted.setdefault(body, {})
        standing[code] = standing.get(code, 0) + count
        if not row["verdict"]:
            unjudged[body] = unjudged.get(body, 0) + count
    marked = {
        row["inspection__organization"]: row["count"]
        for row in signals.filter(is_dismissed=False)
        .order_by()
        .values("inspection__organization")
        .annotate(count=Count("inspection", distinct=True))
    }
    bodies = Organization.objects.in_bulk(list(totals))
    found = [
        PanelRow(
            bodies[pk], total["visits"], total["faultless"], marked.get(pk, 0),
            [
                (code.value, code.label, counted[pk][code])
                for code in Signal.Code
                if code in counted.get(pk, {})
            ],
            unjudged.get(pk, 0), dismissed.get(pk, 0),
        )
        for pk, total in totals.items()
    ]  # fmt: skip
    return sorted(found, key=lambda row: (-row.marked / row.visits, -row.visits, row.organization.pk))


def rows_behind(user: User, filters: Mapping[str, str], since: dt.date, until: dt.date) -> QuerySet[Signal]:
    """The signals behind a figure of the panel, newest visit first; unreadable filters are ignored."""
    rows = _standing(user).filter(inspection__inspected_on__gte=since, inspection__inspected_on__lte=until)
    if body := row_number(filters.get("organization", "")):
        rows = rows.filter(inspection__organization=body)
    if filters.get("code") in Signal.Code.values:
        rows = rows.filter(code=filters["code"])
    rows = rows.filter(is_dismissed=filters.get("dismissed") == "1")
    if filters.get("unjudged") == "1":
        rows = rows.filter(verdict="")
    return (
        rows.select_related("inspection__enterprise", "inspection__organization", "inspection__recorded_by")
        .prefetch_related("notes__by")
        .order_by("-inspection__inspected_on", "-inspection_id", "position")
    )


# --- what is said of them ---------------------------------------------------------------------


def kinds_of_note(user: User, signal: Signal) -> list[SignalNote.Kind]:
    """What this person may say: those who made the visit explain, others who review judge."""
    visit = signal.inspection
    went = visit.recorded_by_id == user.pk or visit.members.filter(user=user.pk).exists()
    kinds: list[SignalNote.Kind] = []
    if went or any(post.organization_id == visit.organization_id for post in user.posts):
        kinds.append(SignalNote.Kind.EXPLAINED)
    if not went and (user.has_perm(Permission.REVIEW_HAZARD) or user.has_perm(Permission.DECIDE_EXTENSION)):
        kinds += [SignalNote.Kind.UPHELD, SignalNote.Kind.DISMISSED]
    return kinds


@transaction.atomic
def note(signal: Signal, kind: str, text: str, *, by: User) -> SignalNote:
    """Explain a signal or judge it; nothing said before is changed.

    Raises PermissionDenied for others, Refused for those who would judge their own visit, ReasonRequired without words.
    """
    allowed = kinds_of_note(by, signal)
    if not allowed:
        raise PermissionDenied
    if kind not in allowed:
        labels = "、".join(each.label for each in allowed)
        raise Refused(f"自己参加的检查不能由本人认定，可填写：{labels}")
    if not text.strip():
        raise ReasonRequired("佐证提示的说明")
    if len(text.strip()) > 300:
        raise Refused("说明超过 300 字，请删减")
    line = SignalNote.objects.create(signal=signal, kind=kind, text=text.strip(), by=by, at=timezone.now())
    audit.record(
        "inspections.note_signal",
        line,
        by=by,
        summary=f"{signal.inspection}佐证提示：{line.get_kind_display()}",
    )
    return line

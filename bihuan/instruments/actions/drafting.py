"""Drafts: by hand, by a trigger, by the ladder, by an escalation; checked by somebody else before they are signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.figures import check_figures

from ..models import (
    Instrument,
    InstrumentMatter,
    InstrumentPoint,
    InstrumentRecipient,
    InstrumentTransition,
)
from ..standing import holds, may_move
from ..types import InstrumentType, labels, type_for
from ..workflow import RULES, Level, Move, Origin, Status

MOST_RECIPIENTS = 60
MOST_MATTERS = 500
MOST_SAID = 20  # matters told in full in the text; the others stand in the list


@dataclass(frozen=True)
class MatterGiven:
    """One record the paper is about, in words."""

    subject: str
    words: str
    url: str = ""
    organization: Organization | None = None


@dataclass(frozen=True)
class PointGiven:
    """One thing asked, of one level or one recipient (R065)."""

    text: str
    level: str = ""
    organization: Organization | None = None
    demand: str = ""
    due_on: dt.date | None = None


@dataclass(frozen=True)
class Draft:
    """What a draft says."""

    kind: str
    title: str
    situation: str
    demand: str
    recipients: Sequence[Organization]
    basis: str = ""
    matters: Sequence[MatterGiven] = ()
    points: Sequence[PointGiven] = ()
    meet_at: dt.datetime | None = None
    meet_place: str = ""


def issuer_of(user: User) -> Organization:
    """The body a person drafts for. Raises PermissionDenied when there is none."""
    for post in user.posts:
        if Permission.DRAFT_INSTRUMENT in ROLES[post.role].permissions:
            return post.organization
    raise PermissionDenied


@transaction.atomic
def draft_instrument(
    draft: Draft,
    *,
    organization: Organization,
    origin: str = Origin.HAND,
    escalated_from: Instrument | None = None,
    by: User,
) -> Instrument:
    """Put down a draft and return it. People draft for their own body; the service drafts for any.

    Raises PermissionDenied, Refused with all that is wrong.
    """
    if not by.is_service and not holds(by, Permission.DRAFT_INSTRUMENT, organization.pk):
        raise PermissionDenied
    kind = _kind(draft.kind, organization)
    _refuse(_wrong(draft, kind))
    place = place_of(organization.region)
    instrument = Instrument.objects.create(
        kind=draft.kind, organization=organization, city_id=place.city_id, county_id=place.county_id,
        locality_id=place.locality_id, origin=origin, escalated_from=escalated_from, drafted_by=by,
        drafted_at=timezone.now(), **_columns(draft),
    )  # fmt: skip
    _write_parts(instrument, draft)
    write_line(instrument, Move.DRAFT, InstrumentTransition, seen="", by=by, reason=Origin(origin).label)
    return instrument


@transaction.atomic
def edit_instrument(instrument: Instrument, draft: Draft, *, revision: int, by: User) -> None:
    """Change a draft; `revision` is the one that was read. Raises PermissionDenied, IllegalMove, Refused."""
    _may(by, Move.EDIT, instrument)
    kind = _kind(draft.kind, instrument.organization)
    _refuse(_wrong(draft, kind))
    instrument.revision = revision
    step(
        instrument, Move.EDIT, RULES[Move.EDIT], InstrumentTransition, by=by,
        changed={"kind": draft.kind, "revision": revision + 1, **_columns(draft)}, watched=("revision",),
    )  # fmt: skip
    for rows in (instrument.matters, instrument.points, instrument.recipients):
        rows.all().delete()
    _write_parts(instrument, draft)


@transaction.atomic
def submit_instrument(instrument: Instrument, *, by: User) -> None:
    """Hand a draft over to be checked. Raises Refused with everything that is still missing."""
    _may(by, Move.SUBMIT, instrument)
    _refuse(missing(instrument))
    step(instrument, Move.SUBMIT, RULES[Move.SUBMIT], InstrumentTransition, by=by, watched=("revision",))


@transaction.atomic
def check_instrument(instrument: Instrument, *, by: User) -> None:
    """Somebody else than the drafter finds the draft fit to be signed; the leader of the body owes the signature."""
    _may(by, Move.CHECK, instrument)
    _refuse(missing(instrument))
    step(instrument, Move.CHECK, RULES[Move.CHECK], InstrumentTransition, by=by, watched=("revision",))
    open_duty(
        kind=Duty.Kind.INSTRUMENT_SIGN, subject=instrument, title=f"签发{instrument.label}：{instrument.title}",
        url=instrument.get_absolute_url(), organization=instrument.organization, place=instrument,
        post=_signing_post(instrument.organization), clock_rule="instrument.sign", by=by,
    )  # fmt: skip


@transaction.atomic
def return_draft(instrument: Instrument, *, reason: str, by: User) -> None:
    """Send a draft back to be rewritten. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _may(by, Move.RETURN, instrument)
    step(instrument, Move.RETURN, RULES[Move.RETURN], InstrumentTransition, by=by, reason=reason)
    finish_duty(instrument, Duty.Kind.INSTRUMENT_SIGN, by=by, cancelled=True)


@transaction.atomic
def discard_draft(instrument: Instrument, *, reason: str, by: User) -> None:
    """Give a draft up; what it was to take over goes on as before. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not by.is_service:
        _may(by, Move.DISCARD, instrument)
    step(instrument, Move.DISCARD, RULES[Move.DISCARD], InstrumentTransition, by=by, reason=reason)
    finish_duty(instrument, Duty.Kind.INSTRUMENT_SIGN, by=by, cancelled=True)
    InstrumentRecipient.objects.filter(escalated_to=instrument).update(escalated_to=None)


def add_matter(instrument: Instrument, matter: MatterGiven, *, title: str, situation: str, by: User) -> None:
    """Put one more matter into a draft of the system nobody has handed on yet, in the caller's transaction.

    Whoever has the draft open is told that it has changed when they save. Raises IllegalMove when it has been handed
    on or changed at this moment.
    """
    most = instrument.situation.count("\n") + 1
    said = instrument.situation
    if most < MOST_SAID:
        said = f"{said}\n{situation}"
    elif most == MOST_SAID:
        said = f"{said}\n其余见所列事项。"
    changed = Instrument.objects.filter(
        pk=instrument.pk, status=Status.DRAFT, revision=instrument.revision
    ).update(revision=instrument.revision + 1, title=title[:120], situation=said)
    if not changed:
        raise IllegalMove("这份草稿刚被修改或送核，请刷新后重试")
    instrument.refresh_from_db()
    InstrumentMatter.objects.create(
        instrument=instrument, subject=matter.subject, words=matter.words[:300], url=matter.url[:200],
        organization=matter.organization,
    )  # fmt: skip
    record("instruments.join", instrument, by=by, summary=f"并入草稿：{matter.words}"[:200])


def missing(instrument: Instrument) -> list[str]:
    """What a draft still lacks before anybody may sign it."""
    kind = type_for(instrument.kind, instrument.organization)
    found = []
    addressed = set(instrument.recipients.values_list("organization_id", flat=True))
    if not addressed:
        found.append("没有收件单位，请在“修改”里选择")
    if (
        not instrument.situation.strip()
        and not instrument.matters.exists()
        and not instrument.points.exists()
    ):
        found.append("没有写明情况，也没有列出事项")
    if not instrument.demand.strip():
        found.append("没有写明要求")
    if kind.is_meeting and kind.key == "talk":
        if instrument.meet_at is None or not instrument.meet_place:
            found.append("约谈要写明时间和地点")
        elif instrument.meet_at <= timezone.now():
            found.append("约谈时间已过，请改期")
    stray = instrument.points.exclude(organization=None).exclude(organization__in=addressed)
    if stray.exists():
        found.append("有的要求指定的责任单位不在收件单位里")
    return found


def figure_remarks(instrument: Instrument) -> list[str]:
    """Figures in the text that contradict each other, in words (bihuan.figures); nothing is held up by them."""
    words = "\n".join(
        [instrument.situation, instrument.demand, *(each.text for each in instrument.points.all())]
    )
    return [each.statement for each in check_figures(words).findings]


def _kind(key: str, organization: Organization) -> InstrumentType:
    if key not in labels():
        raise Refused("请选择文种")
    kind = type_for(key, organization)
    if organization.kind not in kind.draft_by:
        raise Refused(f"{organization}不能制发{kind.label}")
    return kind


def _wrong(draft: Draft, kind: InstrumentType) -> list[str]:
    found = []
    if not draft.title.strip():
        found.append("请填写标题")
    if len(draft.recipients) > MOST_RECIPIENTS:
        found.append(f"收件单位最多 {MOST_RECIPIENTS} 个，现有 {len(draft.recipients)} 个")
    if len(draft.matters) > MOST_MATTERS:
        found.append(f"所列事项最多 {MOST_MATTERS} 项，现有 {len(draft.matters)} 项")
    words = dict(Organization.Kind.choices)
    found += [
        f"{kind.label}不送{words[each.kind]}：{each}"
        for each in draft.recipients
        if each.kind not in kind.recipients
    ]
    found += [
        f"层级“{each.level}”不存在" for each in draft.points if each.level and each.level not in Level.values
    ]
    return found


def _columns(draft: Draft) -> dict[str, object]:
    return {
        "title": draft.title.strip()[:120], "situation": draft.situation.strip(), "demand": draft.demand.strip(),
        "basis": draft.basis.strip()[:300], "meet_at": draft.meet_at, "meet_place": draft.meet_place.strip()[:120],
    }  # fmt: skip


def _write_parts(instrument: Instrument, draft: Draft) -> None:
    matters = {each.subject: each for each in draft.matters}
    InstrumentMatter.objects.bulk_create(
        InstrumentMatter(
            instrument=instrument, subject=each.subject, words=each.words[:300], url=each.url[:200],
            organization=each.organization,
        )
        for each in matters.values()
    )  # fmt: skip
    InstrumentPoint.objects.bulk_create(
        InstrumentPoint(
            instrument=instrument, position=position, level=each.level, organization=each.organization,
            text=each.text.strip()[:500], demand=each.demand.strip()[:300], due_on=each.due_on,
        )
        for position, each in enumerate(draft.points, start=1)
    )  # fmt: skip
    add_recipients(instrument, draft.recipients)


def add_recipients(instrument: Instrument, bodies: Iterable[Organization]) -> None:
    """Address a draft to these bodies, each once."""
    rows = []
    for body in {each.pk: each for each in bodies}.values():
        place = place_of(body.region)
        rows.append(
            InstrumentRecipient(
                instrument=instrument, organization=body, city_id=place.city_id, county_id=place.county_id,
                locality_id=place.locality_id,
            )
        )  # fmt: skip
    InstrumentRecipient.objects.bulk_create(rows)


def _signing_post(organization: Organization) -> Post | None:
    """The chair that signs for a body; its default post when nobody signs, so that the office sees it."""
    for post in organization.posts.filter(is_active=True).order_by("pk"):
        if Permission.SIGN_INSTRUMENT in ROLES[post.role].permissions:
            return post
    return None


def _may(by: User, move: str, instrument: Instrument) -> None:
    if (
        not may_move(by, move, instrument)
        or not Instrument.objects.visible_to(by).filter(pk=instrument.pk).exists()
    ):
        raise PermissionDenied


def _refuse(found: Sequence[str]) -> None:
    if found:
        raise Refused("；".join(found))


def due_for_receipt(on: dt.date) -> tuple[dt.date, dict[str, object]]:
    """Until when a paper issued on a day is to be signed for, and why."""
    derived = clock.due("instrument.receipt", on)
    return derived.due_on, derived.explanation

"""Weighing the evidence of a visit: facts gathered here, thresholds and words from rules.evidence (U11, D8).

Nothing is blocked and nothing is hidden: a signal says what was noticed, against what, and waits for an explanation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_tasks import task

from bihuan.accounts.models import Organization, Post
from bihuan.attachments import images, likeness
from bihuan.attachments import queries as attachments
from bihuan.attachments.models import Attachment, AttachmentLink
from bihuan.audit.actions import chain_of
from bihuan.hazards.models import Hazard, Rectification
from bihuan.registry.models import Enterprise, Premises
from bihuan.rules import evidence
from bihuan.rules.coordinates import BadCoordinates, Crs, Point, distance

from .models import Inspection, InspectionMember, Signal, Weighing

Code = Signal.Code
COMPARED_VISITS = 100
COMPARED_DAYS = 90
MOST_SIGNALS = 40


@dataclass(frozen=True)
class Found:
    """A signal before it is kept. `detail` may name a photo, another photo, another visit, an address to open."""

    code: Signal.Code
    words: str
    detail: dict[str, Any] = field(default_factory=dict)


# What higher apps notice of a visit, such as that no plan foresaw it.
_SOURCES: list[Callable[[Inspection], Iterator[Found]]] = []


def register(source: Callable[[Inspection], Iterator[Found]]) -> None:
    """Let a higher app add its signals; in AppConfig.ready."""
    if source not in _SOURCES:
        _SOURCES.append(source)


@task()
def weigh_inspection(pk: int) -> int:
    """Weigh one visit in the background; returns how many signals it has. A second run changes nothing."""
    return len(weigh(Inspection.objects.select_related("enterprise", "premises").get(pk=pk)))


@transaction.atomic
def weigh(inspection: Inspection) -> list[Signal]:
    """Weigh a visit once and keep what was noticed; a visit weighed before keeps what it has."""
    now = timezone.now()
    _, is_new = Weighing.objects.get_or_create(inspection=inspection, defaults={"at": now})
    if is_new:
        Signal.objects.bulk_create(
            Signal(
                inspection=inspection, code=each.code, position=number, words=each.words[:300],
                detail=each.detail, at=now,
            )
            for number, each in enumerate(found_in(inspection), start=1)
        )  # fmt: skip
    return list(inspection.signals.all())


def found_in(inspection: Inspection) -> list[Found]:
    """Everything noticed of a visit, most telling first; nothing is written."""
    photos = _photos(inspection)
    found = [
        *_photo_twins(inspection, photos),
        *_unchanged(inspection),
        *_repeated(inspection),
        *_travel(inspection),
        *_place(inspection),
        *_photo_facts(inspection, photos),
        *_clock(inspection),
        *_duration(inspection),
        *_people(inspection),
        *_copied(inspection),
    ]
    for source in _SOURCES:
        found += source(inspection)
    return found[:MOST_SIGNALS]


# --- place and time ---------------------------------------------------------------------------


def _point(longitude: Any, latitude: Any) -> Point | None:
    if longitude is None or latitude is None:
        return None
    try:
        return Point(float(longitude), float(latitude), Crs.CGCS2000)
    except (BadCoordinates, ValueError):
        return None


def _registered(inspection: Inspection) -> Point | None:
    """Where the place visited is registered: the premises if it has coordinates, else the enterprise."""
    for place in (inspection.premises, inspection.enterprise):
        if place is not None and (point := _at(place)) is not None:
            return point
    return None


def _at(place: Enterprise | Premises) -> Point | None:
    return _point(place.longitude, place.latitude)


def off_by(inspection: Inspection) -> float | None:
    """How many metres from the registered place a visit was handed in; None where either is unknown."""
    here, there = _point(inspection.longitude, inspection.latitude), _registered(inspection)
    return None if here is None or there is None else distance(here, there)


def _place(inspection: Inspection) -> Iterator[Found]:
    metres = off_by(inspection)
    error = inspection.accuracy or 0
    if metres is not None and (words := evidence.far_away(metres, inspection.inspected_on, error)):
        yield Found(Code.PLACE, words, {"metres": round(metres), "error": error})


def _clock(inspection: Inspection) -> Iterator[Found]:
    """As the phone measured it against the server, or else a visit that ended after it had arrived."""
    ahead = (inspection.finished_at - inspection.received_at).total_seconds()
    seconds = inspection.clock_skew if inspection.clock_skew is not None else max(0, round(ahead))
    if words := evidence.clock_off(seconds, inspection.inspected_on):
        yield Found(Code.CLOCK, words, {"seconds": seconds})


def _duration(inspection: Inspection) -> Iterator[Found]:
    items = inspection.answers.exclude(check_item=None).exclude(verdict="na").count()
    seconds = (inspection.finished_at - inspection.started_at).total_seconds()
    if words := evidence.too_short(seconds, items, inspection.inspected_on):
        yield Found(Code.SHORT, words, {"seconds": round(seconds), "items": items})


def _people(inspection: Inspection) -> Iterator[Found]:
    """A joint visit of one body, an expert's visit without an expert: the kind says more than the people do."""
    members = list(inspection.members.select_related("user"))
    # Guests have no account and may be from anywhere.
    if any(each.user is None for each in members):
        return
    bodies = {post.organization_id: post.organization.kind for each in members for post in _posts(each)}
    if inspection.kind == Inspection.Kind.JOINT and len(bodies) < 2:
        yield Found(Code.KIND_PEOPLE, "记为联合检查，参加的只有一个单位的人")
    if inspection.kind == Inspection.Kind.EXPERT and Organization.Kind.EXPERTS not in bodies.values():
        yield Found(Code.KIND_PEOPLE, "记为专家检查，参加的人里没有专家")


def _posts(member: InspectionMember) -> list[Post]:
    return list(member.user.posts) if member.user else []


def _travel(inspection: Inspection) -> Iterator[Found]:
    """Each member's visits of the days around: the one before and the one after, and any at the same time."""
    here = _registered(inspection)
    people = [each.user_id for each in inspection.members.all() if each.user_id]
    if here is None or not people:
        return
    day = dt.timedelta(days=1)
    others = (
        Inspection.objects.filter(
            members__user__in=people,
            started_at__gte=inspection.started_at - day,
            started_at__lte=inspection.finished_at + day,
        )
        .exclude(pk=inspection.pk)
        .exclude(enterprise=inspection.enterprise_id)
        .select_related("enterprise", "premises")
        .distinct()
    )
    for other in others[:20]:
        there = _registered(other)
        if there is None:
            continue
        first, second = sorted((inspection, other), key=lambda each: each.started_at)
        gap = (second.started_at - first.finished_at).total_seconds()
        if words := evidence.too_fast(distance(here, there), gap, inspection.inspected_on):
            yield Found(Code.TRAVEL, f"{words}（{other.enterprise}）", {"inspection": other.pk})


# --- photos -----------------------------------------------------------------------------------


def _subjects(inspection: Inspection) -> list[Any]:
    """The visit with everything recorded in it that may carry photos."""
    answers = list(inspection.answers.select_related("hazard"))
    hazards = [each.hazard for each in answers if each.hazard is not None]
    fixes = Rectification.objects.filter(hazard__in=[each for each in hazards if each.fixed_on_spot], round=1)
    return [inspection, *answers, *hazards, *fixes]


def _photos(inspection: Inspection) -> list[Attachment]:
    kept = attachments.of_many(_subjects(inspection))
    photos = {
        each.pk: each
        for by_role in kept.values()
        for rows in by_role.values()
        for each in rows
        if each.kind == Attachment.Kind.IMAGE
    }
    return list(photos.values())


def _taken(photo: Attachment) -> dt.datetime | None:
    taken = parse_datetime(str(photo.exif.get("taken_at", "")))
    return taken if taken is not None and taken.tzinfo is not None else None


def _at_exif(photo: Attachment) -> Point | None:
    return _point(photo.exif.get("longitude"), photo.exif.get("latitude"))


def _photo_facts(inspection: Inspection, photos: list[Attachment]) -> Iterator[Found]:
    """What the camera wrote beside the picture, where it wrote anything."""
    there = _registered(inspection)
    for photo in photos:
        taken = _taken(photo)
        if taken is not None:
            words = evidence.photo_out_of_time(taken, inspection.started_at, inspection.finished_at)
            if words:
                yield Found(Code.PHOTO_TIME, words, {"photo": str(photo.pk)})
        if words := evidence.edited(photo.exif.get("software", ""), inspection.inspected_on):
            yield Found(Code.EDITED, words, {"photo": str(photo.pk)})
        here = _at_exif(photo)
        if here is not None and there is not None:
            metres = distance(here, there)
            if words := evidence.photo_far_away(metres, inspection.inspected_on):
                yield Found(Code.PHOTO_PLACE, words, {"photo": str(photo.pk), "metres": round(metres)})


def _photo_twins(inspection: Inspection, photos: list[Attachment]) -> Iterator[Found]:
    """Photos that were there before, at another visit or another hazard: the same file, or all but the same picture."""
    own = {chain_of(each) for each in _subjects(inspection)}
    yield from twins(photos, own, inspection.inspected_on, until=inspection.received_at)


def twins(
    photos: list[Attachment], own: set[str], on: dt.date, *, until: dt.datetime | None = None
) -> Iterator[Found]:
    """For each photo the first earlier one like it that belongs to another record than `own`, as a signal.

    A photo turned left for right is like the one it was made from. Whose the other one is stands in the detail only:
    who reads the signal may not be entitled to know.
    """
    hashed = [each for each in photos if each.perceptual_hash is not None]
    radius = evidence.threshold("photo.alike", on)
    values = [each.perceptual_hash or 0 for each in hashed]
    asked = likeness.alike([*values, *map(images.mirrored, values)], radius)
    matches = [
        [*((match, False) for match in straight), *((match, True) for match in turned)]
        for straight, turned in zip(asked[: len(values)], asked[len(values) :], strict=True)
    ]
    near = {match.attachment for found in matches for match, _ in found}
    rows = Attachment.objects.in_bulk(list(near))
    links: dict[Any, list[str]] = {}
    for pk, subject in AttachmentLink.objects.filter(attachment__in=near).values_list(
        "attachment", "subject"
    ):
        links.setdefault(pk, []).append(subject)
    for photo, found in zip(hashed, matches, strict=True):
        for match, is_turned in found:
            other = rows.get(match.attachment)
            elsewhere = [each for each in links.get(match.attachment, []) if each not in own]
            if other is None or not elsewhere or other.uploaded_at > (until or photo.uploaded_at):
                continue
            same = other.pk == photo.pk or other.original_sha256 == photo.original_sha256
            when = f"{timezone.localtime(other.uploaded_at):%Y-%m-%d}"
            how = "左右翻转后几乎一样" if is_turned else "几乎一样"
            alike = f"{how}（64 位中差 {match.bits} 位）"
            yield Found(
                Code.REUSED if same else Code.ALIKE,
                f"这张照片与{when}上传、用在另一条记录里的照片{'是同一张' if same else alike}",
                {"photo": str(photo.pk), "other": str(other.pk), "subject": elsewhere[0]},
            )
            break


def _unchanged(inspection: Inspection) -> Iterator[Found]:
    """Put right on the spot, says the record: then before and after should differ."""
    answers = inspection.answers.filter(hazard__fixed_on_spot=True).select_related("hazard")
    hazards = [each.hazard for each in answers if each.hazard is not None]
    fixes = {each.hazard_id: each for each in Rectification.objects.filter(hazard__in=hazards, round=1)}
    kept = attachments.of_many([*hazards, *fixes.values()])
    for hazard in hazards:
        if hazard.pk in fixes:
            before = kept[chain_of(hazard)].get("before", [])
            after = kept[chain_of(fixes[hazard.pk])].get("after", [])
            yield from unchanged(before, after, inspection.inspected_on, f"“{hazard.description[:40]}”")


def _repeated(inspection: Inspection) -> Iterator[Found]:
    """One photo for several items of the same visit: what was seen at one place may not have been seen at the other."""
    answers = list(inspection.answers.select_related("hazard").order_by("position"))
    kept = attachments.of_many([*answers, *(each.hazard for each in answers if each.hazard is not None)])
    most = evidence.threshold("photo.alike", inspection.inspected_on)
    seen: list[tuple[int, Attachment]] = []
    for answer in answers:
        photos = list(kept[chain_of(answer)].get("scene", []))
        if answer.hazard is not None:
            photos += kept[chain_of(answer.hazard)].get("before", [])
        hashed = [each for each in photos if each.perceptual_hash is not None]
        for photo in hashed:
            bits, position, other = min(
                (
                    (images.distance(photo.perceptual_hash or 0, each.perceptual_hash or 0), position, each)
                    for position, each in seen
                ),
                key=lambda row: row[:2],
                default=(most + 1, 0, photo),
            )
            if bits <= most:
                yield Found(
                    Code.ALIKE,
                    f"第 {answer.position} 项的照片与本次第 {position} 项的{'是同一张' if other.pk == photo.pk else '几乎一样'}",
                    {"photo": str(photo.pk), "other": str(other.pk)},
                )
        seen += [(answer.position, each) for each in hashed]


def after_facts(hazard: Hazard, after: list[Attachment]) -> Iterator[Found]:
    """What the camera wrote beside photos of something put right: taken before it was found, elsewhere, retouched."""
    found = min(
        hazard.found_at,
        dt.datetime.combine(hazard.found_on, dt.time(), tzinfo=timezone.get_current_timezone()),
    )
    places = (hazard.premises, hazard.enterprise)
    there = next((point for each in places if each and (point := _at(each)) is not None), None)
    for photo in after:
        on = timezone.localdate(photo.uploaded_at)
        detail = {"photo": str(photo.pk)}
        taken = _taken(photo)
        if taken is not None and (words := evidence.photo_too_early(taken, found)):
            yield Found(Code.PHOTO_TIME, words, detail)
        if words := evidence.edited(photo.exif.get("software", ""), on):
            yield Found(Code.EDITED, words, detail)
        here = _at_exif(photo)
        metres = distance(here, there) if here is not None and there is not None else 0.0
        if words := evidence.photo_far_away(metres, on):
            yield Found(Code.PHOTO_PLACE, words, detail)


def unchanged(
    before: list[Attachment], after: list[Attachment], on: dt.date, what: str = ""
) -> Iterator[Found]:
    """Photos of after that show what those of before show."""
    most = evidence.threshold("photo.before_after", on)
    for late in after:
        for early in before:
            if late.perceptual_hash is None or early.perceptual_hash is None:
                continue
            bits = images.distance(late.perceptual_hash, early.perceptual_hash)
            if bits <= most:
                yield Found(
                    Code.UNCHANGED,
                    f"{what}整改后的照片与整改前几乎一样（64 位中差 {bits} 位）",
                    {"photo": str(late.pk), "other": str(early.pk)},
                )
                break


# --- words ------------------------------------------------------------------------------------


def _own_words(inspection: Inspection) -> list[str]:
    """What the inspectors wrote themselves; words the form proposes are everybody's."""
    texts = [inspection.opinion]
    for answer in inspection.answers.select_related("hazard", "check_item"):
        texts.append(answer.note)
        if answer.hazard is not None:
            proposed = answer.check_item.text if answer.check_item else ""
            told = answer.hazard.description
            if not proposed or evidence.likeness(told.partition("：")[2] or told, proposed) < 80:
                texts.append(told)
            texts.append(answer.hazard.measures)
    return [text for text in texts if text.strip()]


def _copied(inspection: Inspection) -> Iterator[Found]:
    """The same sentences at other enterprises, among the last visits of the same organization."""
    own = [
        text for text in _own_words(inspection) if evidence.copied(text, [text], inspection.inspected_on) == 0
    ]
    if not own:
        return
    earlier = (
        Inspection.objects.filter(
            organization=inspection.organization_id,
            inspected_on__gte=inspection.inspected_on - dt.timedelta(days=COMPARED_DAYS),
            inspected_on__lte=inspection.inspected_on,
            received_at__lt=inspection.received_at,
        )
        .exclude(enterprise=inspection.enterprise_id)
        .select_related("enterprise")
        .prefetch_related("answers__hazard")
        .order_by("-inspected_on", "-id")[:COMPARED_VISITS]
    )
    told = [
        (text, other)
        for other in earlier
        for text in (
            other.opinion,
            *(answer.note for answer in other.answers.all()),
            *(answer.hazard.description for answer in other.answers.all() if answer.hazard),
            *(answer.hazard.measures for answer in other.answers.all() if answer.hazard),
        )
        if text
    ]
    for text in own:
        place = evidence.copied(text, [each for each, _ in told], inspection.inspected_on)
        if place is not None:
            other = told[place][1]
            yield Found(
                Code.COPIED,
                f"“{text[:40]}”与{other.inspected_on}{other.enterprise}的记录雷同",
                {"inspection": other.pk},
            )

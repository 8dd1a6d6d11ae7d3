"""What people do with zones. Each act checks the person, writes a version and records it in one transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind, Progress
from bihuan.rules.coordinates import Crs

from .access import drawing_organization, may_change
from .geometry import Geometry, area_km2, bbox_of, vertex_count
from .membership import CHUNK, candidates, settle_zone, version_in_force
from .models import Zone, ZoneKind, ZoneVersion

JOB = "zones.membership"
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Drawn:
    """A boundary as somebody gives it: where it runs (CGCS2000), from when, by what document, in whose words."""

    geometry: Geometry
    valid_from: dt.date
    boundary_words: str = ""
    document: str = ""
    reason: str = ""
    source: str = ZoneVersion.Source.DRAWN
    source_name: str = ""
    source_crs: str = Crs.CGCS2000


def create_zone(kind: ZoneKind, name: str, region: Region, drawn: Drawn, *, by: User) -> Zone:
    """Register a zone with its first version and reckon who lies in it.

    Raises PermissionDenied for a region that is not the person's to draw for, Refused when the name is taken.
    """
    organization = drawing_organization(by, region.code)
    if organization is None:
        raise PermissionDenied
    try:
        with transaction.atomic():
            zone = Zone.objects.create(kind=kind, name=name, region=region, organization_id=organization)
            version = _add_version(zone, drawn, number=1, by=by)
            _note("zones.create", zone, version, by=by, summary=f"划定{kind}“{name}”（{region}）")
    except IntegrityError as error:
        raise Refused(f"{region}已有名为“{name}”的{kind}，请修改原来的区域，或换一个名称") from error
    settle(zone, by=by)
    return zone


def revise_zone(zone: Zone, drawn: Drawn, *, by: User, seen: int) -> ZoneVersion:
    """Draw a zone anew from a day on; the version before ends the day before.

    `seen` is the number of the version the person looked at. Raises PermissionDenied, ReasonRequired, IllegalMove when
    somebody else was quicker, Refused when the day does not follow the version before.
    """
    if not may_change(by, zone):
        raise PermissionDenied
    if not drawn.reason.strip():
        raise ReasonRequired("调整区域")
    with transaction.atomic():
        last = ZoneVersion.objects.select_for_update().filter(zone=zone).order_by("-number").first()
        if last is None or last.number != seen:
            raise IllegalMove("这个区域刚被别人调整过，您的修改没有保存，请重新打开页面核对后再改")
        if drawn.valid_from <= last.valid_from or (last.valid_to and drawn.valid_from <= last.valid_to):
            until = last.valid_to or last.valid_from
            raise Refused(f"新版的生效日期应晚于{until:%Y-%m-%d}（上一版的日期），请改晚一天以上")
        if last.valid_to is None:
            closed = ZoneVersion.objects.filter(pk=last.pk, valid_to=None).update(
                valid_to=drawn.valid_from - DAY, ended_reason=f"由第{last.number + 1}版接替"
            )
            if not closed:
                raise IllegalMove("这个区域刚被别人调整过，请刷新后重试")
        version = _add_version(zone, drawn, number=last.number + 1, by=by)
        zone.save(update_fields=["updated_at"])
        summary = f"调整“{zone}”为第{version.number}版，{drawn.valid_from:%Y-%m-%d}起"
        _note("zones.revise", zone, version, by=by, summary=summary)
    settle(zone, by=by)
    return version


def end_zone(zone: Zone, *, on: dt.date, by: User, reason: str) -> None:
    """Let a zone end after a day. Raises PermissionDenied, ReasonRequired, Refused when it does not hold that day."""
    if not may_change(by, zone):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("终止区域")
    with transaction.atomic():
        ended = ZoneVersion.objects.filter(zone=zone, valid_to=None, valid_from__lte=on).update(
            valid_to=on, ended_reason=reason.strip()[:300]
        )
        if not ended:
            raise IllegalMove("这个区域已经终止，或最后一天早于现行版本的生效日期，请核对日期")
        zone.save(update_fields=["updated_at"])
        record(
            "zones.end", zone, by=by, summary=f"“{zone}”自{on + DAY:%Y-%m-%d}起不再有效",
            payload={"valid_to": on.isoformat(), "reason": reason.strip()},
        )  # fmt: skip
    settle(zone, by=by)


def _add_version(zone: Zone, drawn: Drawn, *, number: int, by: User) -> ZoneVersion:
    west, south, east, north = bbox_of(drawn.geometry)
    return ZoneVersion.objects.create(
        zone=zone, number=number, valid_from=drawn.valid_from, geometry=drawn.geometry, west=west, south=south, east=east,
        north=north, boundary_words=drawn.boundary_words, document=drawn.document, reason=drawn.reason.strip(),
        source=drawn.source, source_name=drawn.source_name[:120], source_crs=drawn.source_crs, by=by, at=timezone.now(),
    )  # fmt: skip


def _note(act: str, zone: Zone, version: ZoneVersion, *, by: User, summary: str) -> None:
    payload: dict[str, Any] = {
        "zone": zone.pk, "version": version.number, "valid_from": version.valid_from.isoformat(), "document": version.document,
        "reason": version.reason, "vertices": vertex_count(version.geometry),
        "area_km2": round(area_km2(version.geometry), 4),
    }  # fmt: skip
    # The version is the subject: its boundary is what was signed, and the record keeps the digest of it.
    record(act, version, by=by, summary=summary, payload=payload)


def settle(zone: Zone, *, by: User) -> Job | None:
    """Reckon who lies in a zone: at once when few can, as a job when many can. Returns the job."""
    on = timezone.localdate()
    concerned = len(candidates(zone, version_in_force(zone, on)))
    if concerned <= CHUNK:
        settle_zone(zone, on=on)
        return None
    return start(
        JOB, title=f"清点“{zone}”内的企业", by=by, parameters={"zone": zone.pk}, total=concerned, unit="家",
        url=zone.get_absolute_url(),
    )  # fmt: skip


def _run(progress: Progress) -> str:
    zone = Zone.objects.get(pk=progress.job.parameters["zone"])
    done = int(progress.checkpoint.get("done", 0))
    progress.begin("清点", total=progress.job.total, done=done)

    def step(more: int, last: int) -> None:
        progress.step(done + more, {"after": last, "done": done + more})

    after = int(progress.checkpoint.get("after", 0))
    settle_zone(zone, on=timezone.localdate(), after=after, step=step)
    inside = zone.memberships.filter(left_on=None).values("enterprise").distinct().count()
    return f"区域内现有 {inside:,} 家"


SETTLING = Kind(JOB, "清点区域内的企业", _run, lambda job: "清点停在中途，下次自动清点时补全")

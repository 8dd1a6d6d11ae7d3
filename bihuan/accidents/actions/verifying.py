"""What an office does with a report: verify it, file it, put it right, find that it does not count."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.duties.actions import reschedule_duty
from bihuan.duties.models import Duty
from bihuan.registry.models import Enterprise
from bihuan.rules import accidents as rules

from ..models import Accident, AccidentFigure
from ..standing import acting
from ..workflow import AccidentMove
from .counting import set_window, write_line
from .ending import cancel_reports, withdraw_inquiry
from .moving import move_accident
from .reporting import check_toll, pass_on


@transaction.atomic
def verify(
    accident: Accident,
    *,
    toll: rules.Toll,
    as_of: dt.date,
    by: User,
    is_production: bool = True,
    note: str = "",
) -> None:
    """Confirm that it is an accident of ours and what it cost (核定). Raises PermissionDenied, Refused, IllegalMove."""
    check_toll(toll)
    _check_day(accident, as_of)
    move_accident(accident, AccidentMove.VERIFY, by=by, reason=note, changed={"is_production": is_production})
    write_line(accident, AccidentFigure.Source.VERIFIED, toll, as_of=as_of, by=by, note=note)
    pass_on(accident, by=by, since=timezone.now())


@transaction.atomic
def file_accident(accident: Accident, *, by: User) -> None:
    """The city's office takes the accident on file (备案, R169). Raises PermissionDenied, Refused when it is already."""
    if accident.filed_at is not None:
        raise Refused(f"“{accident}”已经备案")
    body = acting(by, Permission.MANAGE_ACCIDENTS, accident)
    move_accident(
        accident, AccidentMove.FILE, by=by, changed={"filed_at": timezone.now(), "filed_by": body}, watched=("filed_at",)
    )  # fmt: skip


@transaction.atomic
def correct(
    accident: Accident,
    *,
    title: str,
    occurred_at: dt.datetime,
    region: Region,
    place: str,
    kind: str,
    is_production: bool,
    toll: rules.Toll,
    as_of: dt.date,
    reason: str,
    by: User,
    enterprise: Enterprise | None = None,
    unit_name: str = "",
    department: Organization | None = None,
    campaign: Campaign | None = None,
    explosion: bool = False,
    moved: int = 0,
    concealed: bool = False,
    complex: bool = False,
) -> None:
    """Put the record right, with a reason; what it counted as before stays in its lines.

    Raises PermissionDenied, ReasonRequired, Refused, IllegalMove.
    """
    check_toll(toll)
    if occurred_at > timezone.now():
        raise Refused("发生时间不能晚于现在，请核对")
    if not (title.strip() and place.strip()):
        raise Refused("请填写事故名称和发生地点")
    if not (enterprise or unit_name.strip()):
        raise Refused("请选择事发企业，或者写明事发单位、场所")
    if len(region.code) < 6:
        raise Refused("请选择事故发生的县区或者乡镇（街道）")
    where = place_of(region)
    changed: dict[str, Any] = {
        "title": title.strip()[:120], "occurred_at": occurred_at, "occurred_on": timezone.localdate(occurred_at),
        "city_id": where.city_id, "county_id": where.county_id, "locality_id": where.locality_id,
        "place": place.strip()[:200], "enterprise": enterprise, "unit_name": unit_name.strip()[:120],
        "department": department, "campaign": campaign, "kind": kind, "is_production": is_production,
        "explosion": explosion, "moved": moved, "concealed": concealed, "complex": complex,
    }  # fmt: skip
    proposed = Accident(**changed)
    set_window(proposed)
    changed |= {"window_ends_on": proposed.window_ends_on, "window_clock": proposed.window_clock}
    _check_day(proposed, as_of)
    move_accident(accident, AccidentMove.CORRECT, by=by, reason=reason, changed=changed)
    write_line(accident, AccidentFigure.Source.CORRECTED, toll, as_of=as_of, by=by, note=reason)
    reschedule_duty(
        accident, Duty.Kind.ACCIDENT_REPORT, accident.window_ends_on, accident.window_clock, by=by,
        title=f"续报伤亡变化：{accident}",
    )  # fmt: skip
    pass_on(accident, by=by, since=timezone.now())


@transaction.atomic
def dismiss(accident: Accident, *, reason: str, by: User) -> None:
    """Find that it is no production accident, or none of ours: it no longer counts, and nothing more is owed."""
    move_accident(accident, AccidentMove.DISMISS, by=by, reason=reason)
    write_line(
        accident,
        AccidentFigure.Source.DISMISSED,
        accident.toll,
        as_of=timezone.localdate(),
        by=by,
        note=reason,
    )
    withdraw_inquiry(accident, reason=reason, by=by)
    cancel_reports(accident, by=by)


@transaction.atomic
def reinstate(accident: Accident, *, reason: str, by: User) -> None:
    """Count it again, with a reason; it is verified anew."""
    move_accident(accident, AccidentMove.REINSTATE, by=by, reason=reason)
    write_line(
        accident,
        AccidentFigure.Source.REINSTATED,
        accident.toll,
        as_of=timezone.localdate(),
        by=by,
        note=reason,
    )


def _check_day(accident: Accident, as_of: dt.date) -> None:
    if not accident.occurred_on <= as_of <= timezone.localdate():
        raise Refused(f"数据截至日期应在 {accident.occurred_on} 至今天之间，请核对")

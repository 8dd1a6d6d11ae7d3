"""What the list of enterprises may be narrowed by here: who has promised, who has checked itself, whose people's
certificates have run out. So whoever runs a campaign sees who has not."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.inspections.models import Inspection
from bihuan.registry.filters import ExtraFilter
from bihuan.registry.models import EnterpriseQuerySet

from .models import FalseClaim, Pledge, StaffCertificate
from .workflow import PledgeStatus

YEAR = dt.timedelta(days=365)
PROMISES = {
    "none": "没有有效的承诺书",
    "standing": "有有效的承诺书",
    "unverified": "承诺书没有核查完",
    "objected": "核查有异议",
    "false": "有虚假承诺",
}
SELF_CHECKS = {"none": "一年内没有自查", "done": "一年内自查过"}
CERTIFICATES = {"past": "有人员证件过期", "ending": "有人员证件 90 天内到期"}


def _by_promise(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in PROMISES:
        return None
    if value == "false":
        claims = FalseClaim.objects.filter(enterprise=OuterRef("pk"))
        return objects.filter(Exists(claims))
    today = timezone.localdate()
    standing = Pledge.objects.standing().filter(enterprise=OuterRef("pk"), valid_to__gte=today)
    match value:
        case "none":
            return objects.supervised().filter(~Exists(standing))
        case "unverified":
            standing = standing.filter(status__in=[PledgeStatus.SIGNED, PledgeStatus.VERIFYING])
        case "objected":
            standing = standing.filter(status=PledgeStatus.OBJECTED)
    return objects.filter(Exists(standing))


def _by_self_check(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in SELF_CHECKS:
        return None
    checks = Inspection.objects.filter(
        enterprise=OuterRef("pk"),
        kind=Inspection.Kind.SELF_CHECK,
        inspected_on__gt=timezone.localdate() - YEAR,
    )
    return objects.supervised().filter(~Exists(checks)) if value == "none" else objects.filter(Exists(checks))


def _by_certificates(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value not in CERTIFICATES:
        return None
    today = timezone.localdate()
    held = StaffCertificate.objects.filter(enterprise=OuterRef("pk"))
    return objects.filter(Exists(held.past(on=today) if value == "past" else held.ending(on=today)))


FILTERS = (
    ExtraFilter(
        "promise",
        "承诺书",
        _by_promise,
        lambda value, user: PROMISES.get(value, "无此项"),
        lambda user: list(PROMISES.items()),
    ),
    ExtraFilter(
        "self_check",
        "企业自查",
        _by_self_check,
        lambda value, user: SELF_CHECKS.get(value, "无此项"),
        lambda user: list(SELF_CHECKS.items()),
    ),
    ExtraFilter(
        "certificates",
        "人员证件",
        _by_certificates,
        lambda value, user: CERTIFICATES.get(value, "无此项"),
        lambda user: list(CERTIFICATES.items()),
    ),
)

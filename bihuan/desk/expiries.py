"""What runs out at an enterprise, in one list: permits, inspections of equipment, certificates of its people."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from bihuan.core.markup import due_words
from bihuan.pledges.models import StaffCertificate
from bihuan.registry.dues import missing_permits, state_of
from bihuan.registry.models import Enterprise, Equipment, Permit

NEAR = 60  # days ahead an inspection of equipment is told
URGENT = 30  # days ahead it stands among the first things
PERMIT_TONES = {"expired": "red", "renew": "red", "approaching": "yellow"}
CERTIFICATE_TONES = {"expired": "red", "apply": "orange", "approaching": "yellow"}


@dataclass(frozen=True)
class Expiry:
    """One thing that runs out. `day` is what counts next (the last day to ask for renewal goes before the end), `words`
    explain it, `warning` says what must not be done once it is past, `urgent` puts it among the first things."""

    what: str
    state: str
    tone: str
    day: dt.date | None
    words: str
    url: str
    action: str
    warning: str = ""
    urgent: bool = False


def expiries(enterprise: Enterprise, *, on: dt.date) -> list[Expiry]:
    """Everything past or near its end, what is past first, then by day; what was never registered last."""
    found = [
        *_permits(enterprise, on),
        *_equipment(enterprise, on),
        *_certificates(enterprise, on),
        *_missing(enterprise, on),
    ]
    return sorted(found, key=lambda each: (each.day is None, each.day or dt.date.max, each.what))


def _permits(enterprise: Enterprise, on: dt.date) -> list[Expiry]:
    found = []
    for permit in Permit.objects.filter(enterprise=enterprise).held().select_related("enterprise"):
        state = state_of(permit, on)
        if state.key == "valid":
            continue
        day = permit.valid_to
        if state.renew_by is not None and permit.applied_on is None and state.key != "expired":
            day = state.renew_by
        found.append(
            Expiry(
                what=permit.kind,
                state=state.label,
                tone=PERMIT_TONES.get(state.key, ""),
                day=day,
                words=state.sentence(),
                url=enterprise.get_absolute_url(),
                action="去办续期，办好请乡镇街道登记新证",
                warning="不得继续从事该项活动" if state.key == "expired" else "",
                urgent=state.key in {"expired", "renew"} or (day is not None and (day - on).days <= URGENT),
            )
        )
    return found


def _equipment(enterprise: Enterprise, on: dt.date) -> list[Expiry]:
    due = Equipment.objects.filter(enterprise=enterprise).due(by_day=on + dt.timedelta(days=NEAR))
    found = []
    for piece in due:
        day = piece.next_inspection_on
        assert day is not None
        left = (day - on).days
        found.append(
            Expiry(
                what=f"{piece}定期检验",
                state="超期" if left < 0 else "临期",
                tone="red" if left < 0 else "orange" if left <= URGENT else "yellow",
                day=day,
                words=f"应在 {day} 前检验，{due_words(day, on)}",
                url=enterprise.get_absolute_url(),
                action="约检验机构，报告请乡镇街道登记",
                warning="未经检验不得继续使用" if left < 0 else "",
                urgent=left <= URGENT,
            )
        )
    return found


def _certificates(enterprise: Enterprise, on: dt.date) -> list[Expiry]:
    found = []
    for certificate in StaffCertificate.objects.filter(enterprise=enterprise).held():
        state = certificate.state(on)
        if state.key == "valid" or state.days_left is None:
            continue
        what = "复审" if state.event == "review" else "换证"
        found.append(
            Expiry(
                what=f"{certificate}{what}",
                state=state.label,
                tone=CERTIFICATE_TONES.get(state.key, ""),
                day=state.day,
                words=state.sentence(),
                url=certificate.get_absolute_url(),
                action="办好以后改成新的日期",
                warning="不得上岗作业" if state.key == "expired" else "",
                urgent=state.days_left <= URGENT,
            )
        )
    return found


def _missing(enterprise: Enterprise, on: dt.date) -> list[Expiry]:
    """Permits its kind needs and nobody has registered; expired ones stand in the list already."""
    return [
        Expiry(
            what=rule.label,
            state="未登记",
            tone="" if rule.condition else "orange",
            day=None,
            words=f"{rule.condition}的须有，没有就不用管" if rule.condition else f"{rule.issuer}核发",
            url=reverse("registry:detail", args=[enterprise.pk]),
            action="有证的请乡镇街道登记，没有的去办",
        )
        for rule, words in missing_permits(enterprise, on)
        if words != "已过期"
    ]

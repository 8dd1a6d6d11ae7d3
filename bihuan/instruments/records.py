"""The records below that papers are made of, told to `subjects`."""

from __future__ import annotations

from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accidents.workflow import AccidentStatus
from bihuan.accounts.models import User
from bihuan.accounts.queries import office_of
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Assignment, Campaign, Phase, Task
from bihuan.campaigns.workflow import AssignmentStatus, PhaseStatus
from bihuan.core.dates import day_words
from bihuan.duties.models import Duty
from bihuan.duties.pressing import late_in_area
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import OPEN
from bihuan.listings.models import Listing
from bihuan.listings.workflow import ListingStatus
from bihuan.oversight.models import OversightFinding, OversightRound
from bihuan.registry.models import Enterprise

from .models import Instrument
from .subjects import Facts, Subject, register_several, register_subject
from .workflow import Status

MOST_LATE = 100  # late duties of one body a draft begins with; the drafter unticks what does not belong


def _duty(user: User, pk: int) -> Facts | None:
    duty = Duty.objects.visible_to(user).filter(pk=pk).select_related("organization").first()
    return _facts_of(duty) if duty else None


def _late_duties(user: User, pk: int) -> list[Facts]:
    """All that a body owes late, in the order of the list one comes from."""
    rows = late_in_area(user, on=timezone.localdate()).filter(organization=pk).select_related("organization")
    return [_facts_of(each) for each in rows.order_by("due_on", "id")[:MOST_LATE]]


def _facts_of(duty: Duty) -> Facts:
    kind = duty.get_kind_display()
    said = duty.title if duty.title.startswith(kind) else f"{kind}：{duty.title}"
    words = said + (f"（期限 {day_words(duty.due_on)}）" if duty.due_on else "")
    return Facts(chain_of(duty), words, duty.url, duty.organization)


def _open_duties(keys: list[int]) -> set[int]:
    return set(keys) - set(Duty.objects.open().filter(pk__in=keys).values_list("pk", flat=True))


def _enterprise(user: User, pk: int) -> Facts | None:
    firm = Enterprise.objects.visible_to(user).filter(pk=pk).select_related("organization").first()
    if firm is None:
        return None
    return Facts(chain_of(firm), firm.name, firm.get_absolute_url(), firm.organization, is_matter=False)


def _hazard(user: User, pk: int) -> Facts | None:
    rows = Hazard.objects.visible_to(user).select_related(
        "enterprise__organization", "reviewing_organization"
    )
    hazard = rows.filter(pk=pk).first()
    if hazard is None:
        return None
    limit = f"，整改期限 {day_words(hazard.due_on)}" if hazard.due_on else ""
    words = f"{hazard.enterprise.name}{hazard.get_level_display()}隐患“{hazard.description[:80]}”{limit}"
    to = hazard.enterprise.organization or hazard.reviewing_organization
    return Facts(chain_of(hazard), words, hazard.get_absolute_url(), to)


def _settled_hazards(keys: list[int]) -> set[int]:
    return set(keys) - set(Hazard.objects.filter(pk__in=keys, status__in=OPEN).values_list("pk", flat=True))


def _task(user: User, pk: int) -> Facts | None:
    seen = Campaign.objects.visible_to(user)
    task = Task.objects.filter(pk=pk, campaign__in=seen).select_related("campaign").first()
    if task is None:
        return None
    owed = Assignment.objects.filter(task=task).exclude(
        status__in=[AssignmentStatus.CONFIRMED, AssignmentStatus.ENDED]
    )
    first = owed.select_related("organization").order_by("pk").first()
    words = f"{task.campaign.short_title}任务“{task.heading}”" + (
        f"（期限 {day_words(task.due_on)}）" if task.due_on else ""
    )
    return Facts(chain_of(task), words, task.get_absolute_url(), first.organization if first else None)


def _settled_tasks(keys: list[int]) -> set[int]:
    owed = Assignment.objects.filter(task__in=keys, task__ended_on=None).exclude(
        status__in=[AssignmentStatus.CONFIRMED, AssignmentStatus.ENDED]
    )
    return set(keys) - set(owed.exclude(role=Assignment.Role.SUPPORT).values_list("task", flat=True))


def _phase(user: User, pk: int) -> Facts | None:
    seen = Campaign.objects.visible_to(user)
    phase = Phase.objects.filter(pk=pk, campaign__in=seen).select_related("campaign__office").first()
    if phase is None:
        return None
    words = f"{phase.campaign.short_title}“{phase.name}”阶段" + (
        f"（{phase.ends_on} 结束）" if phase.ends_on else ""
    )
    return Facts(chain_of(phase), words, phase.get_absolute_url(), phase.campaign.office)


def _closed_phases(keys: list[int]) -> set[int]:
    return set(Phase.objects.filter(pk__in=keys, status=PhaseStatus.CLOSED).values_list("pk", flat=True))


def _accident(user: User, pk: int) -> Facts | None:
    accident = Accident.objects.visible_to(user).filter(pk=pk).first()
    if accident is None:
        return None
    words = f"{accident.occurred_on} {accident.title}（{accident.get_grade_display()}，死亡 {accident.deaths} 人）"
    office = office_of(accident.county_id or accident.city_id)
    return Facts(chain_of(accident), words, accident.get_absolute_url(), office)


def _settled_accidents(keys: list[int]) -> set[int]:
    done = (AccidentStatus.SETTLED, AccidentStatus.ASSESSED, AccidentStatus.DISMISSED)
    return set(Accident.objects.filter(pk__in=keys, status__in=done).values_list("pk", flat=True))


def _listing(user: User, pk: int) -> Facts | None:
    listing = Listing.objects.visible_to(user).filter(pk=pk).select_related("owner", "reporter").first()
    if listing is None:
        return None
    words = f"{listing.get_level_display()}：{listing.title}（整改期限 {day_words(listing.due_on)}）"
    return Facts(chain_of(listing), words, listing.get_absolute_url(), listing.owner or listing.reporter)


def _settled_listings(keys: list[int]) -> set[int]:
    done = (ListingStatus.STRUCK_OFF, ListingStatus.WITHDRAWN)
    return set(Listing.objects.filter(pk__in=keys, status__in=done).values_list("pk", flat=True))


def _instrument(user: User, pk: int) -> Facts | None:
    paper = (
        Instrument.objects.visible_to(user).exclude(paper=None).filter(pk=pk).select_related("paper").first()
    )
    if paper is None or paper.paper is None:
        return None
    first = paper.recipients.select_related("organization").first()
    words = f"{paper.label} {paper.paper.number}：{paper.title}"
    return Facts(chain_of(paper), words, paper.get_absolute_url(), first.organization if first else None)


def _ended_instruments(keys: list[int]) -> set[int]:
    return set(keys) - set(
        Instrument.objects.filter(pk__in=keys, status=Status.ISSUED).values_list("pk", flat=True)
    )


def _round(user: User, pk: int) -> Facts | None:
    row = OversightRound.objects.visible_to(user).filter(pk=pk).select_related("organization").first()
    if row is None:
        return None
    return Facts(chain_of(row), f"{row}发现的问题", row.get_absolute_url())


def _settled_rounds(keys: list[int]) -> set[int]:
    left = OversightFinding.objects.filter(visit__round__in=keys).unfinished()
    return set(keys) - set(left.values_list("visit__round", flat=True))


def register() -> None:
    """Tell them all; called in `AppConfig.ready`."""
    register_several("duties.late", _late_duties)
    register_subject("registry.enterprise", Subject("企业", _enterprise, set))
    register_subject("duties.duty", Subject("待办", _duty, _open_duties))
    register_subject("hazards.hazard", Subject("隐患", _hazard, _settled_hazards))
    register_subject("campaigns.task", Subject("任务", _task, _settled_tasks))
    register_subject("campaigns.phase", Subject("阶段", _phase, _closed_phases))
    register_subject("accidents.accident", Subject("事故", _accident, _settled_accidents))
    register_subject("instruments.instrument", Subject("督办文书", _instrument, _ended_instruments))
    register_subject("oversight.oversightround", Subject("督导轮次", _round, _settled_rounds))
    register_subject("listings.listing", Subject("挂牌督办", _listing, _settled_listings))

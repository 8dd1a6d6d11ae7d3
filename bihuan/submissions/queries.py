"""Reading papers upward: the register, what is unanswered above, what waits here, what a record has been asked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number

from .models import Condition, Opinion, Submission, bodies_of
from .models.submissions import SubmissionQuerySet
from .workflow import DRAFTS, PENDING, ConditionStatus, Form, OpinionStatus, Outcome, Status

STATES = {
    "drafts": "未报出",
    "pending": "办理中",
    "unanswered": "请示待批复",
    "late": "超过期限",
    "answered": "已批复",
    "noted": "已收悉",
    "returned": "被退回",
    "conditions": "批复要求落实中",
    "late_in": "超期报出",
}
RELATED = ("organization", "addressee", "paper", "handler")


def listed(user: User, filters: Mapping[str, str], *, on: dt.date) -> SubmissionQuerySet:
    """The papers a person may see, narrowed by form, state, matter, outcome, asking body, year, record and words."""
    rows = Submission.objects.visible_to(user)
    if filters.get("form") in Form.values:
        rows = rows.filter(form=filters["form"])
    if filters.get("outcome") in Outcome.values:
        rows = rows.filter(outcome=filters["outcome"])
    rows = _in_state(rows, filters.get("state", ""), on)
    if matter := filters.get("matter", "")[:24]:
        rows = rows.filter(matter=matter)
    if pk := row_number(filters.get("from", "")):
        rows = rows.filter(organization=pk)
    if subject := filters.get("subject", "")[:80]:
        rows = rows.filter(subject=subject)
    year = row_number(filters.get("year", ""))
    if 2000 <= year <= 2100:
        rows = rows.filter(Q(issued_on__year=year) | Q(issued_on=None, drafted_at__year=year))
    if words := filters.get("q", "").strip()[:60]:
        rows = rows.filter(
            Q(title__contains=words) | Q(paper__number__contains=words) | Q(answer_number__contains=words)
        )
    return rows


def _in_state(rows: SubmissionQuerySet, state: str, on: dt.date) -> SubmissionQuerySet:
    match state:
        case "drafts":
            return rows.filter(status__in=DRAFTS)
        case "pending":
            return rows.pending()
        case "unanswered":
            return rows.unanswered()
        case "late":
            return rows.late(on=on)
        case "answered":
            return rows.filter(status=Status.ANSWERED)
        case "noted":
            return rows.filter(status=Status.NOTED)
        case "returned":
            return rows.filter(status=Status.RETURNED)
        case "conditions":
            open_ones = Condition.objects.filter(
                submission=OuterRef("pk"), status__in=[ConditionStatus.OPEN, ConditionStatus.REPORTED]
            )
            return rows.filter(Exists(open_ones))
        case "late_in":
            return rows.filter(issued_on__gt=F("due_on"))
        case _:
            return rows


@dataclass(frozen=True)
class Tile:
    """One figure over the register; it opens its rows."""

    label: str
    count: int
    url: str
    tone: str = ""


def tiles(user: User, *, on: dt.date) -> list[Tile]:
    """How the papers one may see stand, one query a figure."""
    rows = Submission.objects.visible_to(user)
    found = []
    for state in ("drafts", "unanswered", "late", "answered", "returned", "conditions"):
        count = _in_state(rows, state, on).count()
        url = f"{reverse('submissions:list')}?{urlencode({'state': state})}"
        found.append(Tile(STATES[state], count, url, "red" if state == "late" and count else ""))
    return found


def above(user: User) -> SubmissionQuerySet:
    """What one's own bodies have handed up and not heard about yet; the longest waiting first."""
    bodies = bodies_of(user, Permission.VIEW_SUBMISSIONS)
    return Submission.objects.filter(organization__in=bodies).pending().select_related(*RELATED)


def here(user: User) -> SubmissionQuerySet:
    """What waits in one's own bodies: for the receipt, an officer, a proposal, a decision."""
    bodies = [
        *bodies_of(user, Permission.ANSWER_SUBMISSION),
        *bodies_of(user, Permission.SIGN_SUBMISSION),
    ]
    return Submission.objects.filter(addressee__in=bodies).pending().select_related(*RELATED)


def opinions_of(user: User) -> list[Opinion]:
    """The opinions one's own bodies are asked for."""
    bodies = bodies_of(user, Permission.ANSWER_SUBMISSION)
    rows = Opinion.objects.filter(
        organization__in=bodies, status=OpinionStatus.ASKED, submission__status=Status.HANDLING
    )
    return list(rows.select_related("submission__organization", "organization").order_by("due_on", "pk")[:50])


def conditions_of(user: User) -> list[Condition]:
    """The conditions one's own bodies still have to keep."""
    rows = Condition.objects.owed_by(user).select_related("submission__addressee")
    return list(rows.order_by("due_on", "pk")[:50])


def to_sign(user: User) -> SubmissionQuerySet:
    """Drafts that wait for one's signature, and proposals that wait for one's decision."""
    bodies = bodies_of(user, Permission.SIGN_SUBMISSION)
    return (
        Submission.objects.filter(
            Q(status=Status.SIGNING, organization__in=bodies)
            | Q(status=Status.DECIDING, addressee__in=bodies)
        )
        .select_related(*RELATED)
        .order_by("id")
    )


def about(subject: str, user: User) -> SubmissionQuerySet:
    """The papers one may see about a record, newest first."""
    rows = Submission.objects.visible_to(user).filter(subject=subject).exclude(status=Status.DISCARDED)
    return rows.select_related(*RELATED).order_by("-id")


__all__ = [
    "PENDING", "RELATED", "STATES", "Tile", "about", "above", "conditions_of", "here", "listed", "opinions_of", "tiles",
    "to_sign",
]  # fmt: skip

"""What a unit ought to ask or report and has not: from the list in force and its own ledger. People decide."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.addresses import address
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.rules.clocks import Due

from .matters import EITHER, Matter, matters_for
from .models import SetAside, Submission
from .settling import demands, settle_matter
from .sources import Facts, find, proposed, source_of
from .standing import holds
from .workflow import DRAFTS, Form, Status


@dataclass(frozen=True)
class Suggestion:
    """One matter of one record that falls under the list and is neither asked, reported nor set aside."""

    matter: Matter
    facts: Facts
    due: Due

    @property
    def is_possible(self) -> bool:
        """Whether only people can tell if it has come to that."""
        source = source_of(self.facts.subject, self.matter.suggests)
        return source is not None and source.is_possible

    def is_late(self, on: dt.date) -> bool:
        """Whether it should have been handed in; what only people can tell is never late."""
        return not self.is_possible and self.due.due_on < on

    @property
    def draft_url(self) -> str:
        form = Form.REQUEST if self.matter.form == EITHER else self.matter.form
        query = {"form": form, "matter": self.matter.key, "subject": self.facts.subject}
        return f"{address('submissions:create')}?{urlencode(query)}"


def suggestions(user: User, organization: Organization, *, on: dt.date) -> list[Suggestion]:
    """What nobody has begun to write or set aside; what falls due first stands first."""
    return _undecided(user, organization, on, _begun(organization))


def owed(user: User, organization: Organization, *, on: dt.date) -> list[Suggestion]:
    """What is neither handed in nor set aside: a draft alone reports nothing. What only people can tell is not owed."""
    papers = _begun(organization).exclude(status__in=DRAFTS)
    return _undecided(user, organization, on, papers, certain=True)


def _undecided(
    user: User,
    organization: Organization,
    on: dt.date,
    papers: QuerySet[Submission],
    *,
    certain: bool = False,
) -> list[Suggestion]:
    found, calendar = [], clock.calendar()
    for matter in matters_for(organization, on):
        if not matter.suggests:
            continue
        for facts in proposed(matter.suggests, user, organization, on, certain=certain):
            found.append(Suggestion(matter, facts, matter.due(facts.event_on, using=calendar)))
    aside = SetAside.objects.filter(organization=organization)
    done = {*papers.values_list("matter", "subject"), *aside.values_list("matter", "subject")}
    rest = [each for each in found if (each.matter.key, each.facts.subject) not in done]
    return sorted(rest, key=lambda each: (each.due.due_on, each.facts.subject))


def _begun(organization: Organization) -> QuerySet[Submission]:
    """The unit's papers about records, less those given up or taken back."""
    rows = Submission.objects.filter(organization=organization).exclude(subject="")
    return rows.exclude(status__in=[Status.DISCARDED, Status.WITHDRAWN])


@transaction.atomic
def set_aside(matter: str, subject: str, *, reason: str, organization: Organization, by: User) -> SetAside:
    """A person decides that it need not be asked or reported, and says why; it is proposed no more.

    Raises PermissionDenied, ReasonRequired, Refused when it is decided already or out of sight.
    """
    if not holds(by, Permission.DRAFT_SUBMISSION, organization.pk):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("不需请示报告")
    known = {each.key: each.suggests for each in matters_for(organization, timezone.localdate())}
    facts = find(subject, by, known.get(matter, ""))
    if facts is None or matter not in known:
        raise Refused("没有找到这条提示，请刷新页面后重试")
    try:
        with transaction.atomic():
            row = SetAside.objects.create(
                organization=organization, matter=matter, subject=facts.subject, words=facts.words[:300],
                reason=reason.strip()[:300], by=by, at=timezone.now(),
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("这条提示已经有人作了决定，请刷新页面") from error
    if demands(facts.subject, known[matter]):
        settle_matter(organization, facts.subject, by=by, cancelled=True)
    record("submissions.set_aside", row, by=by, summary=f"不需请示报告：{row.words}（{row.reason}）")
    return row

"""What the list of important matters demanded of a record is done, or no longer needed: its duty ends."""

from __future__ import annotations

from bihuan.accounts.models import Organization, User
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from .matters import shipped
from .models import Submission
from .sources import record_of, source_of

KIND = Duty.Kind.IMPORTANT_MATTER


def reported(submission: Submission, *, by: User) -> None:
    """The paper was handed in: what the list demanded of its record is done."""
    if any(
        each.key == submission.matter and demands(submission.subject, each.suggests) for each in shipped()
    ):
        settle_matter(submission.organization, submission.subject, by=by)


def demands(subject: str, suggests: str) -> bool:
    """Whether a row of the list with this `suggests` makes a record owed, rather than proposing it."""
    source = source_of(subject, suggests)
    return source is not None and bool(suggests) and source.key == suggests and not source.is_possible


def settle_matter(body: Organization, subject: str, *, by: User, cancelled: bool = False) -> int:
    """Close what a unit owes about a record; returns how many there were."""
    record = record_of(subject)
    return finish_duty(record, KIND, by=by, organization=body, cancelled=cancelled) if record else 0

"""Pages of `submissions`, judged as tests/matrix/pages.py judges the others.

The papers are Qingshi street's to the county's office; of one of them the housing bureau is asked for its opinion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bihuan.submissions import actions
from bihuan.submissions.models import Condition, Submission

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
submissions:list              | GET      | list      | OL OO DL DO LL LO IS |
submissions:above             | GET      | list      | OL OO DL DO LL LO IS |
submissions:here              | GET      | list      | OL OO DL DO LL LO IS |
submissions:export            | GET POST | list      | OL OO DL DO LL LO IS |
submissions:matters           | GET      | list      | OL OO DL DO LL LO IS |
submissions:new_matter        | GET POST | list      | OO                  |
submissions:matter            | GET POST | list      | OO                  |
submissions:suggestions       | GET      | list      | OO DO LO            |
submissions:set_aside         | POST     | list      | OO DO LO            |
submissions:create            | GET POST | list      | OO DO LO            |
submissions:about             | GET      | street    | OL OO DL DO LL LO IS |
submissions:detail            | GET      | street    | OL OO LL LO IS      | DL DO
submissions:edit              | GET POST | street    | LO                  | OO DO
submissions:act submit        | POST     | street    | LO                  | DL DO
submissions:act sign          | POST     | street    | LL                  | DL DO
submissions:act receive       | POST     | street    | OO                  | DL DO
submissions:act assign        | POST     | street    | OL OO               | DL DO
submissions:act answer        | POST     | street    | OL                  | DL DO
submissions:act return        | POST     | street    | OL OO               | DL DO
submissions:opinion give      | POST     | street    | DO                  |
submissions:condition report  | POST     | street    | LO                  | DL DO
submissions:condition confirm | POST     | street    | OO                  | DL DO
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "submissions:matter": {"key": "=funds"},
    "submissions:detail": {"pk": "submission"},
    "submissions:edit": {"pk": "submission_draft"},
    "submissions:act": {"pk": "submission", "key": "="},
    "submissions:opinion": {"pk": "submission_opinion", "key": "="},
    "submissions:condition": {"pk": "submission_condition", "key": "="},
}
QUERIES: dict[str, dict[str, str]] = {"submissions:about": {"subject": "submission_subject"}}
BODIES: dict[str, dict[str, str]] = {}
MARKS: dict[str, str] = {}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    world, inside = stage.world, stage.inside
    own, street = world.organizations.county_office, world.organizations.qingshi
    clerk, chief, officer, leader = inside["LO"], inside["LL"], inside["OO"], inside["OL"]

    def draft(title: str) -> Submission:
        given = actions.Draft(
            form="request", matter="funds", title=title, situation="情况", ask="拟安排资金，妥否，请批示。",
            event_on=timezone.localdate(), addressee=own, contact="郑守一 0871-1234567",
        )  # fmt: skip
        return actions.draft_submission(given, organization=street, by=clerk)

    def sent(title: str) -> Submission:
        row = draft(title)
        actions.submit_submission(row, by=clerk)
        actions.sign_submission(row, revision=1, by=chief)
        return Submission.objects.select_related("organization", "addressee__region", "paper").get(pk=row.pk)

    def handled(title: str) -> Submission:
        row = sent(title)
        actions.receive(row, by=officer)
        actions.assign(row, officer=officer, by=leader)
        return row

    waiting, one = draft("关于资金的请示"), sent("关于经费的请示")
    asked = actions.consult(
        handled("关于设备的请示"), [world.organizations.housing], question="是否同意", by=officer
    )
    done = handled("关于人员的请示")
    actions.propose(done, outcome="agree", text="同意", by=officer)
    actions.answer(done, outcome="agree", text="同意", conditions=[actions.Asked("报结果")], by=leader)
    return {
        "submission": one.pk,
        "submission_draft": waiting.pk,
        "submission_opinion": asked[0].pk,
        "submission_condition": Condition.objects.get(submission=done).pk,
        "submission_subject": f"hazards.hazard:{stage.ids['hazard']}",
    }

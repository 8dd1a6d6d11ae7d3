"""Who owes what next: the duties that stand open while a hazard is in a status."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, office_of
from bihuan.accounts.roles import ROLES
from bihuan.duties.actions import NewDuty, open_duty
from bihuan.duties.clock import due
from bihuan.duties.models import Duty
from bihuan.rules.clocks import Due

from .models import Extension, Hazard
from .workflow import Level, Status

Kind = Duty.Kind
ON_BEHALF = "代企业督办"

KINDS_OF: dict[str, tuple[str, ...]] = {
    Status.REPORTED: (Kind.HAZARD_CONFIRM,),
    Status.RECTIFYING: (Kind.HAZARD_RECTIFY,),
    Status.REINSPECTING: (Kind.HAZARD_REVIEW,),
    Status.PLANNING: (Kind.REPORT, Kind.MAJOR_PLAN),
    Status.PLAN_REVIEW: (Kind.MAJOR_PLAN_REVIEW,),
    Status.ACCEPTING: (Kind.MAJOR_ACCEPTANCE,),
    Status.EVALUATING: (Kind.MAJOR_EVALUATION,),
}
CLOCK_OF: dict[str, str] = {
    Kind.HAZARD_CONFIRM: "hazard.confirm",
    Kind.HAZARD_REVIEW: "hazard.review",
    Kind.REPORT: "major.report",
    Kind.MAJOR_PLAN: "major.plan",
    Kind.MAJOR_PLAN_REVIEW: "major.plan_review",
    Kind.MAJOR_ACCEPTANCE: "major.acceptance",
    Kind.MAJOR_EVALUATION: "major.evaluate",
}
VERBS: dict[str, str] = {
    Kind.HAZARD_CONFIRM: "核实隐患",
    Kind.HAZARD_RECTIFY: "整改隐患",
    Kind.HAZARD_REVIEW: "复查隐患",
    Kind.REPORT: "报重大隐患报告",
    Kind.MAJOR_PLAN: "报治理方案",
    Kind.MAJOR_PLAN_REVIEW: "审查治理方案",
    Kind.MAJOR_ACCEPTANCE: "组织验收",
    Kind.MAJOR_EVALUATION: "组织效果评价",
    Kind.EXTENSION: "审批延期",
}
_NEEDED: dict[str, str] = {
    Kind.HAZARD_CONFIRM: Permission.CONFIRM_HAZARD,
    Kind.HAZARD_REVIEW: Permission.REVIEW_HAZARD,
    Kind.MAJOR_PLAN_REVIEW: Permission.APPROVE_MAJOR_PLAN,
    Kind.MAJOR_ACCEPTANCE: Permission.ACCEPT_MAJOR,
    Kind.MAJOR_EVALUATION: Permission.ACCEPT_MAJOR,
}
_ENTERPRISE_KINDS = frozenset({Kind.HAZARD_RECTIFY, Kind.REPORT, Kind.MAJOR_PLAN})


@dataclass(frozen=True)
class Owner:
    """The organization that owes something, and the post in it; `on_behalf` when it stands in for an enterprise."""

    organization: Organization
    post: Post | None
    on_behalf: bool = False


class Bodies:
    """Who can owe something on a hazard, looked up as needed. An act that has read them already brings its own."""

    def local_authority(self, hazard: Hazard) -> Organization | None:
        return Organization.objects.filter(
            kind=Organization.Kind.LOCALITY, region=hazard.locality_id, valid_to=None
        ).first()

    def default_post(self, organization: Organization) -> Post | None:
        return default_post(organization)

    def posts(self, organization: Organization) -> Iterable[Post]:
        """Its posts in use, first to last."""
        return organization.posts.filter(is_active=True).order_by("pk")

    def is_reported(self, hazard: Hazard) -> bool:
        """Whether the report on a major hazard is there already."""
        return hazard.major_reports.exists()


def owner_of(kind: str, hazard: Hazard, bodies: Bodies | None = None) -> Owner:
    """Who owes a duty of that kind on this hazard."""
    known = bodies or Bodies()
    if kind in _ENTERPRISE_KINDS:
        if hazard.enterprise.organization is not None:
            return Owner(hazard.enterprise.organization, None)
        return Owner(known.local_authority(hazard) or hazard.reviewing_organization, None, on_behalf=True)
    if kind == Kind.EXTENSION:
        body = _decider(hazard)
        return Owner(body, post_with(body, Permission.DECIDE_EXTENSION, known))
    if kind in (Kind.HAZARD_CONFIRM, Kind.HAZARD_REVIEW):
        body = hazard.reviewing_organization
    else:
        body = _major_authority(hazard)
    return Owner(body, post_with(body, _NEEDED[kind], known))


def post_with(organization: Organization, permission: str, bodies: Bodies | None = None) -> Post | None:
    """The default post if it carries `permission`, else the first that does, else the default one (shown unheld)."""
    known = bodies or Bodies()
    default = known.default_post(organization)
    if default is not None and permission in ROLES[default.role].permissions:
        return default
    for post in known.posts(organization):
        if permission in ROLES[post.role].permissions:
            return post
    return default


def duties_for(
    hazard: Hazard,
    *,
    on: dt.date,
    bodies: Bodies | None = None,
    due_by: Callable[[str, dt.date], Due] = due,
) -> list[NewDuty]:
    """What the hazard's present status makes someone owe from `on`."""
    found = []
    for kind in KINDS_OF.get(hazard.status, ()):
        if kind == Kind.REPORT and (bodies or Bodies()).is_reported(hazard):
            continue
        owner = owner_of(kind, hazard, bodies)
        if kind == Kind.HAZARD_RECTIFY:
            due_on, clock = hazard.due_on, hazard.clock
        else:
            derived = due_by(CLOCK_OF[kind], on)
            due_on, clock = derived.due_on, derived.explanation
        found.append(
            NewDuty(
                kind=kind,
                subject=hazard,
                title=title_of(kind, hazard, owner),
                url=hazard.get_absolute_url(),
                organization=owner.organization,
                place=hazard,
                post=owner.post,
                due_on=due_on,
                clock=clock,
                ladder="hazard.major" if hazard.level == Level.MAJOR else "default",
            )
        )
    return found


def open_for_extension(extension: Extension, *, by: User, on: dt.date) -> None:
    """Somebody with the power to decide owes an answer within the rule's days."""
    hazard = extension.hazard
    owner = owner_of(Kind.EXTENSION, hazard)
    open_duty(
        kind=Kind.EXTENSION,
        subject=hazard,
        title=f"审批延期：{hazard.enterprise.name} {hazard.description[:60]}",
        url=hazard.get_absolute_url(),
        organization=owner.organization,
        post=owner.post,
        place=hazard,
        clock_rule="extension.decide",
        start=on,
        by=by,
    )


def title_of(kind: str, hazard: Hazard, owner: Owner) -> str:
    """What the inbox says; a locality standing in for an enterprise without an account is told so."""
    verb = f"{ON_BEHALF}·{VERBS[kind]}" if owner.on_behalf else VERBS[kind]
    return f"{verb}：{hazard.enterprise.name} {hazard.description[:60]}"


def _major_authority(hazard: Hazard) -> Organization:
    return hazard.department or office_of(hazard.locality_id) or hazard.reviewing_organization


def _decider(hazard: Hazard) -> Organization:
    """The reviewing organization decides on more time; a locality only for general hazards."""
    body = hazard.reviewing_organization
    if hazard.level == Level.MAJOR and body.kind == Organization.Kind.LOCALITY:
        return _major_authority(hazard)
    return body

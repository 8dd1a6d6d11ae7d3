"""What followed the two plans: sub-plans asked for and filed, some late, some thin; one plan revised, one revision open."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of
from bihuan.accounts.roles import ROLES
from bihuan.campaigns.actions import (
    apply_amendment,
    decide,
    decide_rest,
    import_amendment,
    move_subplan,
    read_plan,
    require_subplans,
    save_subplan,
    start_from_parent,
)
from bihuan.campaigns.models import AmendmentChange, Campaign, Subplan
from bihuan.campaigns.subplans import candidates, coverage
from bihuan.campaigns.workflow import SubplanMove
from bihuan.duties.models import Duty
from bihuan.duties.sweep import sweep

from .city import City
from .moments import as_of, at_hour
from .plan_documents import DATA, dated, document

ASKED = 14  # counties, departments and localities together
# What becomes of each in turn: days from the deadline on which it is filed (None: never), and what the office says.
FATES: list[tuple[int | None, str]] = [
    (-4, "accept"),
    (-2, ""),
    (-6, "accept"),
    (5, ""),
    (-3, "return"),
    (None, "thin"),
    (-1, "accept"),
    (9, "accept"),
    (None, ""),
]


def hand_down(city: City, gas: Campaign, chemicals: Campaign) -> None:
    """Act it all out, through the real actions."""
    _subplans(city, gas)
    _press(city)
    _revise_chemicals(city, chemicals)
    _open_gas_revision(city, gas)


def _subplans(city: City, gas: Campaign) -> None:
    office = city.users["office"]
    asked_on = gas.published_at.date() + dt.timedelta(days=2)
    due = asked_on + dt.timedelta(days=21)
    found = candidates(gas)
    bodies = [*found.counties[:3], *found.departments[:6], *found.localities]
    with as_of(at_hour(asked_on, 10)):
        rows = require_subplans(
            gas,
            bodies[:ASKED],
            due_on=due,
            due_source="市安委会第三次全体会议要求：各县（区）、部门、乡镇街道报送本级实施方案",
            by=office,
        )
    for number, row in enumerate(rows):
        officer = _officer(row.organization, due)
        if officer is not None:
            offset, said = FATES[number % len(FATES)]
            _fill(city, row, officer, office, due, offset, said)


def _press(city: City) -> None:
    """What was not filed in time has been pressed since, rung by rung, as the nightly sweep would have."""
    owed = Duty.objects.open().filter(kind=Duty.Kind.REPORT, next_step_on__lt=city.today)
    while day := owed.order_by("next_step_on").values_list("next_step_on", flat=True).first():
        with as_of(at_hour(day, 8)):
            sweep(timezone.now())


def _officer(body: Organization, on: dt.date) -> User | None:
    """Whoever reports for an organization: the holder of its default post, else anybody who may."""
    posts = [post for post in (default_post(body), *body.posts.filter(is_active=True)) if post]
    for post in posts:
        if Permission.REPORT_TASK in ROLES[post.role].permissions and (people := holders_of(post, on)):
            return people[0]
    return None


def _fill(
    city: City, row: Subplan, officer: User, office: User, due: dt.date, offset: int | None, said: str
) -> None:
    days = offset if offset is not None else -5
    if (at := at_hour(due + dt.timedelta(days=days), 15)).date() >= city.today or (
        offset is None and not said
    ):
        return

    def fresh() -> Subplan:
        return Subplan.objects.select_related("campaign__office", "organization").get(pk=row.pk)

    with as_of(at):
        start_from_parent(row, by=officer)
        head = {
            "title": f"{row.organization.short_name}城镇燃气安全专项整治实施方案",
            "doc_no": "",
            "responsible": officer.full_name,
        }
        rows = {task.pk: (officer.full_name, task.due_on) for task in row.tasks.all()}
        answers = coverage(fresh()).answers
        answered = {}
        if said == "thin":
            answered = {answer.task.pk: (0, "") for answer in answers[: len(answers) // 3 + 1]}
        elif len(answers) > 5:
            answered = {answers[-1].task.pk: (0, "辖区内没有这类对象")}
        save_subplan(row, by=officer, head=head, rows=rows, answered=answered)
        if said != "thin":
            move_subplan(fresh(), SubplanMove.FILE, by=officer)
    if said in {"accept", "return"}:
        with as_of(at + dt.timedelta(hours=20)):
            reason = (
                "任务没有明确到科室和责任人，时间表与市方案不一致，请修改后重报" if said == "return" else ""
            )
            move_subplan(fresh(), said, by=office, reason=reason)


def _revise_chemicals(city: City, chemicals: Campaign) -> None:
    """A revision in force: one deadline later, for a reason everybody was told."""
    office = city.users["office"]
    text = dated((DATA / "plan_chemicals.txt").read_text(encoding="utf-8"), city.today)
    revised = text.replace("专项整治方案", "专项整治方案（修订）", 2).replace("改造18套", "改造22套")
    day = city.today - dt.timedelta(days=12)
    if day <= chemicals.published_at.date():
        return
    with as_of(at_hour(day, 10)):
        amendment = import_amendment(
            chemicals, read_plan(document(revised), "化学品方案修订.docx"), by=office
        )
        for change in amendment.changes.exclude(subject=AmendmentChange.Subject.TASK).exclude(
            kind="unchanged"
        ):
            decide(change, "declined", by=office)
        decide_rest(amendment, by=office)
    with as_of(at_hour(day, 16)):
        apply_amendment(amendment, by=office, reason="省安委办调整自动化改造任务数")


def _open_gas_revision(city: City, gas: Campaign) -> None:
    """A revision on the table, waiting for the office to decide."""
    text = (DATA / "plan_gas.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("4.查景区和民宿")]
    revised = "\n".join(lines)
    for before, after in (
        ("2027年3月31日前完成更换6000台", "2027年4月30日前完成更换7500台"),
        ("抽查比例不低于20%", "抽查比例不低于30%"),
        ("（市商务局牵头，市市场监管局按职责分工负责）", "（市市场监管局牵头，市商务局按职责分工负责）"),
        ("查实的按规定给予奖励并为举报人保密。（市安全生产委员会办公室牵头，市住房和城乡建设局按职责分工负责）",
         "查实的按规定给予奖励并为举报人保密。（市安全生产委员会办公室牵头，市住房和城乡建设局按职责分工负责）\n\n"
         "6.建立会商机制。每月召开一次会商会议，研判突出隐患，协调跨部门问题。"
         "（市安全生产委员会办公室牵头，市住房和城乡建设局、市消防救援支队按职责分工负责）"),
    ):  # fmt: skip
        revised = revised.replace(before, after)
    with as_of(at_hour(city.today - dt.timedelta(days=1), 9)):
        import_amendment(
            gas,
            read_plan(document(dated(revised, city.today)), "燃气方案修订征求意见稿.docx"),
            by=city.users["office"],
        )

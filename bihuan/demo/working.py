"""The office's own work in the demo city: plans of three months, matters asked, commitments, conduct, through the real acts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import Role
from bihuan.office import actions
from bihuan.office.actions.committing import Judged, Promise
from bihuan.office.calendar import (
    last_day,
    month_of,
    next_month,
    previous_month,
    previous_quarter,
    quarter_of,
)
from bihuan.office.models import OfficerCommitment, WorkItem, WorkPlan

from .cast import LOGINS
from .city import City
from .moments import as_of, at_hour

UNITS = 5


class Cast:
    """The people of the city, each read once, by login: the same order on every load."""

    def __init__(self, city: City) -> None:
        logins = [user.pk for _, user in sorted(city.users.items())]
        users = User.objects.in_bulk(logins)
        self.everybody = [users[pk] for pk in logins if not users[pk].is_service]

    def people(self, permission: str) -> list[User]:
        """Whoever holds a permission."""
        return [
            user for user in self.everybody if user.organization is not None and user.has_perm(permission)
        ]


TASKS = (
    ("核查餐饮用户燃气报警器安装率", "逐户登记，安装率数据报市安委办"),
    ("复查上月到期隐患", "到期隐患全部有复查记录和照片"),
    ("开展一次液化气瓶使用安全宣传", "签到表、照片和宣传材料存档"),
    ("更新企业与场所底册", "新开、停业单位当月登记"),
    ("组织一次燃气泄漏应急演练", "有方案、记录和评估"),
    ("汇总安全生产月度情况", "数据核对后按期报送"),
)
CAUSES = (
    ("staff", "两名经办人员参加专班集中办公，现场核查力量不够", "抽调网格员补上，分片包干"),
    ("cooperation", "部分商户产权单位没有答复，会签件未回", "由负责人上门协调，十日内取得书面答复"),
    ("object", "三家餐馆停业装修，无法入户核查", "复业前先行核查，列入复业清单"),
)


@dataclass(frozen=True)
class Unit:
    """A unit that plans: who writes and who leads."""

    body: Organization
    officer: User
    leader: User


def work(city: City) -> None:
    """Do it all, dated back from today."""
    cast = Cast(city)
    units = _units(cast)
    if len(units) < 2:
        return
    today, this = city.today, month_of(city.today)
    months = [previous_month(previous_month(this)), previous_month(this), this]
    with as_of(at_hour(months[0], 9)):
        for unit in units:
            actions.arrange_unit(unit.body, from_month=months[0], by=unit.leader)
    for number, month in enumerate(months):
        _month(units, month, number, today)
    watch = next(iter(cast.people(Permission.INSPECT_CONDUCT)), None)
    watch = next(
        (
            each
            for each in cast.everybody
            if each.organization and each.organization.kind == Organization.Kind.INSPECTORATE
        ),
        watch,
    )
    if watch is not None:
        _sum_up(watch, months[0], months[1], today)
    _analyse(units[-1], today)
    _ask(units, today)
    _promise(units, today)
    if watch is not None:
        _look_into(cast, watch, units, today)


def _units(cast: Cast) -> list[Unit]:
    """Bodies where somebody writes and somebody else leads: the city's office, two departments, streets and towns."""
    kinds = (Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY)
    known: dict[int, list[User]] = {}
    bodies: dict[int, Organization] = {}
    for user in cast.everybody:
        body = user.organization
        if body is not None and body.kind in kinds and user.has_perm(Permission.PLAN_OFFICE_WORK):
            known.setdefault(body.pk, []).append(user)
            bodies[body.pk] = body
    found, named = [], {login for _, login, _ in LOGINS}
    for pk, people in known.items():
        leader = next((each for each in people if each.has_perm(Permission.CHECK_OFFICE_WORK)), None)
        writers = [each for each in people if not each.has_perm(Permission.CHECK_OFFICE_WORK)]
        writers.sort(key=lambda user: (user.posts[0].role == Role.INSPECTOR, user.username not in named))
        officer = next(iter(writers), None)
        if leader is not None and officer is not None:
            found.append(Unit(bodies[pk], officer, leader))
    # Units a visitor of the demo can log in to come first; a street stands at the end.
    found.sort(
        key=lambda unit: (
            not {unit.officer.username, unit.leader.username} & named,
            kinds.index(unit.body.kind), unit.body.region_id, unit.body.name,
        )
    )  # fmt: skip
    return sorted(found[:UNITS], key=lambda unit: kinds.index(unit.body.kind))


def _month(units: list[Unit], month: dt.date, number: int, today: dt.date) -> None:
    """One month of every unit: written and confirmed at its beginning; of the past ones also told and judged."""
    past = month < month_of(today)
    for place, unit in enumerate(units):
        # Of the last unit's second month nobody wrote the plan in time.
        late = place == len(units) - 1 and number == 1
        start = month + dt.timedelta(days=11 if late else 1)
        with as_of(min(at_hour(start, 10), at_hour(today, 8))):
            plan = actions.ensure_plan(unit.body, month, by=unit.officer)
            plan = WorkPlan.objects.select_related("organization__region").get(pk=plan.pk)
            post = unit.officer.posts[0]
            for each in range(3):
                text, target = TASKS[(place + number + each) % len(TASKS)]
                day = min(month + dt.timedelta(days=9 + each * 8), last_day(month))
                actions.add_item(plan, text=text, target=target, post=post, due_on=day, by=unit.officer)
            if past or place < len(units) - 1:
                actions.confirm_plan(plan, by=unit.leader)
        if past:
            _close(unit, plan, place, number)
        elif place < len(units) - 1:
            _under_way(unit, plan, today)


def _items(plan: WorkPlan) -> list[WorkItem]:
    return list(
        WorkItem.objects.filter(plan=plan)
        .exclude(status="dropped")
        .select_related("plan__organization__region", "post", "owner")
        .order_by("position")
    )


def _close(unit: Unit, plan: WorkPlan, place: int, number: int) -> None:
    """The end of a month: most done, one of the unit in three left with its cause and carried over."""
    month = plan.month
    end = last_day(month)
    for item in _items(plan):
        left = item.position == 3 and (place + number) % 3 == 0
        if left:
            cause, words, remedy = CAUSES[(place + number) % len(CAUSES)]
            with as_of(at_hour(end, 15)):
                due = min(next_month(month) + dt.timedelta(days=14), last_day(next_month(month)))
                actions.report_unfinished(
                    item, cause=cause, cause_words=words, remedy=remedy, new_due_on=due, by=unit.officer
                )
        else:
            with as_of(at_hour(min(item.due_on, end), 16)):
                actions.report_done(item, outcome=f"{item.text}已完成：{item.target}", by=unit.officer)
        with as_of(at_hour(end, 17)):
            actions.accept_item(item, by=unit.leader)
    with as_of(at_hour(end, 18)):
        actions.check_plan(
            WorkPlan.objects.select_related("organization__region").get(pk=plan.pk), by=unit.leader
        )


def _under_way(unit: Unit, plan: WorkPlan, today: dt.date) -> None:
    """This month: what was due by now is told, and waits for the leader."""
    for item in _items(plan):
        if item.due_on < today - dt.timedelta(days=3) and item.status == "open":
            with as_of(at_hour(item.due_on, 16)):
                actions.report_done(item, outcome=f"{item.text}已完成", by=unit.officer)
            if item.position == 1:
                with as_of(at_hour(item.due_on + dt.timedelta(days=1), 9)):
                    actions.accept_item(item, by=unit.leader)


def _sum_up(watch: User, first: dt.date, second: dt.date, today: dt.date) -> None:
    """The circulars of the two months past: one out, one still a draft."""
    with as_of(min(at_hour(next_month(first) + dt.timedelta(days=8), 10), at_hour(today, 9))):
        actions.issue_circular(actions.draft_circular(first, by=watch), reason="已与各单位核对", by=watch)
    with as_of(min(at_hour(next_month(second) + dt.timedelta(days=8), 10), at_hour(today, 9))):
        actions.draft_circular(second, by=watch)


def _analyse(unit: Unit, today: dt.date) -> None:
    """One unit looked at its last quarter and decided something."""
    quarter = previous_quarter(quarter_of(today))
    begun = quarter_of(today) + dt.timedelta(days=6)
    with as_of(min(at_hour(begun, 10), at_hour(today - dt.timedelta(days=1), 10))):
        row = actions.begin_analysis(unit.body, quarter, by=unit.officer)
        actions.write_analysis(
            row,
            words="现场核查集中在月末，遇到专班抽人就完不成；报表数据靠手工汇总，占用时间多。",
            by=unit.officer,
        )
        actions.add_measure(
            row, cause="planning", text="核查任务分到每周，周五对账", target="每周有对账记录", due_on=last_day(month_of(today)),
            by=unit.officer,
        )  # fmt: skip


def _ask(units: list[Unit], today: dt.date) -> None:
    """People who came and asked: answered at once, handed on, given back, told back, one late."""
    first, last = units[0], units[-1]
    second = next((each for each in units if each.body.kind == Organization.Kind.DEPARTMENT), units[1])

    def came(unit: Unit, days: int, subject: str, question: str, channel: str = "call"):
        return actions.receive(
            channel=channel, subject=subject, question=question, asker_name="来访人甲", asker_phone="19900000001",
            by=unit.officer,
        )  # fmt: skip

    with as_of(at_hour(today - dt.timedelta(days=20), 9)):
        row = came(last, 20, "咨询餐馆燃气报警器补贴", "小餐馆装报警器有没有补贴，到哪里申请", "visit")
        actions.settle(row, result="告知补贴条件和申请表，当场发放办事指南", by=last.officer)
        late = came(last, 20, "反映楼下餐馆夜间换气瓶", "夜里在人行道换气瓶，怕出事")
    with as_of(at_hour(today - dt.timedelta(days=18), 10)):
        actions.hand(late, to=second.body, reason="燃气经营和配送由其主管", by=last.officer)
    with as_of(at_hour(today - dt.timedelta(days=17), 10)):
        actions.hand_back(late, reason="人行道占道由街道执法", by=second.officer)
    with as_of(at_hour(today - dt.timedelta(days=9), 10)):
        told = came(first, 9, "询问企业自查表怎么填", "自查表里没有的项目怎么处理")
        actions.hand(told, to=second.body, reason="行业检查表由其制定", by=first.officer)
    with as_of(at_hour(today - dt.timedelta(days=8), 15)):
        actions.accept(told, by=second.officer)
        actions.answer(told, result="已答复：填“其他”并写明，下一版检查表补充", by=second.officer)
        actions.tell(told, how="电话告知，来电人表示清楚", by=first.officer)
    with as_of(at_hour(today - dt.timedelta(days=1), 14)):
        waiting = came(last, 1, "咨询气瓶检验到期怎么办", "气瓶检验快到期，能不能在街道统一送检")
        actions.hand(waiting, to=second.body, reason="气瓶充装配送由其主管", by=last.officer)


def _promise(units: list[Unit], today: dt.date) -> None:
    """Three commitments: one judged, two running."""
    end = previous_month(month_of(today))
    start = previous_month(end)
    one = units[-1]
    with as_of(at_hour(start, 9)):
        row = actions.write_commitment(
            starts_on=start, ends_on=last_day(end),
            lines=[
                Promise("每周带队检查一次餐饮场所", "检查记录不少于八份", last_day(end)),
                Promise("群众反映的燃气问题三日内回复", "回复率百分之百", last_day(end)),
            ],
            by=one.officer,
        )  # fmt: skip
        actions.publish(row, by=one.officer)
    with as_of(at_hour(last_day(end) + dt.timedelta(days=5), 10)):
        verdicts = {
            1: Judged("kept", "台账有检查记录九份"),
            2: Judged("partly", "十二件里有一件第五天回复"),
        }
        row = OfficerCommitment.objects.select_related("organization").get(pk=row.pk)
        actions.judge_commitment(row, verdicts, opinion="总体兑现，回复时限要盯紧", by=one.leader)
    last = dt.date(today.year, 12, 31)
    for unit, text, target in (
        (units[0], "挂牌督办事项每月到现场一次", "现场记录每月一份"),
        (units[1], "重大隐患审查意见五个工作日内出具", "超期件数为零"),
    ):
        with as_of(at_hour(today - dt.timedelta(days=30), 9)):
            row = actions.write_commitment(
                starts_on=today - dt.timedelta(days=30), ends_on=max(last, today + dt.timedelta(days=20)),
                lines=[Promise(text, target, max(last, today + dt.timedelta(days=20)))], by=unit.leader,
            )  # fmt: skip
            actions.publish(row, by=unit.leader)


def _look_into(cast: Cast, watch: User, units: list[Unit], today: dt.date) -> None:
    """Two matters: one served and waiting for the answer, one cleared by the leader of the office."""
    one, other = units[-1], units[1]
    with as_of(at_hour(today - dt.timedelta(days=25), 9)):
        row = actions.open_matter(
            organization=other.body, person=other.officer, misconduct="lax", source="督查发现",
            clue="两家已停业单位被登记为“复查合格”。", by=watch,
        )  # fmt: skip
        actions.inquire(row, inquirer=watch, by=watch)
    leader = next(
        (
            each
            for each in cast.people(Permission.INSPECT_CONDUCT)
            if each.pk != watch.pk and each.organization is not None and each.organization.pk != other.body.pk
            and other.body.region_id.startswith(each.organization.region_id)
        ),
        None,
    )  # fmt: skip
    with as_of(at_hour(today - dt.timedelta(days=20), 9)):
        actions.note_matter(
            row,
            kind="document",
            on=today - dt.timedelta(days=21),
            text="调阅复查记录和照片，停业发生在复查之后",
            by=watch,
        )
        if leader is not None:
            actions.clear_matter(row, reason="停业在复查之后，复查属实，查否", by=leader)
    with as_of(at_hour(today - dt.timedelta(days=4), 9)):
        row = actions.open_matter(
            organization=one.body, person=one.officer, misconduct="delay", source="首问事项逾期",
            clue="群众反映夜间换气瓶，转办被退回后没有再办，已经逾期。", by=watch,
        )  # fmt: skip
        actions.inquire(row, inquirer=watch, by=watch)
        actions.note_matter(
            row,
            kind="talk",
            on=today - dt.timedelta(days=4),
            text="本人说明转办被退回后等待协调，没有记录",
            by=watch,
        )
        actions.serve_opinion(
            row,
            finding="首问事项被退回后十余日没有再转办、没有告知来访人，属实。",
            proposed="remind",
            by=watch,
        )

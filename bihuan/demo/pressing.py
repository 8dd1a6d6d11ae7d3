"""Supervision papers of the demo city in every state, and triggers tried and switched on, through the real actions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import default_post, holders_of
from bihuan.hazards.models import Hazard
from bihuan.instruments import actions
from bihuan.instruments.models import Commitment, Instrument, InstrumentRecipient, Trigger
from bihuan.instruments.subjects import find_subject

from .city import City
from .moments import as_of, at_hour

SWITCHED_ON = 12  # days ago the triggers were switched on
ON = ("hazard_overdue", "duty_overdue", "gate_blocked")


class Desk:
    """The office's people and the bodies they write to."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.office = city.users["office"].main_post.organization  # type: ignore[union-attr]

    def who(self, login: str) -> User:
        """A person as of now: what one's posts allow is kept for a day."""
        return User.objects.get(pk=self.city.users[login].pk)

    def body(self, key: str) -> Organization:
        return Organization.objects.select_related("region").get(pk=self.city.organizations[key].pk)

    def holder(self, body: Organization) -> User | None:
        """Who answers for a body today."""
        post = default_post(body)
        people = holders_of(post, timezone.localdate()) if post else []
        return User.objects.get(pk=people[0].pk) if people else None

    def at(self, days_ago: int, hour: int = 10) -> dt.datetime:
        return at_hour(self.city.today - dt.timedelta(days=days_ago), hour)

    def draft(
        self, days_ago: int, kind: str, title: str, bodies: list[Organization], **more: Any
    ) -> Instrument:
        with as_of(self.at(days_ago, 9)):
            given = actions.Draft(kind=kind, title=title, recipients=bodies, **more)
            return actions.draft_instrument(given, organization=self.office, by=self.who("office"))

    def issue(
        self, days_ago: int, kind: str, title: str, bodies: list[Organization], **more: Any
    ) -> Instrument:
        """Drafted, checked and signed on one day."""
        instrument = self.draft(days_ago, kind, title, bodies, **more)
        with as_of(self.at(days_ago, 10)):
            actions.submit_instrument(instrument, by=self.who("office"))
            actions.check_instrument(instrument, by=self.who("office.3"))
        with as_of(self.at(days_ago, 11)):
            actions.sign_instrument(instrument, revision=1, by=self.who("office_leader"))
        return instrument

    def recipient(self, instrument: Instrument, body: Organization) -> InstrumentRecipient:
        rows = InstrumentRecipient.objects.select_related(
            "instrument__organization", "instrument__paper", "organization", "escalated_to"
        )
        return rows.get(instrument=instrument, organization=body)

    def receive(self, days_ago: int, instrument: Instrument, *bodies: Organization) -> None:
        with as_of(self.at(days_ago, 14)):
            for body in bodies:
                row = self.recipient(instrument, body)
                person = self.holder(body)
                if person is not None:
                    actions.receive(row, by=person)
                else:
                    actions.record_service(
                        row, method="handed", receiver_name="值班人员", by=self.who("office")
                    )

    def reply(self, days_ago: int, instrument: Instrument, body: Organization, text: str) -> bool:
        with as_of(self.at(days_ago, 15)):
            person = self.holder(body)
            if person is not None:
                actions.reply(self.recipient(instrument, body), text=text, by=person)
            return person is not None


def press(city: City) -> None:
    """Fill the register of supervision papers and switch three triggers on."""
    desk = Desk(city)
    towns = [
        desk.body(f"locality_{code}")
        for code in ("539702003", "539702001", "539702100", "539721101", "539722100")
    ]
    _settled(desk, towns)
    _under_way(desk, towns)
    _talk(desk, towns)
    _drafts(desk, towns)
    _triggers(desk)
    with as_of(desk.at(0, 8)):
        actions.supervise(timezone.now())


def _settled(desk: Desk, towns: list[Organization]) -> None:
    praise = desk.issue(
        58, "circular_praise", "关于表扬燃气安全排查整治先进单位的通报", towns[:2],
        situation="两个单位组织有力，餐饮用气场所排查做到全覆盖，隐患整改率居全市前列。",
        demand="其他单位要学习借鉴，结合实际抓好落实。",
    )  # fmt: skip
    desk.receive(57, praise, *towns[:2])
    paper = desk.issue(
        46, "supervision", "关于燃气软管更换进度滞后的督办单", [towns[1]], basis="燃气安全专项整治方案",
        situation="截至上月底，辖区餐饮场所不合格软管更换进度明显落后。",
        demand="倒排工期，{reply_due}前全部更换完毕并报告。",
    )  # fmt: skip
    desk.receive(45, paper, towns[1])
    if desk.reply(41, paper, towns[1], "已更换 52 处，其余正在联系配件。"):
        with as_of(desk.at(40)):
            actions.return_reply(
                desk.recipient(paper, towns[1]), reason="没有附未更换的名单和完成时间", by=desk.who("office")
            )
        desk.reply(37, paper, towns[1], "剩余 9 处已全部更换，附清单和照片目录。")
        with as_of(desk.at(36)):
            actions.accept_reply(desk.recipient(paper, towns[1]), note="名单齐全", by=desk.who("office"))
    wrong = desk.issue(
        30,
        "reminder",
        "关于报送特种作业人员名册的提醒函",
        [towns[4]],
        situation="名册尚未收到。",
        demand="{reply_due}前补报。",
    )
    with as_of(desk.at(29)):
        actions.withdraw(wrong, reason="名册已于发文前收到，不应发函", by=desk.who("office_leader"))
    lifted = desk.issue(
        34, "warning", "关于集中供气站点夜间值守空缺的警示函", [towns[2]],
        situation="暗访发现两处站点夜间无人值守。", demand="立即恢复双人值守，{reply_due}前报告。",
    )  # fmt: skip
    desk.receive(33, lifted, towns[2])
    with as_of(desk.at(28)):
        actions.lift(lifted, reason="复查两次，值守已恢复，情形消除", by=desk.who("office_leader"))


def _under_way(desk: Desk, towns: list[Organization]) -> None:
    late_by = desk.at(24).date()
    hazard = Hazard.objects.filter(status="rectifying", due_on__lt=late_by).order_by("due_on", "pk").first()
    facts = find_subject(f"hazards.hazard:{hazard.pk}", desk.who("office")) if hazard else None
    matters = (
        [actions.MatterGiven(facts.subject, facts.words, facts.url, facts.organization)] if facts else []
    )
    late = desk.issue(
        24, "supervision", "关于隐患逾期未整改的督办单", [towns[3], towns[0]], matters=matters,
        situation="下列隐患超过整改期限仍未销号。", demand="督促责任单位整改到位，{reply_due}前报告。",
    )  # fmt: skip
    desk.receive(23, late, towns[3], towns[0])
    desk.reply(15, late, towns[0], "已约谈经营者，责令停用，三日内完成整改。")
    waiting = desk.issue(
        9, "reminder", "关于重点场所节前检查的提醒函", [desk.body("zhujian"), towns[2]],
        situation="节日临近，重点场所用气量上升。", demand="组织节前检查，{reply_due}前回复安排。",
    )  # fmt: skip
    desk.receive(8, waiting, desk.body("zhujian"))
    desk.reply(3, waiting, desk.body("zhujian"), "已安排 12 个检查组，节前查完全部重点场所。")
    county = desk.body("county_lanxi")
    account = desk.issue(
        6, "account", "关于就事故防范工作“说清楚”的通知", [county], basis="安委会工作规则",
        situation="你地区近期安全生产形势严峻。", demand="{reply_due}前书面说清楚。",
    )  # fmt: skip
    desk.receive(5, account, county)
    point = actions.PointGiven
    feedback = desk.issue(
        4, "feedback", "关于三季度督查情况的反馈意见", [towns[4], desk.body("xiaofang"), desk.body("county_baichuan")],
        situation="督查组抽查 3 个乡镇、12 家单位。", demand="{reply_due}前报告整改方案。",
        points=[
            point("没有专题研究燃气安全", "government", desk.body("county_baichuan"), "一个月内专题研究", desk.city.today + dt.timedelta(days=26)),
            point("消防检查与用气检查脱节", "department", desk.body("xiaofang"), "建立联合检查安排"),
            point("网格巡查记录雷同", "street", towns[4], "逐格核实，严肃纠正", desk.city.today + dt.timedelta(days=11)),
        ],
    )  # fmt: skip
    with as_of(desk.at(3)):
        actions.record_service(
            desk.recipient(feedback, towns[4]), method="refused", receiver_name="值班人员",
            note="以负责人外出为由拒收，留置于收发室，两人见证", by=desk.who("office"),
        )  # fmt: skip
    desk.receive(3, feedback, desk.body("xiaofang"))
    company = desk.city.users["qiye"].main_post
    if company is not None:
        shop = Organization.objects.select_related("region").get(pk=company.organization_id)
        desk.issue(
            1, "rectify_notice", f"关于{shop.short_name}用气隐患整改的通知", [shop],
            situation="抽查发现报警器联动装置未投用。", demand="立即整改，{reply_due}前报告。",
        )  # fmt: skip


def _talk(desk: Desk, towns: list[Organization]) -> None:
    both = [towns[3], towns[2]]
    talk = desk.issue(
        21, "talk", "关于约谈整治进展缓慢单位的通知", both, situation="两个单位排查覆盖率连续两周垫底。",
        demand="主要负责人到会说明原因和措施。", meet_at=desk.at(18, 9), meet_place="市政府 5 号楼三楼会议室",
    )  # fmt: skip
    desk.receive(20, talk, *both)
    rows = [desk.recipient(talk, body) for body in both]
    with as_of(desk.at(18, 16)):
        held = actions.TalkHeld(
            desk.at(18, 9), "市政府 5 号楼三楼会议室", "安委办主任", "两个乡镇主要负责人、应急办负责人",
            "通报了排查进展，分析了原因，提出了要求。\n被约谈单位作了说明和承诺。", rows,
            [
                actions.Promise(rows[0], "十日内完成餐饮场所全覆盖排查", desk.city.today - dt.timedelta(days=8)),
                actions.Promise(rows[0], "每周报一次进展，直至销号", desk.city.today + dt.timedelta(days=20)),
                actions.Promise(rows[1], "补齐两名专职检查员", desk.city.today + dt.timedelta(days=6)),
            ],
        )  # fmt: skip
        actions.record_talk(talk, held, by=desk.who("office"))
    first = Commitment.objects.filter(instrument=talk).order_by("pk").first()
    due = desk.issue(
        5, "talk", "关于约谈逾期隐患较多单位的通知", [towns[1], towns[4]], situation="两个单位逾期隐患占比连续三周高于全市平均水平。",
        demand="主要负责人到会，带逾期隐患清单和销号计划。", meet_at=desk.at(1, 15), meet_place="市政府 5 号楼三楼会议室",
    )  # fmt: skip
    desk.receive(4, due, towns[1], towns[4])  # held yesterday; the office has not yet written it down
    with as_of(desk.at(9, 11)):
        person = desk.holder(both[0])
        if first is not None and person is not None:
            actions.report_commitment(first, text="应排查 131 家，已全部排查。", by=person)
            actions.confirm_commitment(
                Commitment.objects.get(pk=first.pk), note="抽查 10 家属实", by=desk.who("office")
            )


def _drafts(desk: Desk, towns: list[Organization]) -> None:
    desk.draft(
        2,
        "assignment",
        "关于交办群众反映问题的交办单",
        [towns[0]],
        situation="热线反映两处餐馆夜间排放异味。",
        demand="{reply_due}前核实回复。",
    )
    checking = desk.draft(
        2,
        "circular_criticism",
        "关于迟报零报告单位的通报",
        [towns[4]],
        situation="连续两次迟报。",
        demand="{reply_due}前报告改进情况。",
    )
    signing = desk.draft(
        1,
        "warning",
        "关于重复发生同类隐患的警示函",
        [towns[1]],
        situation="同一场所一季度内三次出现同类隐患。",
        demand="{reply_due}前报告整改措施。",
    )
    given_up = desk.draft(
        3, "reminder", "关于更新通讯录的提醒函", [towns[2]], situation="联系人有变化。", demand="更新。"
    )
    with as_of(desk.at(1, 10)):
        for each in (checking, signing):
            actions.submit_instrument(each, by=desk.who("office"))
        actions.check_instrument(signing, by=desk.who("office.3"))
        actions.discard_draft(given_up, reason="电话已通知更新", by=desk.who("office"))


def _triggers(desk: Desk) -> None:
    with as_of(desk.at(SWITCHED_ON, 16)):
        officer = desk.who("office")
        actions.adopt_shipped(desk.office, by=officer)
        for key in ON:
            trigger = Trigger.objects.filter(organization=desk.office, key=key).first()
            if trigger is not None:
                version = trigger.versions.get()
                actions.start_trial(version, months=3, by=officer)
                actions.switch_on(version, by=officer)

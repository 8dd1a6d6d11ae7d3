"""Requests and reports up the levels in every state, and two visits from above with a third to come, by the real actions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from bihuan.accounts.models import Organization, User
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import OPEN, Level
from bihuan.oversight import actions as oversight
from bihuan.oversight import receiving
from bihuan.oversight.models import OversightFinding, Reception, ReceptionLine
from bihuan.submissions import actions, sources
from bihuan.submissions.models import Condition, Submission

from .city import City
from .moments import as_of, at_hour

PROVINCE = "云岭省安全生产委员会办公室"
STREET, COUNTY = "locality_539702003", "county_district"
SHEET: tuple[tuple[str, str, str, int], ...] = (
    ("责任落实", "党委政府主要负责人定期研究安全生产工作，召开安委会会议", "少开一次扣 2 分", 10),
    ("责任落实", "领导班子成员包干联系、带队检查落实到位", "无记录扣 1 分", 10),
    ("方案部署", "制定专项整治方案，任务分解到部门、到乡镇街道", "没有分解扣 3 分", 10),
    ("排查整改", "隐患台账逐条登记，整改闭环，到期隐患全部复查销号", "一条不全扣 0.5 分", 20),
    ("排查整改", "重大隐患按规定挂牌督办，治理方案“五落实”", "未挂牌一条扣 2 分", 15),
    ("监督检查", "按计划开展执法检查，双随机抽查结果公示", "未公示扣 1 分", 15),
    ("监督检查", "每月对属地实地督导一遍，发现问题交办整改", "漏一个属地扣 1 分", 10),
    ("信息报送", "报表按时报送，重要事项按程序请示报告", "迟报一次扣 0.5 分", 10),
)  # fmt: skip
PREPARES = ("office", "office", "office", "zhujian", "yingji", "zhujian", "office", "office")
LOST_BEFORE = {
    3: ("1.5", "三条隐患没有整改后照片"),
    5: ("1", "两批抽查结果没有公示"),
    7: ("1", "四月份报表迟报两次"),
}
LOST_NOW = {3: ("2", "仍有两条到期隐患没有复查记录"), 1: ("0.5", "一名领导第三季度没有带队检查记录")}
TOLD_BEFORE = (("department", "zhujian", "三条隐患没有整改后照片", "补齐照片"),)
TOLD_NOW = (
    ("department", "zhujian", "两条到期隐患没有复查记录", "三日内复查，没有整改到位的依法处理", 12),
    ("locality", STREET, "沿街新开三家餐馆没有登入底册", "逐户核对，补登底册", 20),
    ("department", "yingji", "一家企业重大危险源评估报告过期", "督促重新评估备案", 25),
    ("government", "office", "一名领导第三季度没有带队检查记录", "补上带队检查，完善包干制度", 8),
)  # fmt: skip


class Stage:
    """The cast, and the moments at which it acts."""

    def __init__(self, city: City) -> None:
        self.city = city

    def who(self, login: str) -> User:
        """A person as of now: what one's posts allow is kept for a day."""
        return User.objects.get(pk=self.city.users[login].pk)

    def body(self, key: str) -> Organization:
        return Organization.objects.select_related("region").get(pk=self.city.organizations[key].pk)

    def day(self, ago: int) -> dt.date:
        return self.city.today - dt.timedelta(days=ago)

    def at(self, ago: int, hour: int = 10) -> Any:
        return as_of(at_hour(self.day(ago), hour))


def ask_upward(city: City) -> None:
    """Papers upward of the last two months: answered with conditions, late, being decided, returned, noted, waiting."""
    stage = Stage(city)
    _own_matter(stage)
    _answered(stage)
    _late(stage)
    _to_decide(stage)
    _of_the_street(stage)
    _returned(stage)
    _to_the_province(stage)


def _fresh(row: Submission) -> Submission:
    return Submission.objects.select_related(
        "organization__region", "addressee__region", "paper", "handler"
    ).get(pk=row.pk)


def _sent(
    stage: Stage, ago: int, asker: str, clerk: str, chief: str, to: str | None, title: str, **more: Any
) -> Submission:
    """Drafted in the morning, signed by the leader the same day. `to` None is the province."""
    given: dict[str, Any] = {
        "form": "request", "matter": "other", "title": title, "situation": "", "ask": "", "opinion": "",
        "event_on": stage.day(ago + 1), "contact": "值班室，办公电话 0871-6600000",
        "addressee": stage.body(to) if to else None, "addressee_name": "" if to else PROVINCE,
    }  # fmt: skip
    with stage.at(ago, 9):
        row = actions.draft_submission(
            actions.Draft(**(given | more)), organization=stage.body(asker), by=stage.who(clerk)
        )
        actions.submit_submission(row, by=stage.who(clerk))
    with stage.at(ago, 11):
        actions.sign_submission(row, revision=row.revision, by=stage.who(chief))
    return _fresh(row)


def _handled(stage: Stage, row: Submission, ago: int, clerk: str, chief: str, note: str = "") -> None:
    with stage.at(ago, 14):
        actions.receive(row, by=stage.who(clerk))
        actions.assign(row, officer=stage.who(clerk), note=note, by=stage.who(chief))


def _own_matter(stage: Stage) -> None:
    with stage.at(50):
        actions.set_matter(
            organization=stage.body("office"), name="大型活动临时用气", form="request", days=2, unit="working",
            event="收到活动申请之日", level="upper", answer_days=3, ask="拟同意该活动临时用气，落实专人值守，妥否，请批示。",
            document="云安办〔2026〕12号", effective_from=stage.day(50), by=stage.who("office"),
        )  # fmt: skip


def _answered(stage: Stage) -> None:
    row = _sent(
        stage, 38, "zhujian", "zhujian", "zhujian_leader", "office", "关于安排餐饮用户燃气报警器补贴资金的请示",
        matter="funds",
        situation="截至目前，全市瓶装液化气餐饮用户还有 420 户没有加装泄漏报警器，按每户 260 元测算，需资金 10.92 万元。",
        opinion="建议由市级安全生产专项资金补助一半，其余由用户和供气企业承担。",
        ask="拟安排市级专项资金 5.46 万元用于报警器加装补贴，妥否，请批示。",
    )  # fmt: skip
    _handled(stage, row, 37, "office", "office_leader", "请征求财政意见后报")
    with stage.at(36):
        opinion = actions.consult(
            row, [stage.body("fagai"), stage.body("shijian")], question="补贴标准是否合适，资金从哪里列支",
            by=stage.who("office"),
        )  # fmt: skip
    with stage.at(34):
        actions.give_opinion(
            opinion[0], stance="agree", text="同意从安全生产专项列支。", by=stage.who("fagai.2")
        )
        actions.give_opinion(
            opinion[1],
            stance="remarks",
            text="报警器应当选用经强制认证的产品，建议写入要求。",
            by=stage.who("shijian.2"),
        )
    with stage.at(33):
        actions.propose(
            row,
            outcome="conditional",
            text="两家单位同意。建议原则同意，附产品认证和资金使用两条要求。",
            by=stage.who("office"),
        )
    with stage.at(32, 15):
        actions.answer(
            row, outcome="conditional", text="原则同意安排市级专项资金 5.46 万元，用于餐饮用户燃气报警器加装补贴。",
            conditions=[
                actions.Asked("选用经强制性认证的报警器，把产品清单报市安委办备案", stage.day(18)),
                actions.Asked("补贴发放完毕后，报送资金使用和加装情况", stage.day(-12)),
            ],
            by=stage.who("office_leader"),
        )  # fmt: skip
    first = Condition.objects.filter(submission=row).order_by("position").first()
    assert first is not None
    first.submission = _fresh(row)
    with stage.at(20):
        actions.report_condition(
            first, text="产品清单已选定两个型号，均有认证证书，清单已报。", by=stage.who("zhujian")
        )
    with stage.at(18):
        actions.confirm_condition(first, note="证书核对无误", by=stage.who("office"))


def _late(stage: Stage) -> None:
    row = _sent(
        stage, 26, "county_lanxi", "xianan", "c-lanxi.1", "office", "关于老城区燃气管道占压整治延期的请示",
        matter="plan_change",
        situation="老城区 3 处燃气管道占压点位涉及住户搬迁，评估和协商需要时间，预计超出方案规定的完成时限 45 天。",
        opinion="建议占压点位整治时限延长至明年一季度，期间每日巡线、加装监测。",
        ask="拟将老城区燃气管道占压整治任务时限延长 45 天，妥否，请批示。",
    )  # fmt: skip
    _handled(stage, row, 25, "office", "office_leader")
    with stage.at(24):
        asked = actions.consult(
            row, [stage.body("zhujian"), stage.body("xiaofang")], question="是否同意延期，延期期间管控措施是否足够",
            by=stage.who("office"),
        )  # fmt: skip
    with stage.at(22):
        actions.give_opinion(
            asked[0], stance="agree", text="同意延期，加强巡线频次。", by=stage.who("zhujian")
        )
    with stage.at(2):
        actions.urge(_fresh(row), reason="施工合同月底到期，请尽快答复", by=stage.who("xianan"))


def _to_decide(stage: Stage) -> None:
    row = _sent(
        stage, 6, "xiaofang", "xiaofang", "xiaofang.1", "office", "关于责令两家商场停业整顿的请示", matter="stop_work",
        situation="两家商场消防控制室无人值守、自动喷水灭火系统停用，经责令改正逾期未改，已构成重大火灾隐患。",
        opinion="依法应当停业整顿，已履行告知程序。", ask="拟依法责令两家商场停业整顿，妥否，请批示。",
        event_on=stage.day(6),
    )  # fmt: skip
    _handled(stage, row, 6, "office", "office_leader", "今天办")
    with stage.at(5):
        actions.propose(row, outcome="agree", text="事实清楚、程序完备，建议同意。", by=stage.who("office"))
    _sent(
        stage, 0, "chengguan", "chengguan.2", "chengguan.1", "office", "关于夜市燃气使用管理分工的请示",
        situation="夜市摊点使用瓶装液化气由哪家单位牵头监管，各部门理解不一。",
        opinion="建议由城管部门牵头，住建、市场监管配合。", ask="拟明确由城管部门牵头夜市用气监管，妥否，请批示。",
        event_on=stage.day(2),
    )  # fmt: skip


def _of_the_street(stage: Stage) -> None:
    hazard = (
        Hazard.objects.filter(locality_id="539702003", level=Level.MAJOR, status__in=OPEN)
        .order_by("found_on", "description")
        .first()
    )
    if hazard is not None:
        officer = stage.who("jiedao_officer")
        facts = sources.find(f"hazards.hazard:{hazard.pk}", officer)
        assert facts is not None
        row = _sent(
            stage, 4, STREET, "jiedao_officer", "jiedao_leader", COUNTY, f"{facts.title}的请示"[:120],
            matter="major_listing", situation=facts.situation, opinion=facts.opinion or "建议由区安委会挂牌督办。",
            ask="拟对上述重大隐患挂牌督办，妥否，请批示。", subject=facts.subject, subject_words=facts.words,
            subject_url=facts.url, event_on=min(facts.event_on, stage.day(5)),
        )  # fmt: skip
        with stage.at(3, 9):
            actions.receive(row, by=stage.who("c-district.2"))
    report = _sent(
        stage, 15, STREET, "jiedao_officer", "jiedao_leader", COUNTY, "关于停气检修引发居民投诉情况的报告",
        form="situation", matter="mass_risk",
        situation="某小区停气检修三天，居民集中投诉 15 件，有人在业主群号召集体上访。",
        opinion="街道会同供气企业上门解释，设临时供餐点两处，投诉已全部回复。",
        ask="下一步，继续做好解释疏导，检修完成后逐户复查供气安全，重要情况续报。",
    )  # fmt: skip
    with stage.at(15, 15):
        actions.receive(report, by=stage.who("c-district.2"))
    _sent(
        stage, 1, STREET, "jiedao_officer", "jiedao_leader", "office", "关于跨区液化气站点搬迁协调的请示",
        situation="辖区一处液化气站点拟搬迁到邻近县，两地对选址意见不一。", opinion="建议市级协调。",
        ask="拟请市安委办牵头协调站点搬迁选址，妥否，请批示。", skip_reason="事项涉及两个县区，须由市级协调，时间紧",
    )  # fmt: skip


def _returned(stage: Stage) -> None:
    row = _sent(
        stage, 12, "yingji", "yingji", "yingji.1", "office", "关于补充执法车辆和检测设备的请示",
        situation="现有执法车辆三台，检测设备老化。", opinion="建议更新。",
        ask="一、拟购置执法车辆两台。\n二、拟购置便携式检测仪二十台，妥否，请批示。",
    )  # fmt: skip
    with stage.at(11):
        actions.receive(row, by=stage.who("office"))
        actions.return_submission(
            row,
            ground="several",
            reason="车辆和设备请分开请示；购车按公务用车规定报，不由本办批复。",
            by=stage.who("office"),
        )


def _to_the_province(stage: Stage) -> None:
    row = _sent(
        stage, 20, "office", "office", "office_leader", None, "关于提请协调跨省液化气运输监管的请示",
        situation="近期查处跨省运输液化气车辆 4 台次，涉及邻省充装站两家，我市无执法管辖权。",
        opinion="建议由省级建立跨省通报机制。", ask="拟请省安委办协调建立跨省液化气运输监管通报机制，妥否，请批示。",
    )  # fmt: skip
    with stage.at(18):
        actions.tell_received(row, receiver="省安委办值班室", on=stage.day(18), by=stage.who("office"))
    with stage.at(1):
        draft = actions.draft_submission(
            actions.Draft(
                form="situation", matter="other", title="关于燃气安全专项整治阶段进展情况的报告",
                situation="专项整治启动以来，各项任务按方案推进。", ask="下一步，盯住逾期隐患，逐项销号，请予支持。",
                event_on=stage.day(1), addressee_name=PROVINCE, contact="综合协调科，0871-6600000",
            ),
            organization=stage.body("office"), by=stage.who("office"),
        )  # fmt: skip
        actions.submit_submission(draft, by=stage.who("office"))


# --- visits from above ---------------------------------------------------------------------------


def receive_visits(city: City) -> None:
    """A visit of the spring closed with its score, one of the autumn being put right, one to come being prepared."""
    stage = Stage(city)
    before = _visit(
        stage,
        "迎接省上半年安全生产巡查",
        "省安全生产第二巡查组",
        104,
        ("office", "office_leader"),
        None,
        "云岭安办〔2026〕11号",
    )
    _told(stage, before, 101, [(*each, 15) for each in TOLD_BEFORE])
    _score(stage, before, 99, LOST_BEFORE, "96.5", "优秀")
    with stage.at(98):
        oversight.feed_back(
            before, on=stage.day(98), feedback="工作部署扎实，台账管理还要细。", by=stage.who("office")
        )
    _put_right(stage, before, 92)
    with stage.at(88):
        oversight.close_reception(_reception(before), by=stage.who("office"))
        actions.set_aside(
            "reception_rectified", f"oversight.reception:{before.pk}", reason="整改情况已随半年工作总结一并报省安委办",
            organization=stage.body("office"), by=stage.who("office"),
        )  # fmt: skip
    now = _visit(
        stage, "迎接省安全生产和消防工作考核巡查", "省安委会第三考核巡查组", 24, ("office", "office_leader"), before,
        "云岭安办〔2026〕30号",
    )  # fmt: skip
    _told(stage, now, 20, list(TOLD_NOW))
    _score(stage, now, 15, LOST_NOW, "97.5", "优秀")
    with stage.at(14):
        oversight.feed_back(
            now, on=stage.day(14), feedback="整治力度大、闭环管理好；个别到期隐患复查不及时，领导带队检查还有空档。",
            by=stage.who("office"),
        )  # fmt: skip
    first = now.findings.order_by("pk").first()
    if first is not None:
        _put_right_one(stage, first, 9)
    _coming(stage, now)


def _reception(row: Reception) -> Reception:
    return Reception.objects.select_related("organization__region", "previous").get(pk=row.pk)


def _register(
    stage: Stage,
    ago: int,
    title: str,
    visitor: str,
    starts: int,
    previous: Reception | None,
    number: str,
    sender: str,
    level: str = "province",
) -> Reception:
    with stage.at(ago, 9):
        row = oversight.register_reception(
            oversight.Notice(
                title, visitor, sender, level, stage.day(ago), stage.day(starts), stage.day(starts - 4),
                stage.day(0).replace(month=1, day=1) if stage.day(starts).year == stage.day(0).year else stage.day(starts + 90),
                number, "市本级，抽查 2 个县区、4 个乡镇街道、6 家企业", "燃气安全专项整治、重大隐患闭环、责任落实", previous,
            ),
            by=stage.who("office"),
        )  # fmt: skip
        oversight.add_lines(
            row, [oversight.LineGiven(text, part, how, Decimal(points)) for part, text, how, points in SHEET],
            by=stage.who("office"),
        )  # fmt: skip
    return _reception(row)


def _visit(
    stage: Stage,
    title: str,
    visitor: str,
    starts: int,
    cast: tuple[str, str],
    previous: Reception | None,
    number: str,
) -> Reception:
    """Registered a week before, every line prepared, the report signed, the team come."""
    row = _register(stage, starts + 9, title, visitor, starts, previous, number, PROVINCE)
    _prepare(stage, row, starts + 8, starts + 4, starts + 2, len(SHEET))
    with stage.at(starts + 1, 16):
        oversight.write_report(
            row, intro="", by=stage.who(cast[0]),
            shortcomings="一是个别乡镇街道隐患复查不及时；二是沿街小餐饮流动性大，底册更新跟不上。下一步，逐条盯办到期隐患，每季度核对一次底册。",
        )  # fmt: skip
        oversight.issue_report(row, by=stage.who(cast[1]))
    with stage.at(starts, 9):
        oversight.begin_reception(_reception(row), by=stage.who(cast[0]))
    return _reception(row)


def _prepare(stage: Stage, row: Reception, given: int, handed: int, accepted: int, many: int) -> None:
    lines = list(ReceptionLine.objects.filter(reception=row).order_by("position"))
    with stage.at(given, 10):
        for key in dict.fromkeys(PREPARES):
            mine = [line for line, body in zip(lines, PREPARES, strict=True) if body == key]
            oversight.assign_lines(
                row, mine, organization=stage.body(key), due_on=stage.day(handed - 1), by=stage.who("office")
            )
    for line, key in list(zip(lines, PREPARES, strict=True))[:many]:
        line = ReceptionLine.objects.select_related("reception__organization__region", "organization").get(
            pk=line.pk
        )
        with stage.at(handed, 15):
            user = stage.who(key)
            figures = receiving.proposals(line, user)
            words = receiving.sentence(figures, receiving.period_of(row, user))
            oversight.hand_in(
                line, material=f"{words}\n台账、会议记录和文件已整理成册，备查。".strip(), by=user
            )
        if accepted >= 0:
            with stage.at(accepted, 10):
                oversight.accept(line, by=stage.who("office"))


def _told(stage: Stage, row: Reception, ago: int, problems: list[tuple[str, str, str, str, int]]) -> None:
    with stage.at(ago, 16):
        for level, key, words, demand, days in problems:
            oversight.record_told(
                row, level=level, code="排查整改", description=words, demand=demand, organization=stage.body(key),
                due_on=stage.day(ago - days), by=stage.who("office"),
            )  # fmt: skip


def _score(
    stage: Stage, row: Reception, ago: int, lost: dict[int, tuple[str, str]], score: str, grade: str
) -> None:
    lines = list(ReceptionLine.objects.filter(reception=row).order_by("position"))
    with stage.at(ago, 11):
        oversight.score_reception(
            row, full=Decimal(100), score=Decimal(score), grade=grade, by=stage.who("office"),
            lines={
                line.pk: (Decimal(lost.get(number, ("0", ""))[0]), lost.get(number, ("0", ""))[1])
                for number, line in enumerate(lines)
            },
        )  # fmt: skip


def _put_right(stage: Stage, row: Reception, ago: int) -> None:
    for finding in row.findings.order_by("pk"):
        _put_right_one(stage, finding, ago)


def _put_right_one(stage: Stage, found: OversightFinding, ago: int) -> None:
    finding = OversightFinding.objects.select_related("organization", "found_organization").get(pk=found.pk)
    with stage.at(ago, 10):
        oversight.reply(
            finding,
            text="已逐条整改到位，照片和记录已补齐。",
            cause="责任人交接不清",
            by=stage.who("zhujian"),
        )
    with stage.at(ago - 1, 15):
        oversight.verify(
            finding, passed=True, method="documents", opinion="资料齐全，整改到位", by=stage.who("office")
        )


def _coming(stage: Stage, previous: Reception) -> None:
    """A notice of four days ago; the team comes in six days, half of the list is handed in."""
    row = _register(
        stage,
        4,
        "迎接国务院安委办冬季安全督查",
        "国务院安委办第七督查组",
        -6,
        previous,
        "安委办明电〔2026〕21号",
        "国务院安委会办公室",
        "state",
    )
    _prepare(stage, row, 3, 0, -1, 3)

"""The life of an accident record: every legal move, in one table."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class AccidentStatus(TextChoices):
    REPORTED = "reported", "已报告"
    VERIFIED = "verified", "已核定"
    INQUIRY = "inquiry", "调查中"
    SETTLED = "settled", "已结案"
    ASSESSED = "assessed", "整改已评估"
    DISMISSED = "dismissed", "不计入"


class AccidentMove(TextChoices):
    REPORT = "report", "报告"
    VERIFY = "verify", "核定"
    FILE = "file", "备案"
    INQUIRE = "inquire", "组织调查"
    SETTLE = "settle", "结案"
    ASSESS = "assess", "评估整改落实"
    DISMISS = "dismiss", "认定不计入"
    REINSTATE = "reinstate", "恢复计入"
    CORRECT = "correct", "更正"


@dataclass(frozen=True)
class Rule:
    """One row of the table; `target` None keeps the status."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


_OPEN = frozenset(
    {AccidentStatus.REPORTED, AccidentStatus.VERIFIED, AccidentStatus.INQUIRY, AccidentStatus.SETTLED}
)

RULES: dict[str, Rule] = {
    AccidentMove.VERIFY: Rule(
        frozenset({AccidentStatus.REPORTED}), AccidentStatus.VERIFIED, Permission.MANAGE_ACCIDENTS
    ),
    AccidentMove.FILE: Rule(_OPEN | {AccidentStatus.ASSESSED}, None, Permission.MANAGE_ACCIDENTS),
    # Once more from INQUIRY when a higher level has taken over.
    AccidentMove.INQUIRE: Rule(
        frozenset({AccidentStatus.VERIFIED, AccidentStatus.INQUIRY}),
        AccidentStatus.INQUIRY,
        Permission.MANAGE_ACCIDENTS,
    ),
    AccidentMove.SETTLE: Rule(
        frozenset({AccidentStatus.INQUIRY}), AccidentStatus.SETTLED, Permission.MANAGE_ACCIDENTS
    ),
    AccidentMove.ASSESS: Rule(
        frozenset({AccidentStatus.SETTLED}), AccidentStatus.ASSESSED, Permission.MANAGE_ACCIDENTS
    ),
    AccidentMove.DISMISS: Rule(
        frozenset({AccidentStatus.REPORTED, AccidentStatus.VERIFIED, AccidentStatus.INQUIRY}),
        AccidentStatus.DISMISSED,
        Permission.MANAGE_ACCIDENTS,
        needs_reason=True,
    ),
    AccidentMove.REINSTATE: Rule(
        frozenset({AccidentStatus.DISMISSED}),
        AccidentStatus.REPORTED,
        Permission.MANAGE_ACCIDENTS,
        needs_reason=True,
    ),
    AccidentMove.CORRECT: Rule(
        _OPEN | {AccidentStatus.ASSESSED}, None, Permission.MANAGE_ACCIDENTS, needs_reason=True
    ),
}
# Follow-up reports are taken while the record is not closed for good.
FOLLOWED = frozenset({AccidentStatus.REPORTED, AccidentStatus.VERIFIED, AccidentStatus.INQUIRY})
COUNTED = _OPEN | {AccidentStatus.ASSESSED}


class Kind(TextChoices):
    """What sort of accident; groups, windows and whether it counts as production stand in the rules by this key."""

    ROAD = "road", "道路交通"
    WATER = "water", "水上交通"
    RAILWAY = "railway", "铁路交通"
    FIRE_UNIT = "fire_unit", "企业火灾"
    FIRE_HOME = "fire_home", "居民火灾"
    COAL = "coal", "煤矿"
    MINE = "mine", "非煤矿山"
    CHEMICAL = "chemical", "危险化学品"
    FIREWORKS = "fireworks", "烟花爆竹"
    METAL = "metal", "冶金等工业"
    CONSTRUCTION = "construction", "建筑施工"
    GAS = "gas", "城镇燃气"
    EQUIPMENT = "equipment", "特种设备"
    TRADE = "trade", "其他工矿商贸"
    FARM = "farm", "农业机械"
    FISHING = "fishing", "渔业船舶"
    OTHER = "other", "其他"


class Grade(TextChoices):
    GENERAL = "general", "一般事故"
    LARGER = "larger", "较大事故"
    MAJOR = "major", "重大事故"
    EXTRAORDINARY = "extraordinary", "特别重大事故"


class Level(TextChoices):
    COUNTY = "county", "县级"
    CITY = "city", "设区的市级"
    PROVINCE = "province", "省级"
    STATE = "state", "国务院"


class InquiryStatus(TextChoices):
    RUNNING = "running", "调查中"
    SUBMITTED = "submitted", "报告待批复"
    APPROVED = "approved", "已批复"
    REPLACED = "replaced", "上级已接手"
    WITHDRAWN = "withdrawn", "已终止"


class InquiryMove(TextChoices):
    BEGIN = "begin", "成立调查组"
    EXTEND = "extend", "延长期限"
    PAUSE = "pause", "技术鉴定暂停计时"
    RESUME = "resume", "鉴定结束恢复计时"
    SUBMIT = "submit", "提交调查报告"
    SEND_BACK = "send_back", "退回补充调查"
    APPROVE = "approve", "批复"
    REPLACE = "replace", "上级接手"
    WITHDRAW = "withdraw", "终止调查"


INQUIRY_RULES: dict[str, Rule] = {
    InquiryMove.EXTEND: Rule(
        frozenset({InquiryStatus.RUNNING}), None, Permission.MANAGE_ACCIDENTS, needs_reason=True
    ),
    InquiryMove.PAUSE: Rule(
        frozenset({InquiryStatus.RUNNING}), None, Permission.MANAGE_ACCIDENTS, needs_reason=True
    ),
    InquiryMove.RESUME: Rule(frozenset({InquiryStatus.RUNNING}), None, Permission.MANAGE_ACCIDENTS),
    InquiryMove.SUBMIT: Rule(
        frozenset({InquiryStatus.RUNNING}), InquiryStatus.SUBMITTED, Permission.MANAGE_ACCIDENTS
    ),
    InquiryMove.SEND_BACK: Rule(
        frozenset({InquiryStatus.SUBMITTED}),
        InquiryStatus.RUNNING,
        Permission.MANAGE_ACCIDENTS,
        needs_reason=True,
    ),
    InquiryMove.APPROVE: Rule(
        frozenset({InquiryStatus.SUBMITTED}), InquiryStatus.APPROVED, Permission.MANAGE_ACCIDENTS
    ),
    InquiryMove.REPLACE: Rule(
        frozenset({InquiryStatus.RUNNING, InquiryStatus.SUBMITTED}),
        InquiryStatus.REPLACED,
        Permission.MANAGE_ACCIDENTS,
        needs_reason=True,
    ),
    InquiryMove.WITHDRAW: Rule(
        frozenset({InquiryStatus.RUNNING, InquiryStatus.SUBMITTED}),
        InquiryStatus.WITHDRAWN,
        Permission.MANAGE_ACCIDENTS,
        needs_reason=True,
    ),
}


class MeasureKind(TextChoices):
    """What an inquiry recommends, and of whom."""

    PERSON = "person", "责任人员处理"
    UNIT = "unit", "责任单位处理"
    CLOSURE = "closure", "提请关闭"
    RECTIFY = "rectify", "防范和整改措施"


class Treatment(TextChoices):
    """How a person or a unit is dealt with."""

    CRIMINAL = "criminal", "依法追究刑事责任"
    DISCIPLINE = "discipline", "党纪政务处分"
    PENALTY = "penalty", "行政处罚"
    INTERNAL = "internal", "企业内部处理"
    TALK = "talk", "约谈批评"
    CLOSE = "close", "提请政府关闭"
    NONE = "none", "不涉及处理"


class MeasureStatus(TextChoices):
    PROPOSED = "proposed", "待批复"
    OPEN = "open", "落实中"
    REPORTED = "reported", "待核实"
    DONE = "done", "已落实"
    DROPPED = "dropped", "不再执行"


class MeasureMove(TextChoices):
    ORDER = "order", "下达"
    REPORT = "report_done", "报告落实"
    CONFIRM = "confirm", "核实落实"
    RETURN = "return", "退回重做"
    DROP = "drop", "不再执行"


MEASURE_RULES: dict[str, Rule] = {
    MeasureMove.ORDER: Rule(
        frozenset({MeasureStatus.PROPOSED}), MeasureStatus.OPEN, Permission.MANAGE_ACCIDENTS
    ),
    MeasureMove.REPORT: Rule(frozenset({MeasureStatus.OPEN}), MeasureStatus.REPORTED, ""),
    MeasureMove.CONFIRM: Rule(
        frozenset({MeasureStatus.REPORTED}), MeasureStatus.DONE, Permission.MANAGE_ACCIDENTS
    ),
    MeasureMove.RETURN: Rule(
        frozenset({MeasureStatus.REPORTED}),
        MeasureStatus.OPEN,
        Permission.MANAGE_ACCIDENTS,
        needs_reason=True,
    ),
    MeasureMove.DROP: Rule(
        frozenset({MeasureStatus.PROPOSED, MeasureStatus.OPEN, MeasureStatus.REPORTED}),
        MeasureStatus.DROPPED,
        Permission.MANAGE_ACCIDENTS,
        needs_reason=True,
    ),
}

"""Every ledger this software keeps (台账目录, R253), and the two systems of archives (文书档案、业务档案, R254).

A package above this one adds its own with `register`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.db.models.functions import ExtractYear
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from bihuan.accidents.models import Accident, AccidentMeasure
from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission as P
from bihuan.assessment.models import Assessment, Letter
from bihuan.batches.models import Batch
from bihuan.campaigns.models import Campaign, PlanDocument
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Inspection
from bihuan.instruments.models import Instrument
from bihuan.listings.models import Listing
from bihuan.lookback.models import LookbackRound
from bihuan.oversight.models import (
    District,
    DistrictVisit,
    Meeting,
    OversightFinding,
    OversightRound,
    Reception,
    Resolution,
)
from bihuan.papers.models import Paper
from bihuan.planning.models import Draw, PlannedVisit
from bihuan.pledges.models import Pledge, Referral, StaffCertificate
from bihuan.projects.models import CareHousehold, FundAccount, Project, ServiceRequest, SupportRequest
from bihuan.registry.models import Enterprise, Equipment
from bihuan.returns.models import Bulletin, Return
from bihuan.submissions.models import Submission
from bihuan.zones.models import Zone

from .models import (
    AskedMatter,
    ConductMatter,
    LedgerKeeper,
    OfficerCommitment,
    SelfAnalysis,
    WorkCircular,
    WorkItem,
    WorkPlan,
)

# Beyond this a count says “more than”: the catalogue tells how full a ledger is, the ledger itself counts exactly.
MOST = 10_000


@dataclass(frozen=True)
class Ledger:
    """One ledger: what stands in it, in which columns, on which rows, when the last one was entered, where it is."""

    key: str
    name: str
    group: str
    columns: str
    basis: str
    permission: str | tuple[str, ...]
    model: Any
    entered: str
    view: str

    def opens_for(self, user: User) -> bool:
        """Whether the person may open the list; of several permissions one is enough."""
        wanted = (self.permission,) if isinstance(self.permission, str) else self.permission
        return any(user.has_perm(each) for each in wanted)


OBJECTS, CAMPAIGNS, CHECKS, PRESSING, AFTER, INSIDE = (
    "对象底册", "专项整治", "检查和隐患", "调度督导", "事故和回头看", "机关内部",
)  # fmt: skip
GROUPS = [OBJECTS, CAMPAIGNS, CHECKS, PRESSING, AFTER, INSIDE]
LEDGERS: list[Ledger] = [
    Ledger("enterprises", "企业与场所底册", OBJECTS, "名称、信用代码、类型、地址、属地、主管部门、风险等级、责任人", "", P.VIEW_REGISTRY, Enterprise, "created_at", "registry:list"),
    Ledger("equipment", "设备台账", OBJECTS, "设备编号、种类、所在企业、检验日期、下次检验", "", P.VIEW_REGISTRY, Equipment, "updated_at", "registry:equipment"),
    Ledger("certificates", "人员证件台账", OBJECTS, "姓名（掩码）、证种、证号（掩码）、有效期、复审日期", "", P.VIEW_REGISTRY, StaffCertificate, "recorded_at", "pledges:certificates"),
    Ledger("zones", "区域台账", OBJECTS, "名称、类型、范围、对象数", "", P.VIEW_REGISTRY, Zone, "created_at", "zones:list"),
    Ledger("plans", "方案", CAMPAIGNS, "标题、文号、发文单位、日期、校核意见", "", P.MANAGE_PLANS, PlanDocument, "uploaded_at", "campaigns:plans"),
    Ledger("campaigns", "专项整治行动", CAMPAIGNS, "名称、起止、阶段、任务、牵头和责任单位、进展", "", P.VIEW_CAMPAIGNS, Campaign, "published_at", "campaigns:list"),
    Ledger("batches", "分批整治台账", CAMPAIGNS, "批次、对象、通知、期限、验收、补贴", "", P.VIEW_CAMPAIGNS, Batch, "created_at", "batches:list"),
    Ledger("projects", "工程项目台账", CAMPAIGNS, "项目、位置、资金分担、节点、验收、移交", "", P.VIEW_PROJECTS, Project, "registered_at", "projects:list"),
    Ledger("funds", "专项资金台账", CAMPAIGNS, "资金、来源、额度、用途、承付、拨付", "", (P.MANAGE_PROJECTS, P.APPROVE_PROJECT, P.APPROVE_SUBSIDY, P.VIEW_HISTORY), FundAccount, "made_at", "projects:funds"),
    Ledger("support", "技改支持台账", CAMPAIGNS, "申请单位、改造内容、金额、审核、验收、拨付", "", P.VIEW_PROJECTS, SupportRequest, "filed_at", "projects:supports"),
    Ledger("care", "照顾对象台账", CAMPAIGNS, "住户和商户（掩码）、情形、帮扶措施、最近走访", "", P.CARE_HOUSEHOLDS, CareHousehold, "marked_at", "projects:care"),
    Ledger("services", "技术服务台账", CAMPAIGNS, "对象、服务事项、服务单位、期限、确认", "", P.VIEW_PROJECTS, ServiceRequest, "opened_at", "projects:services"),
    Ledger("inspections", "检查台账", CHECKS, "对象、检查人、时间、检查表版本、结果、签字", "", P.VIEW_INSPECTIONS, Inspection, "received_at", "inspections:list"),
    Ledger("hazards", "隐患台账", CHECKS, "部位、问题、等级、责任人、措施、资金、期限、复查、销号", "安监总局令第16号", P.VIEW_HAZARDS, Hazard, "found_at", "hazards:ledger"),
    Ledger("visits", "检查计划", CHECKS, "对象、检查单位、时间窗、完成", "", P.VIEW_CAMPAIGNS, PlannedVisit, "window_from", "planning:visits"),
    Ledger("draws", "双随机抽取", CHECKS, "抽取范围、种子、对象、人员、公示", "", P.VIEW_CAMPAIGNS, Draw, "announced_at", "planning:draws"),
    Ledger("pledges", "承诺书", CHECKS, "企业、承诺事项、签字、核查结论", "", P.VIEW_REGISTRY, Pledge, "started_at", "pledges:list"),
    Ledger("referrals", "移送案件", CHECKS, "对象、事由、受移送单位、受理、结果", "", P.VIEW_CAMPAIGNS, Referral, "sent_at", "pledges:referrals"),
    Ledger("returns", "报送台账", PRESSING, "报表、报送期、单位、签报人、时间、退回、更正", "", P.VIEW_RETURNS, Return, "first_signed_at", "returns:list"),
    Ledger("bulletins", "工作通报", PRESSING, "通报、统计期、数字核校、文号", "", P.VIEW_RETURNS, Bulletin, "created_at", "returns:bulletins"),
    Ledger("instruments", "督办文书台账", PRESSING, "文种、文号、事由、收件单位、签收、回复、办结", "", P.VIEW_INSTRUMENTS, Instrument, "drafted_at", "instruments:list"),
    Ledger("listings", "挂牌督办台账", PRESSING, "事项、层级、责任人、期限、进展、摘牌", "", P.VIEW_LISTINGS, Listing, "created_at", "listings:list"),
    Ledger("rounds", "督导轮次", PRESSING, "期间、督导组、属地、点位、覆盖", "", P.VIEW_OVERSIGHT, OversightRound, "created_at", "oversight:overview"),
    Ledger("receptions", "迎检台账", PRESSING, "来检单位、日期、准备清单、得分、反馈问题、整改", "", P.VIEW_OVERSIGHT, Reception, "created_at", "oversight:receptions"),
    Ledger("findings", "督导问题台账", PRESSING, "问题、层面、责任单位、期限、回复、核验", "", P.VIEW_OVERSIGHT, OversightFinding, "found_on", "oversight:findings"),
    Ledger("meetings", "会议台账", PRESSING, "会议、议题、出席、纪要、文号", "", P.VIEW_OVERSIGHT, Meeting, "created_at", "oversight:meetings"),
    Ledger("resolutions", "议定事项台账", PRESSING, "事项、牵头和配合单位、期限、进度、办结", "", P.VIEW_OVERSIGHT, Resolution, "meeting__created_at", "oversight:resolutions"),
    Ledger("districts", "领导包干台账", PRESSING, "片区、包干领导、频次", "", P.VIEW_OVERSIGHT, District, "created_at", "oversight:districts"),
    Ledger("district_visits", "包干走访记录", PRESSING, "日期、地点、看到的情况、议定事项", "", P.VIEW_OVERSIGHT, DistrictVisit, "at", "oversight:districts"),
    Ledger("submissions", "请示报告台账", PRESSING, "文种、事由、主送、批复、要求", "", P.VIEW_SUBMISSIONS, Submission, "drafted_at", "submissions:list"),
    Ledger("assessments", "考核台账", PRESSING, "考核、对象、得分、扣分依据、申辩、等次", "", P.VIEW_ASSESSMENT, Assessment, "made_at", "assessment:list"),
    Ledger("letters", "责任书台账", PRESSING, "年度、甲乙方、签订日期、回执", "", P.VIEW_ASSESSMENT, Letter, "issued_at", "assessment:letters"),
    Ledger("accidents", "事故台账", AFTER, "时间、地点、类别、伤亡、等级、报告", "国务院令第493号", P.VIEW_ACCIDENTS, Accident, "reported_at", "accidents:list"),
    Ledger("measures", "事故处理和整改", AFTER, "对象、处理或者整改措施、期限、完成", "", P.VIEW_ACCIDENTS, AccidentMeasure, "created_at", "accidents:measures"),
    Ledger("lookbacks", "回头看台账", AFTER, "范围、抽样、种子、结论、反弹率", "", P.VIEW_LOOKBACK, LookbackRound, "announced_at", "lookback:list"),
    Ledger("work_plans", "月度工作计划", INSIDE, "单位、月份、事项、完成标志、责任人、期限、确认、核查", "", P.VIEW_OFFICE_WORK, WorkPlan, "opened_at", "office:plans"),
    Ledger("work_items", "工作事项台账", INSIDE, "事项、完成情况、未完成原因、补救措施、结转次数", "", P.VIEW_OFFICE_WORK, WorkItem, "plan__opened_at", "office:items"),
    Ledger("work_circulars", "工作完成情况通报", INSIDE, "月份、完成率、未完成原因、文号", "", P.VIEW_OFFICE_WORK, WorkCircular, "counted_at", "office:circulars"),
    Ledger("analyses", "自我分析", INSIDE, "季度、反复原因、上次措施效果、新措施", "", P.VIEW_OFFICE_WORK, SelfAnalysis, "begun_at", "office:analyses"),
    Ledger("asked", "首问事项登记", INSIDE, "编号、方式、来访人（掩码）、事由、转办、结果、告知", "", P.VIEW_OFFICE_WORK, AskedMatter, "received_at", "office:asked_list"),
    Ledger("commitments", "公开承诺", INSIDE, "承诺人、事项、衡量标准、日期、兑现", "", P.VIEW_OFFICE_WORK, OfficerCommitment, "published_on", "office:commitments"),
    Ledger("conduct", "效能监察事项", INSIDE, "编号、问题类别、核查、意见、申辩、处理", "", P.INSPECT_CONDUCT, ConductMatter, "opened_on", "office:conduct_list"),
    Ledger("duties", "待办和催办", INSIDE, "事项、责任岗位、期限、催办、办结", "", P.VIEW_CAMPAIGNS, Duty, "opened_at", "duties:organization"),
]  # fmt: skip


def register(ledger: Ledger) -> None:
    """Add the ledger of a package above this one; called in its `AppConfig.ready`."""
    if all(each.key != ledger.key for each in LEDGERS):
        LEDGERS.append(ledger)


@dataclass(frozen=True)
class Line:
    """One line of the catalogue as a person sees it."""

    ledger: Ledger
    count: int
    is_more: bool
    last_on: dt.date | None
    keeper: Post | None
    is_named: bool
    url: str


def lines(user: User, unit: Organization | None) -> list[Line]:
    """The ledgers a person may open, each with its rows, its last entry and the post that keeps it; two queries each."""
    keepers = {}
    default = None
    if unit is not None:
        rows = LedgerKeeper.objects.filter(organization=unit).select_related("post__organization")
        keepers = {row.ledger: row.post for row in rows}
        default = unit.posts.filter(is_default=True, is_active=True).select_related("organization").first()
    found = []
    for ledger in LEDGERS:
        if not ledger.opens_for(user):
            continue
        rows = ledger.model.objects.visible_to(user)
        count = rows.order_by().values("pk")[: MOST + 1].count()
        last = (
            rows.exclude(**{ledger.entered: None})
            .order_by("-pk")
            .values_list(ledger.entered, flat=True)
            .first()
        )
        found.append(
            Line(
                ledger, min(count, MOST), count > MOST, _day(last), keepers.get(ledger.key, default),
                ledger.key in keepers, _url(ledger.view),
            )
        )  # fmt: skip
    return found


def _day(value: dt.date | dt.datetime | None) -> dt.date | None:
    return timezone.localdate(value) if isinstance(value, dt.datetime) else value


def _url(view: str) -> str:
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class PaperRow:
    """Papers of one kind, year by year: a shelf of 文书档案."""

    kind: str
    label: str
    counts: list[tuple[int, int]]
    total: int
    url: str


def papers_by_kind(user: User) -> tuple[list[int], list[PaperRow]]:
    """文书档案: the years there are, latest first, and each kind with its count of each year; one query."""
    if not user.has_perm(P.VIEW_PAPERS):
        return [], []
    values = (
        Paper.objects.visible_to(user)
        .order_by()
        .annotate(year=ExtractYear("issued_at"))
        .values("kind", "year")
        .annotate(number=Count("pk"))
    )
    counts: dict[str, dict[int, int]] = {}
    for row in values:
        counts.setdefault(row["kind"], {})[row["year"]] = row["number"]
    years = sorted({year for known in counts.values() for year in known}, reverse=True)[:5]
    rows = [
        PaperRow(
            kind.value, kind.label, [(year, counts[kind.value].get(year, 0)) for year in years],
            sum(counts[kind.value].values()), f"{reverse('papers:list')}?kind={kind.value}",
        )
        for kind in Paper.Kind
        if kind.value in counts
    ]  # fmt: skip
    return years, rows


@dataclass(frozen=True)
class Dossier:
    """One kind of object whose papers, photos and acts are kept together: a shelf of 业务档案."""

    name: str
    holds: str
    url: str


DOSSIERS: list[tuple[str, str, str, str]] = [
    (
        P.VIEW_REGISTRY,
        "一企一档",
        "底册、许可、风险点、设备、人员证件、历次检查、隐患、文书、承诺",
        "registry:list",
    ),
    (
        P.VIEW_HAZARDS,
        "一患一档",
        "发现、核实、整改、复查、延期、挂牌、验收、照片、签字和流转",
        "hazards:ledger",
    ),
    (P.VIEW_INSPECTIONS, "一次检查一档", "检查表、逐项结果、照片、签字、记录和整改文书", "inspections:list"),
    (P.VIEW_CAMPAIGNS, "一个行动一档", "方案原文、任务分解、阶段关口、调度、通报、总结", "campaigns:list"),
    (P.VIEW_LISTINGS, "一块牌一档", "呈报、审签、责任书、治理方案、进展、验收、摘牌", "listings:list"),
    (P.VIEW_ACCIDENTS, "一起事故一档", "快报、续报、调查、处理、整改、评估、公布", "accidents:list"),
    (P.VIEW_PROJECTS, "一个项目一档", "立项、资金、节点、验收、移交", "projects:list"),
    (P.VIEW_OFFICE_WORK, "一个单位一月一档", "工作计划、自查、核查、调整、通报、自我分析", "office:plans"),
]


def dossiers(user: User) -> list[Dossier]:
    """业务档案 the person may open."""
    return [
        Dossier(name, holds, _url(view))
        for permission, name, holds, view in DOSSIERS
        if user.has_perm(permission)
    ]


def grouped(rows: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    """The lines by group, in the order of the groups."""
    known = list(rows)
    names = [*GROUPS, *dict.fromkeys(each.ledger.group for each in known if each.ledger.group not in GROUPS)]
    parts = [(name, [each for each in known if each.ledger.group == name]) for name in names]
    return [(name, own) for name, own in parts if own]

"""The two campaigns: plans imported, corrected, matched and published by the office, through the real actions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of
from bihuan.campaigns.actions import (
    add_item,
    confirm_confident,
    confirm_item,
    edit_item,
    import_plan,
    match_unit,
    move_assignment,
    move_phase,
    publish,
    read_plan,
    remove_item,
    revise_checklist,
    set_gate,
)
from bihuan.campaigns.actions.checklists import NewCheckItem
from bihuan.campaigns.assembling import assemble, confirm
from bihuan.campaigns.models import (
    Assignment,
    Campaign,
    GateCondition,
    PlanDocument,
    PlanItem,
    PlanUnit,
    Task,
)
from bihuan.campaigns.workflow import AssignmentMove, PhaseMove
from bihuan.checklists.models import BookItem
from bihuan.duties.actions import reassign_duty
from bihuan.duties.clock import calendar
from bihuan.duties.models import Duty
from bihuan.plans import compile_plan

from .city import City
from .generate import load
from .moments import as_of
from .plan_documents import chemicals_docx, gas_docx

STEP = dt.timedelta(minutes=3)
HANDED_DOWN = (("jiedao_leader", "jiedao"), ("x539721100.1", "zhen"))  # leader, inspector


@dataclass(frozen=True)
class Corrections:
    """What the office puts right on the workbench before it publishes a plan."""

    kinds: dict[str, list[str]]  # task heading → kinds of objects it covers
    without_checks: frozenset[str]  # headings of tasks whose "check items" are none
    not_targets: tuple[str, ...]  # words of promises that cannot be held against numbers
    targets: tuple[str, ...] = ()  # passages added as targets
    by_hand: tuple[str, ...] = ()  # targets whose metric the software must not compute
    units: dict[str, str] = field(default_factory=dict)  # printed name → organization key; "" charges nobody
    second_phase: tuple[str, ...] = ()  # numbers of tasks that belong to the second phase


SECTORS = frozenset({"gas", "chemicals"})  # whose books the two campaigns draw on
MOST_FROM_LIBRARY = 10  # items of one kind of place
GAS = Corrections(
    kinds={
        "查经营企业": ["gas_pipeline", "lpg_station"],
        "查充装管理": ["lpg_filling"],
        "查“黑窝点”“黑气瓶”": [],
        "查用气场所": ["restaurant"],
        "查气源混用": ["restaurant"],
        "查在用气瓶": ["lpg_station", "lpg_filling"],
        "查医疗机构": ["hospital"],
        "查商场和大型综合体": ["market"],
        "查景区和民宿": [],
        "保障站场用地": [],
        "推行一瓶一码": [],
        "推行人车定位": [],
        "培训关键岗位": [],
        "开展入户宣传": [],
        "查管道占压": [],
        "查穿越密闭空间": [],
    },
    without_checks=frozenset({"闭环整改", "依法从严处罚"}),
    not_targets=("不少于30名", "改造46公里", "不少于1500个", "至少配备2名", "完成3200套"),
    targets=("燃气经营企业、充装企业、配送站检查覆盖率达到100%", "一般隐患整改率达到95%以上"),
    by_hand=("宣传覆盖率",),
    units={"市燃气行业协会": ""},
)
CHEMICALS = Corrections(
    kinds={
        "核查安全条件": ["chemical_plant"],
        "查重点工艺和重大危险源": ["chemical_plant"],
        "查特殊作业": ["chemical_plant"],
        "查人员资质": ["chemical_plant"],
        "查报警与联锁": ["chemical_plant"],
        "查经营许可": ["chemical_trade"],
        "查仓储条件": ["chemical_trade", "warehouse"],
        "查运输车辆": ["warehouse"],
    },
    without_checks=frozenset({"严格问责"}),
    not_targets=("改造18套", "不少于3处", "每个检查组"),
    units={"云溪供电局": ""},
    second_phase=("四/", "五/"),
)


def open_campaigns(city: City) -> tuple[Campaign, Campaign]:
    """Publish the gas and the chemicals campaign on the working days after their plans were issued."""
    gas = _run_plan(city, gas_docx(city.today), "云溪市城镇燃气安全专项整治工作实施方案.docx", GAS)
    chemicals = _run_plan(
        city, chemicals_docx(city.today), "云溪市危险化学品安全风险专项整治方案.docx", CHEMICALS
    )
    _pass_first_gate(city, chemicals)
    return gas, chemicals


def _run_plan(city: City, data: bytes, filename: str, wanted: Corrections) -> Campaign:
    by = city.users["office"]
    issued = _issued_on(data, filename)
    day = calendar().next_working(issued + dt.timedelta(days=2))
    at = dt.datetime.combine(day, dt.time(9, 20), tzinfo=timezone.get_default_timezone())
    with as_of(at):
        document = import_plan(read_plan(data, filename), by=by, region=city.regions["5397"])
    _correct(document, wanted, by=by, at=at + STEP)
    with as_of(at + STEP * 8):
        _match(city, document, wanted, by=by)
    with as_of(at + STEP * 10):
        confirm_confident(document, by=by)
        for item in document.items.filter(state=PlanItem.State.PROPOSED):
            confirm_item(item, version=item.version, by=by)
    with as_of(at + dt.timedelta(hours=5)):
        document.refresh_from_db()
        campaign = publish(document, by=by)
    with as_of(at + dt.timedelta(days=1)):
        _write_checklists(campaign, today=city.today, by=by)
        _hand_down(city, campaign)
    return campaign


def _issued_on(data: bytes, filename: str) -> dt.date:
    issued = compile_plan(data, filename).issued_on
    if issued is None:
        raise RuntimeError(f"{filename} has no date of issue")
    return issued


def _correct(document: PlanDocument, wanted: Corrections, *, by: User, at: dt.datetime) -> None:
    """Put right what the compiler could not know: objects of tasks, phases, promises that are none."""
    phases = list(document.items.filter(kind=PlanItem.Kind.PHASE).order_by("position"))
    with as_of(at):
        for item in document.items.filter(kind=PlanItem.Kind.TASK):
            data: dict[str, Any] = {}
            if item.data["heading"] in wanted.kinds:
                data["kinds"] = wanted.kinds[item.data["heading"]]
            if item.data["heading"] in wanted.without_checks:
                data["check_items"] = []
            if wanted.second_phase and item.data["no"].startswith(wanted.second_phase):
                data["phase"] = phases[1].pk
            if any(item.data[name] != value for name, value in data.items()):
                edit_item(item, item.data | data, version=item.version, by=by, confirm=True)
        for item in document.items.filter(kind=PlanItem.Kind.TARGET):
            if item.data["text"].startswith(wanted.not_targets):
                remove_item(item, version=item.version, by=by)
            elif any(words in item.data["text"] for words in wanted.by_hand):
                edit_item(item, item.data | {"metric": "manual"}, version=item.version, by=by, confirm=True)
        for passage in wanted.targets:
            added = add_item(document, PlanItem.Kind.TARGET, by=by, passage=passage)
            confirm_item(added, version=added.version, by=by)


def _match(city: City, document: PlanDocument, wanted: Corrections, *, by: User) -> None:
    for unit in document.units.filter(organization=None, group="").select_related("document"):
        key = wanted.units[unit.name]
        if key:
            match_unit(unit, organization=city.organizations[key], by=by)
        else:
            match_unit(unit, group=PlanUnit.Group.IGNORED, by=by)


def _write_checklists(campaign: Campaign, *, today: dt.date, by: User) -> None:
    """Add to the plan's own check items what the library knows of each kind of place, or the city has written itself."""
    lists = load("checklists")["checklists"]
    for task in campaign.tasks.prefetch_related("kinds"):
        kinds = [kind.key for kind in task.kinds.all()]
        if not kinds:
            continue
        version = _from_library(task, kinds, today=today, by=by)
        rows = [row for kind in kinds if kind not in version[1] for row in lists[kind]]
        if rows:
            _from_city(task, rows, version=version[0], by=by)


def _from_library(task: Task, kinds: list[str], *, today: dt.date, by: User) -> tuple[int, frozenset[str]]:
    """Assemble the checklist as the office would on the page; returns its version and the kinds it now asks about.

    Of each kind of place the first items of the sector's book are ticked, as many as fit a visit of half an hour.
    """
    found = assemble(task, today)
    ticked: list[BookItem] = []
    for kind in kinds:
        offered = [
            candidate.row
            for version, parts in found.candidates
            if version.book.sector in SECTORS
            for _, candidates in parts
            for candidate in candidates
            if kind in candidate.row.kinds
        ]
        ticked += [row for row in offered[:MOST_FROM_LIBRARY] if row not in ticked]
    if not ticked:
        return found.version, frozenset()
    made = confirm(
        task,
        keep=[line.row.position for line in found.standing],
        merge={line.row.position: line.match.pk for line in found.standing if line.match},
        add=[row.pk for row in ticked],
        version=found.version,
        on=today,
        by=by,
    )
    return made.version, frozenset(kind for row in ticked for kind in row.kinds)


def _from_city(task: Task, rows: list[dict[str, Any]], *, version: int, by: User) -> None:
    """What the city looks at in places the sector's book does not know."""
    latest = task.checklists.first()
    items = [NewCheckItem.kept(item) for item in (latest.items.all() if latest else ())]
    items += [
        NewCheckItem(
            row["text"],
            row["criterion"],
            row["method"],
            f"{row['basis']['name']}{row['basis']['article']}",
            row["disposition"],
        )
        for row in rows
    ]
    revise_checklist(task, items, version=version, by=by)


def _hand_down(city: City, campaign: Campaign) -> None:
    """In the localities of the cast the leader gives the inspections to the inspector who makes them."""
    for leader, inspector in HANDED_DOWN:
        post = city.users[inspector].main_post
        if post is None:
            raise RuntimeError(f"{inspector} holds no post")
        tasks = campaign.tasks.filter(kinds__isnull=False, checklists__isnull=False).distinct()
        shares = Assignment.objects.filter(task__in=tasks, organization=post.organization)
        chains = [chain_of(share) for share in shares]
        for duty in Duty.objects.open().filter(subject__in=chains).select_related("post__organization"):
            reassign_duty(duty, post, by=city.users[leader], reason="由安全检查员上门检查")


def _pass_first_gate(city: City, campaign: Campaign) -> None:
    """The chemicals campaign has left its first phase: reported, confirmed, gate met, next phase opened."""
    first, second = campaign.phases.order_by("position")[:2]
    if first.ends_on is None or first.ends_on >= city.today:
        return
    office, bureau = city.users["office"], city.users["yingji"]
    evening = dt.datetime.combine(first.ends_on, dt.time(15, 0), tzinfo=timezone.get_default_timezone())
    with as_of(evening - dt.timedelta(days=30)):
        # Self-checks come before inspections: this gate asks for the work done, not yet for rates.
        set_gate(
            first,
            {
                GateCondition.Metric.COVERAGE: None,
                GateCondition.Metric.RECTIFICATION: None,
                GateCondition.Metric.OVERDUE: None,
                GateCondition.Metric.TASKS_DONE: Decimal(100),
            },
            by=office,
        )
    for share in Assignment.objects.filter(task__phase=first).select_related(
        "task__campaign", "organization"
    ):
        with as_of(evening - dt.timedelta(days=4)):
            move_assignment(
                share, AssignmentMove.REPORT, by=bureau, note="企业自查报告已全部收齐，一企一档建立完成"
            )
        with as_of(evening - dt.timedelta(days=1)):
            move_assignment(share, AssignmentMove.CONFIRM, by=office)
    with as_of(evening):
        move_phase(first, PhaseMove.CLOSE, by=office)
    with as_of(evening + STEP):
        move_phase(second, PhaseMove.OPEN, by=office)

"""What pages ask about projects and money: lists narrowed by the address, figures whose rows a page can open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse

from bihuan.accounts.models import Region, User
from bihuan.accounts.scope import areas_q
from bihuan.batches.models import Subsidy
from bihuan.batches.workflow import SubsidyStatus
from bihuan.campaigns.models import Campaign
from bihuan.core.http import row_number
from bihuan.rules import projects as rules

from .models import (
    CareHousehold,
    FundAccount,
    FundLine,
    Project,
    ProjectMoney,
    ProjectQuerySet,
    ProjectReport,
    ProjectSource,
    ServiceRequest,
)
from .workflow import BUILT, LIVE, FundLineKind, MoneyKind, ProjectStatus, ReportStatus

ZERO = Decimal("0.00")


def in_wan(value: Decimal) -> str:
    """An amount in 万元 as the head of a page says it."""
    return f"{value / 10_000:,.2f}"


def cents(value: Decimal | None) -> Decimal:
    """A sum the database made, to the cent: it may add decimals as floats."""
    return ZERO if value is None else value.quantize(ZERO)


# Choices of the list that are not a status of their own.
STATES = {
    "pool": "储备未入库",
    "live": "已入库（不含暂缓、取消）",
    "built": "已验收、移交、投用",
    "behind": "超过计划完工期限",
    "late_report": "月报逾期",
    "care": "有未走访的照顾对象",
}


def projects(user: User, given: Mapping[str, str], *, on: dt.date) -> ProjectQuerySet:
    """The projects a person may see, narrowed by what the address says."""
    rows = Project.objects.visible_to(user)
    state = given.get("state", "")
    if state in ProjectStatus.values:
        rows = rows.filter(status=state)
    elif state == "pool":
        rows = rows.filter(status=ProjectStatus.RESERVED)
    elif state == "live":
        rows = rows.filter(status__in=LIVE)
    elif state == "built":
        rows = rows.filter(status__in=BUILT)
    elif state == "behind":
        rows = rows.behind(on=on)
    elif state == "late_report":
        late = ProjectReport.objects.filter(project=OuterRef("pk"), status=ReportStatus.DUE, due_on__lt=on)
        rows = rows.filter(Exists(late))
    elif state == "care":
        rows = rows.filter(Exists(CareHousehold.objects.unvisited().filter(project=OuterRef("pk"))))
    if rules.row("kinds", given.get("kind", "")):
        rows = rows.filter(kind=given["kind"])
    if pk := row_number(given.get("campaign", "")):
        rows = rows.filter(campaign=pk)
    if pk := row_number(given.get("department", "")):
        rows = rows.filter(department=pk)
    if given.get("region"):
        rows = rows.filter(areas_q((given["region"],)))
    if given.get("over") == "1":  # of no locality of its own
        rows = rows.filter(locality=None)
    if rules.row("sources", given.get("source", "")):
        shared = ProjectSource.objects.filter(project=OuterRef("pk"), kind=given["source"], planned__gt=0)
        rows = rows.filter(Exists(shared))
    if given.get("q"):
        rows = rows.filter(Q(name__contains=given["q"]) | Q(owner_name__contains=given["q"]))
    return rows


@dataclass(frozen=True)
class Standing:
    """How a set of projects stands."""

    total: int = 0
    pool: int = 0
    live: int = 0
    started: int = 0
    built: int = 0
    in_use: int = 0
    behind: int = 0
    estimate: Decimal = ZERO
    kilometres: Decimal = Decimal(0)
    kilometres_done: Decimal = Decimal(0)
    households: int = 0

    @property
    def estimate_words(self) -> str:
        return f"估算投资 {in_wan(self.estimate)} 万元"

    @property
    def done_words(self) -> str:
        return f"{self.kilometres_done:,.2f}"

    @property
    def plan_words(self) -> str:
        return f"计划 {self.kilometres:,.2f} 公里"

    @property
    def share_words(self) -> str:
        """How much of the plan is renewed."""
        return (
            f"完成计划的 {self.kilometres_done / self.kilometres:.1%}" if self.kilometres else "没有管道项目"
        )


def standing_of(rows: ProjectQuerySet, *, on: dt.date) -> Standing:
    """The figures of a set of projects, in one query. Kilometres and households are of those that were approved."""
    live = Q(status__in=LIVE)
    found = rows.order_by().aggregate(
        total=Count("pk"),
        pool=Count("pk", filter=Q(status=ProjectStatus.RESERVED)),
        live=Count("pk", filter=live),
        started=Count("pk", filter=Q(status=ProjectStatus.STARTED)),
        built=Count("pk", filter=Q(status__in=BUILT)),
        in_use=Count("pk", filter=Q(status=ProjectStatus.IN_USE)),
        behind=Count("pk", filter=Q(status__in=["approved", "funded", "started"], finish_on__lt=on)),
        estimate=Sum("estimate", filter=live),
        kilometres=Sum("kilometres", filter=live),
        kilometres_done=Sum("kilometres_done", filter=live),
        households=Sum("households", filter=live),
    )
    empty = Standing()
    return Standing(
        **{name: value if value is not None else getattr(empty, name) for name, value in found.items()}
    )


@dataclass
class SourceFigures:
    """One source of money over a set of projects."""

    key: str
    label: str
    side: str
    planned: Decimal = ZERO
    committed: Decimal = ZERO
    received: Decimal = ZERO
    spent: Decimal = ZERO

    @property
    def gap(self) -> Decimal:
        """What of its share nobody has committed."""
        return self.planned - self.committed

    @property
    def received_words(self) -> str:
        return in_wan(self.received)

    @property
    def planned_words(self) -> str:
        return f"分担 {in_wan(self.planned)} 万元"


def money_by_source(rows: ProjectQuerySet) -> list[SourceFigures]:
    """What each source gives to these projects: planned, committed, received, spent. Sources with nothing stay out."""
    found = {
        row["kind"]: row
        for row in ProjectSource.objects.filter(project__in=rows.order_by().values("pk"))
        .order_by()
        .values("kind")
        .annotate(p=Sum("planned"), c=Sum("committed"), r=Sum("received"), s=Sum("spent"))
    }
    figures = []
    for each in rules.every("sources"):
        row = found.get(each.key)
        if row and row["p"]:
            figures.append(
                SourceFigures(
                    each.key,
                    each.label,
                    each.side,
                    cents(row["p"]),
                    cents(row["c"]),
                    cents(row["r"]),
                    cents(row["s"]),
                )
            )
    return figures


def total_of(figures: list[SourceFigures]) -> SourceFigures:
    """All sources together."""
    whole = SourceFigures("", "合计", "")
    for each in figures:
        whole.planned += each.planned
        whole.committed += each.committed
        whole.received += each.received
        whole.spent += each.spent
    return whole


@dataclass(frozen=True)
class PlaceRow:
    """One locality, or what lies over several: projects, kilometres, money."""

    code: str
    name: str
    total: int
    built: int
    behind: int
    kilometres: Decimal
    kilometres_done: Decimal
    households: int
    estimate: Decimal
    url: str
    built_url: str
    behind_url: str


def by_place(rows: ProjectQuerySet, *, on: dt.date, query: Mapping[str, str]) -> list[PlaceRow]:
    """Approved projects by locality, those over several under 跨乡镇（街道）; each opens its rows."""
    grouped = (
        rows.live()
        .order_by()
        .values("locality")
        .annotate(
            total=Count("pk"),
            built=Count("pk", filter=Q(status__in=BUILT)),
            behind=Count("pk", filter=Q(status__in=["approved", "funded", "started"], finish_on__lt=on)),
            km=Sum("kilometres"),
            done=Sum("kilometres_done"),
            homes=Sum("households"),
            yuan=Sum("estimate"),
        )
    )
    found = list(grouped)
    names = dict(
        Region.objects.filter(code__in=[row["locality"] for row in found if row["locality"]]).values_list(
            "code", "name"
        )
    )
    made = []
    for row in sorted(found, key=lambda each: (each["locality"] is None, each["locality"] or "")):
        code = row["locality"] or ""
        place = {"region": code} if code else {"over": "1"}

        def opens(state: str, place: dict[str, str] = place) -> str:
            return f"{reverse('projects:list')}?{urlencode({**query, **place, 'state': state})}"

        made.append(
            PlaceRow(
                code, names.get(code, "跨乡镇（街道）"), row["total"], row["built"], row["behind"], row["km"] or Decimal(0),
                row["done"] or Decimal(0), row["homes"] or 0, cents(row["yuan"]), opens("live"), opens("built"),
                opens("behind"),
            )
        )  # fmt: skip
    return made


@dataclass
class LeverageRow:
    """Public money beside enterprises' own (R237), of one campaign: shares of projects and subsidies of batches."""

    campaign: Campaign | None
    public: Decimal = ZERO
    own: Decimal = ZERO
    residents: Decimal = ZERO
    other: Decimal = ZERO
    subsidies: Decimal = ZERO
    invested: Decimal = ZERO
    projects_url: str = ""
    subsidies_url: str = ""

    @property
    def times(self) -> Decimal | None:
        """How many yuan of their own stand beside one public yuan."""
        return rules.leverage(self.public + self.subsidies, self.own + self.invested)


def leverage(rows: ProjectQuerySet, user: User) -> list[LeverageRow]:
    """By campaign: what was received for its projects from each side, and what its subsidies brought with them.

    Received money counts, not plans; of subsidies those that were paid, with the investment that was shown for them.
    """
    found: dict[int | None, LeverageRow] = {}
    shares = (
        ProjectSource.objects.filter(project__in=rows.order_by().values("pk"))
        .order_by()
        .values("project__campaign", "kind")
        .annotate(yuan=Sum("received"))
    )
    for row in shares:
        each = found.setdefault(row["project__campaign"], LeverageRow(None))
        source = rules.row("sources", row["kind"])
        side = source.side if source else "other"
        name = {rules.PUBLIC: "public", rules.ENTERPRISE: "own", rules.RESIDENTS: "residents"}.get(
            side, "other"
        )
        setattr(each, name, getattr(each, name) + cents(row["yuan"]))
    paid = (
        Subsidy.objects.visible_to(user)
        .filter(status=SubsidyStatus.PAID)
        .order_by()
        .values("member__campaign")
        .annotate(yuan=Sum("amount"), own=Sum("investment"))
    )
    for money in paid:
        each = found.setdefault(money["member__campaign"], LeverageRow(None))
        each.subsidies, each.invested = cents(money["yuan"]), cents(money["own"])
    campaigns = Campaign.objects.in_bulk([pk for pk in found if pk])
    for pk, each in found.items():
        each.campaign = campaigns.get(pk) if pk else None
        if pk:
            each.projects_url = f"{reverse('projects:list')}?{urlencode({'campaign': pk, 'state': 'live'})}"
            each.subsidies_url = (
                f"{reverse('batches:subsidies')}?{urlencode({'campaign': pk, 'status': SubsidyStatus.PAID})}"
            )
        else:
            each.projects_url = f"{reverse('projects:list')}?state=live"
    return sorted(
        found.values(), key=lambda each: (each.campaign is None, -(each.campaign.pk if each.campaign else 0))
    )


def money_lines(project: Project, given: Mapping[str, str]) -> QuerySet[ProjectMoney]:
    """The ledger of a project, narrowed by source and kind."""
    rows = ProjectMoney.objects.filter(project=project)
    if given.get("kind") in MoneyKind.values:
        rows = rows.filter(kind=given["kind"])
    if pk := row_number(given.get("source", "")):
        rows = rows.filter(source=pk)
    return rows.select_related("source", "by", "corrected_by", "commitment__fund__account")


def fund_lines(account: FundAccount, given: Mapping[str, str]) -> QuerySet[FundLine]:
    """The ledger of a fund, narrowed by purpose, kind, and what was set aside."""
    rows = FundLine.objects.filter(fund__account=account)
    if rules.row("purposes", given.get("purpose", "")):
        rows = rows.filter(fund__purpose=given["purpose"])
    if given.get("kind") in FundLineKind.values:
        rows = rows.filter(kind=given["kind"])
    if pk := row_number(given.get("commitment", "")):
        rows = rows.filter(commitment=pk)
    return rows.select_related(
        "fund__account", "by", "corrected_by", "commitment__project", "commitment__subsidy__member"
    )


@dataclass
class FundSum:
    """A fund, or all of them: granted, set aside, paid."""

    granted: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return self.granted - self.committed

    @property
    def words(self) -> dict[str, str]:
        """The figures in 万元."""
        return {
            "granted": in_wan(self.granted), "committed": in_wan(self.committed), "paid": in_wan(self.paid),
            "left": in_wan(self.left),
        }  # fmt: skip


@dataclass(frozen=True)
class FundRow:
    account: FundAccount
    sum: FundSum = field(default_factory=FundSum)


def with_sums(accounts: list[FundAccount]) -> list[FundRow]:
    """Each fund with its figures, in one query for all."""
    found = {
        row["pk"]: FundSum(cents(row["g"]), cents(row["c"]), cents(row["p"]))
        for row in FundAccount.objects.filter(pk__in=[each.pk for each in accounts])
        .order_by()
        .values("pk")
        .annotate(g=Sum("purposes__granted"), c=Sum("purposes__committed"), p=Sum("purposes__paid"))
    }
    return [FundRow(each, found.get(each.pk, FundSum())) for each in accounts]


def reports(user: User, given: Mapping[str, str], *, on: dt.date) -> QuerySet[ProjectReport]:
    """Monthly reports of the projects one sees; late ones, or those still owed."""
    rows = ProjectReport.objects.filter(project__in=Project.objects.visible_to(user))
    if given.get("state") == "late":
        rows = rows.late(on=on)
    elif given.get("state") in ReportStatus.values:
        rows = rows.filter(status=given["state"])
    if pk := row_number(given.get("project", "")):
        rows = rows.filter(project=pk)
    return rows.select_related("project", "organization", "filed_by")


def care(user: User, given: Mapping[str, str], *, on: dt.date) -> QuerySet[CareHousehold]:
    """Households one looks after: those not visited yet first asked for, by project or batch."""
    rows = CareHousehold.objects.visible_to(user)
    state = given.get("state", "unvisited")
    if state == "unvisited":
        rows = rows.unvisited()
    elif state == "overdue":
        rows = rows.overdue(on=on)
    elif state in {"visited", "released"}:
        rows = rows.filter(status=state)
    if pk := row_number(given.get("project", "")):
        rows = rows.filter(project=pk)
    if pk := row_number(given.get("batch", "")):
        rows = rows.filter(batch=pk)
    return rows.select_related("project", "batch__campaign", "locality", "department", "enterprise")


def services(user: User, given: Mapping[str, str], *, on: dt.date) -> QuerySet[ServiceRequest]:
    """Services one gives, gets, or oversees."""
    rows = ServiceRequest.objects.visible_to(user)
    if given.get("state") == "open":
        rows = rows.filter(status__in=["requested", "offered", "accepted", "done"])
    elif given.get("state") == "overdue":
        rows = rows.overdue(on=on)
    elif given.get("state"):
        rows = rows.filter(status=given["state"])
    if rules.row("services", given.get("kind", "")):
        rows = rows.filter(kind=given["kind"])
    if given.get("mine") == "1":
        rows = rows.filter(supplier__in=[post.organization_id for post in user.posts])
    return rows.select_related("enterprise", "supplier", "locality")


def counts(user: User, *, on: dt.date) -> dict[str, Any]:
    """What waits, for the head of the list: late reports, services past their day, households not visited."""
    return {
        "late_reports": reports(user, {"state": ReportStatus.DUE}, on=on).filter(due_on__lt=on).count(),
        "late_services": services(user, {"state": "overdue"}, on=on).count(),
        "unvisited": CareHousehold.objects.visible_to(user).unvisited().count(),
    }

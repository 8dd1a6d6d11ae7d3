"""Whether putting right was worth it, over a whole campaign: measures, risk re-scored, recurrence, funds (R100)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Avg, Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.extras import Extra
from bihuan.campaigns.links import ledger_url
from bihuan.campaigns.models import Campaign
from bihuan.hazards.models import Hazard, Rectification
from bihuan.hazards.queries import Filters, ledger, total
from bihuan.hazards.workflow import Status

from . import queries
from .models import Evaluation, LookbackCheck, Recurrence
from .workflow import JUDGED, CheckStatus, EvaluationStatus, Verdict

FUNDS = {"planned": "列了整改资金的", "spent": "填了实际投入的", "over": "实际投入超过计划的"}


@dataclass(frozen=True)
class Line:
    """One figure with its words; it opens exactly its rows."""

    label: str
    figure: str
    url: str = ""
    note: str = ""


def _share(part: int, whole: int) -> str:
    return f"占 {part / whole:.1%}" if whole else ""


def measures(campaign: Campaign, user: User) -> list[Line]:
    """措施完成: of the hazards, how many were put right; of those evaluated, how many measures were done."""
    counts = _counts(campaign, user)
    done = _evaluated(user, campaign).aggregate(
        all=Count("pk"), full=Count("pk", filter=Q(measures_done=100)), told=Count("pk", filter=Q(workers_told=True))
    )  # fmt: skip
    pk = campaign.pk
    return [
        Line("发现隐患", f"{counts['found']:,} 条", ledger_url(campaign=pk)),
        Line("已整改销号", f"{counts['closed']:,} 条", ledger_url(campaign=pk, status=Status.CLOSED),
             _share(counts["closed"], counts["found"])),
        Line("还没有销号", f"{counts['open']:,} 条", ledger_url(campaign=pk, state="open"),
             _share(counts["open"], counts["found"])),
        Line("已作效果评价", f"{done['all']:,} 条", evaluations_url(pk, status=EvaluationStatus.SIGNED),
             _share(done["all"], counts["closed"]).replace("占", "占已销号")),
        Line("其中措施全部完成", f"{done['full']:,} 条", evaluations_url(pk, measures="full"), _share(done["full"], done["all"])),
        Line("其中已向从业人员通报", f"{done['told']:,} 条", evaluations_url(pk, told="1"), _share(done["told"], done["all"])),
    ]  # fmt: skip


def _counts(campaign: Campaign, user: User) -> dict[str, int]:
    """Found (without what was found to be none), closed and open: from the cube; from rows where it keeps no such cells."""
    found = {}
    for name, state in (("found", ""), ("closed", "closed"), ("open", "open")):
        asked = Filters(campaign=campaign.pk, state=state)
        counted = total(user, asked)
        found[name] = ledger(user, asked).order_by().count() if counted is None else counted
    return found


def risks(campaign: Campaign, user: User) -> list[Line]:
    """风险再评: how far the risk fell, and what was concluded."""
    rows = _evaluated(user, campaign)
    told = rows.aggregate(
        all=Count("pk"), fell=Count("pk", filter=Q(value_after__lt=F("value_before"))),
        before=Avg("value_before", filter=Q(method="lec")), after=Avg("value_after", filter=Q(method="lec")),
        **{each: Count("pk", filter=Q(verdict=each)) for each in Verdict.values},
    )  # fmt: skip
    pk = campaign.pk
    found = [
        Line(
            "风险下降",
            f"{told['fell']:,} 条",
            evaluations_url(pk, risk="fell"),
            _share(told["fell"], told["all"]),
        ),
        Line("风险没有下降", f"{told['all'] - told['fell']:,} 条", evaluations_url(pk, risk="stayed")),
    ]
    if told["before"] is not None:
        words = f"{told['before']:.0f} → {told['after']:.0f}"
        found.append(Line("平均风险值（LEC）", words, evaluations_url(pk, method="lec")))
    return found + [
        Line(f"结论：{label}", f"{told[value]:,} 条", evaluations_url(pk, verdict=value))
        for value, label in Verdict.choices
    ]


def repeats(campaign: Campaign, user: User) -> list[Line]:
    """复发: what came back by itself, and what look-back rounds found."""
    came = Recurrence.objects.visible_to(user).filter(earlier__campaign=campaign).count()
    checks = (
        LookbackCheck.objects.visible_to(user)
        .filter(hazard__campaign=campaign)
        .aggregate(
            judged=Count("pk", filter=Q(status__in=JUDGED)),
            rebounded=Count("pk", filter=Q(status=CheckStatus.REBOUNDED)),
        )
    )
    again = f"{reverse('lookback:recurrences')}?{urlencode({'campaign': campaign.pk})}"
    looked = f"{reverse('lookback:checks')}?{urlencode({'campaign': campaign.pk, 'status': 'judged'})}"
    back = f"{reverse('lookback:checks')}?{urlencode({'campaign': campaign.pk, 'status': CheckStatus.REBOUNDED})}"
    return [
        Line("改后反弹", f"{came:,} 条", again, "同一场所同一项，销号后限期内再次出现"),
        Line("回头看已判断", f"{checks['judged']:,} 条", looked),
        Line("回头看已反弹", f"{checks['rebounded']:,} 条", back, "样本里的条数；反弹率和区间看各轮回头看"),
    ]


def funds(campaign: Campaign, user: User) -> list[Line]:
    """资金: what was set aside for putting right, and what enterprises say they spent."""
    told = (
        _of(campaign, user)
        .filter(funds__isnull=False)
        .order_by()
        .aggregate(sum=Sum("funds"), rows=Count("pk"))
    )
    spent = _last_costs(campaign, user).aggregate(
        sum=Sum("funds_spent"), rows=Count("pk"), over=Count("pk", filter=Q(funds_spent__gt=F("hazard__funds")))
    )  # fmt: skip
    url = f"{reverse('lookback:effect')}?campaign={campaign.pk}&funds="
    return [
        Line("计划整改资金", _yuan(told["sum"]), f"{url}planned#funds", f"{told['rows']:,} 条隐患列了资金"),
        Line("实际投入", _yuan(spent["sum"]), f"{url}spent#funds", f"{spent['rows']:,} 条整改填了投入"),
        Line("超过计划", f"{spent['over']:,} 条", f"{url}over#funds"),
    ]  # fmt: skip


def _of(campaign: Campaign, user: User) -> QuerySet[Hazard]:
    return Hazard.objects.visible_to(user).filter(campaign=campaign)


def _last_costs(campaign: Campaign, user: User) -> QuerySet[Rectification]:
    """The last rectification of each hazard of a campaign, if it names what was spent: the rows of the figure, so that
    nothing is asked of the many hazards without money."""
    later = Q(round__gt=OuterRef("round")) | Q(round=OuterRef("round"), pk__gt=OuterRef("pk"))
    return Rectification.objects.filter(hazard__in=_of(campaign, user).order_by(), funds_spent__isnull=False).exclude(
        Exists(Rectification.objects.filter(later, hazard=OuterRef("hazard")))
    ).order_by()  # fmt: skip


def with_funds(campaign: Campaign, user: User, key: str = "") -> QuerySet[Hazard]:
    """Hazards of a campaign with what was planned and, in `cost`, what the last rectification cost."""
    last = (
        Rectification.objects.filter(hazard=OuterRef("pk"))
        .order_by("-round", "-pk")
        .values("funds_spent")[:1]
    )
    rows = _of(campaign, user).annotate(
        cost=Subquery(last, output_field=DecimalField(max_digits=12, decimal_places=2))
    )
    costs = _last_costs(campaign, user)
    match key:
        case "planned":
            return rows.filter(funds__isnull=False)
        case "spent":
            return rows.filter(pk__in=costs.values("hazard"))
        case "over":
            return rows.filter(pk__in=costs.filter(funds_spent__gt=F("hazard__funds")).values("hazard"))
        case _:
            return rows


def evaluations_url(campaign: int, **filters: Any) -> str:
    """The list of evaluations with these filters."""
    return f"{reverse('lookback:evaluations')}?{urlencode({'campaign': campaign, **filters})}"


def campaigns_of(user: User) -> list[tuple[int, str]]:
    """The campaigns one may choose, newest first."""
    return [(each.pk, each.short_title) for each in Campaign.objects.visible_to(user).order_by("-pk")[:100]]


def linked(campaign: Campaign, user: User) -> Extra | None:
    """The way from a campaign's page to its effect."""
    if not user.has_perm(Permission.VIEW_LOOKBACK):
        return None
    return Extra(links=[("整改成效", f"{reverse('lookback:effect')}?campaign={campaign.pk}")])


def _evaluated(user: User, campaign: Campaign) -> QuerySet[Evaluation]:
    given: Mapping[str, str] = {"campaign": str(campaign.pk), "status": EvaluationStatus.SIGNED}
    return queries.evaluations(user, given)


def _yuan(sum_: Decimal | None) -> str:
    if sum_ is None:
        return "0 元"
    return f"{sum_ / 10000:,.2f} 万元" if sum_ >= 10000 else f"{sum_:,.2f} 元"

"""A plan's reporting rule (每周五前报工作专班) as a definition: period from its recurrence, cut-off on its day (R103-R106)."""

from __future__ import annotations

import re
from typing import Any

from bihuan.accounts.models import Organization
from bihuan.accounts.queries import localities_under, organizations_under, resolve_unit
from bihuan.campaigns.models import Campaign, ReportingRule
from bihuan.plans import is_collective

_WEEKDAYS = {"MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6, "SU": 7}
_WORKDAYS = {"MO", "TU", "WE", "TH", "FR"}
_COMMA = re.compile(r"[、，,；;]")
_FIGURES = {
    "day": ("visits", "found", "major", "closed", "open", "overdue"),
    "other": ("units", "visits", "people", "found", "major", "closed", "all_found", "all_closed", "rate", "open", "overdue"),
}  # fmt: skip
_ITEMS: dict[str, dict[str, Any]] = {
    "units": {"label": "排查单位", "measure": "inspections.enterprises"},
    "visits": {"label": "检查次数", "measure": "inspections.visits"},
    "people": {"label": "出动检查人次", "measure": "inspections.people"},
    "found": {"label": "查出隐患", "measure": "hazards.found"},
    "major": {"label": "其中：重大隐患", "measure": "hazards.found", "filters": {"level": ["major"]}},
    "closed": {"label": "整改销号", "measure": "hazards.closed"},
    "all_found": {"label": "累计查出", "measure": "hazards.found", "window": "ever"},
    "all_closed": {"label": "累计整改销号", "measure": "hazards.closed", "window": "ever"},
    "rate": {"label": "累计整改率", "unit": "%", "formula": "all_closed / all_found * 100", "digits": 1},
    "open": {"label": "期末未整改", "measure": "hazards.open"},
    "overdue": {"label": "其中：逾期未整改", "measure": "hazards.overdue"},
}
_CHECKS = (
    ("overdue <= open", "逾期未整改不多于未整改"),
    ("all_closed <= all_found", "累计整改不多于累计查出"),
    ("open == all_found - all_closed", "未整改应等于累计查出减累计整改"),
)


def rhythm_of(recurrence: str, when: str) -> dict[str, Any] | None:
    """Period, anchor and cut-off of an RFC 5545 rule; None when it is no rhythm of reporting.

    A report due on a weekday or a day of the month covers what ended the night before, so that it can be complete.
    """
    if not recurrence:
        return None
    rule = dict(part.partition("=")[::2] for part in recurrence.split(";"))
    interval = rule.get("INTERVAL", "1")
    own = {"days": 1, "unit": "natural", "roll": False, "basis": f"方案原文：{when}"[:120]}
    days = {day for day in rule.get("BYDAY", "").split(",") if day in _WEEKDAYS}
    months_days = [
        int(day) for day in rule.get("BYMONTHDAY", "").split(",") if re.fullmatch(r"-?\d{1,2}", day)
    ]
    match rule.get("FREQ"):
        case "DAILY":
            return {"period": "day", "cutoff": own}
        case "WEEKLY" if days == _WORKDAYS:
            return {"period": "day", "cutoff": own}
        case "WEEKLY":
            anchor = _WEEKDAYS[days.pop()] if len(days) == 1 else 1
            return {"period": "week", "anchor": anchor, "cutoff": own}
        case "MONTHLY" if months_days == [10, 20, -1]:
            return {"period": "tendays", "cutoff": own}
        case "MONTHLY" if months_days == [15, -1]:
            return {"period": "halfmonth", "cutoff": own}
        case "MONTHLY" if interval == "3":
            return {"period": "quarter", "cutoff": own | {"days": _day_after(months_days, 5)}}
        case "MONTHLY" | "YEARLY" if rule.get("BYMONTH", "").count(",") == 3:
            return {"period": "quarter", "cutoff": own | {"days": _day_after(months_days, 5)}}
        case "MONTHLY" | "YEARLY" if rule.get("BYMONTH", "").count(",") == 1 or interval == "6":
            return {"period": "halfyear", "cutoff": own | {"days": _day_after(months_days, 10)}}
        case "MONTHLY":
            day = months_days[0] if len(months_days) == 1 else -1
            if 2 <= day <= 28:
                return {"period": "month", "anchor": day, "cutoff": own}
            return {"period": "month", "cutoff": own}
        case "YEARLY":
            return {"period": "year", "cutoff": own | {"days": _day_after(months_days, 31)}}
    return None


def _day_after(days: list[int], otherwise: int) -> int:
    """A report due on the 5th of the following month has five days; one due by the end of its own has one."""
    if len(days) != 1:
        return otherwise
    return days[0] if 1 <= days[0] <= 15 else 1


def compiled(
    campaign: Campaign, rule: ReportingRule, number: int
) -> tuple[dict[str, Any], list[Organization]] | None:
    """The content of a definition for one rule and the bodies it names; None when it has no rhythm."""
    rhythm = rhythm_of(rule.recurrence, rule.when)
    if rhythm is None:
        return None
    owers, bodies = _who(campaign, rule.who)
    keys = _FIGURES["day" if rhythm["period"] == "day" else "other"]
    # What is counted since the beginning is so within the campaign: the definition belongs to it.
    content = {
        "key": f"plan.report{number}", "name": f"{campaign.short_title}{_KIND_NAMES[rhythm['period']]}"[:80], **rhythm,
        "owers": owers, "source": f"{campaign.title}：{rule.who}{rule.when}报{rule.to}"[:300],
        "dated": str(campaign.starts_on or ""), "verified": True, "words": "进展、问题和下一步打算",
        "items": [{"key": key, **_ITEMS[key]} for key in keys],
        "checks": [
            {"expression": expression, "message": message}
            for expression, message in _CHECKS
            if all(name in keys for name in re.findall(r"[a-z_]+", expression))
        ],
        "notes": [f"由方案的报送要求生成：{rule.when}。请核对指标和报送单位后启用。"[:300]],
    }  # fmt: skip
    return content, bodies


_KIND_NAMES = {
    "day": "日报", "week": "周报", "tendays": "旬报", "halfmonth": "半月报", "month": "月报", "quarter": "季报",
    "halfyear": "半年报", "year": "年报",
}  # fmt: skip


def _who(campaign: Campaign, words: str) -> tuple[list[str], list[Organization]]:
    """Whom the words mean: kinds of bodies, and the bodies named one by one (all of the kinds when none is)."""
    owers: list[str] = []
    named: dict[int, Organization] = {}
    groups: list[str] = []
    for name in filter(None, (part.strip() for part in _COMMA.split(words))):
        collective = is_collective(name)
        if collective in ("townships", "streets", "localities"):
            groups.append("locality")
        elif collective in ("departments", "members"):
            groups.append("department")
        elif (body := resolve_unit(name, campaign.region_id)) is not None:
            kind = {
                Organization.Kind.LOCALITY: "locality", Organization.Kind.DEPARTMENT: "department",
                Organization.Kind.OFFICE: "office",
            }.get(Organization.Kind(body.kind))  # fmt: skip
            if kind:
                named[body.pk] = body
                owers.append(kind)
    if groups and named:
        region = campaign.region_id
        if "locality" in groups:
            named |= {body.pk: body for body in localities_under(region)}
        if "department" in groups:
            own = organizations_under(region, kinds=[Organization.Kind.DEPARTMENT]).filter(region=region)
            named |= {body.pk: body for body in own}
    chosen = list(dict.fromkeys([*groups, *owers])) or ["locality", "department"]
    return chosen, list(named.values())

"""What the registry itself shows at the right of an enterprise's page: risks, who answers, going back, plates."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import queries as attachments
from bihuan.audit.actions import chain_of
from bihuan.core.markup import due_words

from .models import Enterprise, EnterpriseGrading, Recheck
from .panels import Panel, PanelRow
from .responsibilities import WATCHED_RISKS, Kind, answering_for
from .risks import flags_of, standing, tone_of


def risks_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """Grade, 两重点一重大, major-hazard units and the gravest risk points."""
    rows = []
    current = EnterpriseGrading.objects.filter(enterprise=enterprise, is_current=True).first()
    if current is not None:
        note = f"{current.score}分，{current.on}{'，专家调整' if current.is_override else ''}"
        rows.append(PanelRow("企业分级", f"{current.grade}级", tone=current.colour, note=note))
    for label, holds in flags_of(enterprise).items():
        if holds:
            rows.append(PanelRow(label, "涉及", tone="red"))
    for unit in enterprise.major_units.filter(is_active=True)[:5]:
        tone = tone_of(unit) if unit.is_major or unit.problem else ""
        rows.append(PanelRow(unit.name, standing(unit), unit.get_absolute_url(), tone))
    points = enterprise.risk_points.filter(is_active=True)
    for point in points.filter(colour__in=["red", "orange"])[:5]:
        rows.append(PanelRow(point.name, point.get_colour_display(), point.get_absolute_url(), point.colour))
    url = reverse("registry:risks", args=[enterprise.pk])
    empty = (
        f"登记了{count}个风险点，没有红、橙级"
        if (count := points.count())
        else "还没有登记风险点和危险化学品"
    )
    return Panel("风险", rows, empty, url, "全部风险")


def answering_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """The leader in charge, the watcher and whoever a special period asks; what lacks is red."""
    answering = answering_for(enterprise, on=timezone.localdate())
    url = reverse("registry:answering", args=[enterprise.pk])
    rows = [
        PanelRow(f"{each.people}（{each.post}）", str(Kind(each.kind).label), note=each.via)
        for each in answering
    ]
    have = {each.kind for each in answering}
    if Kind.LEADER not in have:
        rows.append(PanelRow("没有领导包干", "缺", url, "red"))
    if Kind.WATCHER not in have and enterprise.risk in WATCHED_RISKS:
        rows.append(PanelRow("红、橙风险须有专盯人员", "缺", url, "red"))
    return Panel("责任落实", rows, "", url, "指定")


def rechecks_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """Going back to a stopped place; nothing while it works and never stopped."""
    today = timezone.localdate()
    rows = []
    for each in Recheck.objects.filter(enterprise=enterprise).exclude(status=Recheck.Status.CANCELLED)[:8]:
        if each.status == Recheck.Status.OPEN:
            tone = "red" if each.due_on < today else "outline"
            value = due_words(each.due_on, today)
        else:
            tone = "red" if each.finding == Recheck.Finding.REVIVED else "green"
            value = each.get_finding_display()
        rows.append(PanelRow(f"第{each.months}个月复核", value, each.get_absolute_url(), tone))
    return Panel("停产关闭复核", rows) if rows else None


def periods_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """In which status it was from when to when, by which document; the evidence opens."""
    periods = list(enterprise.status_periods.all()[:10])
    if not periods:
        return None
    files = attachments.of_many(periods)
    rows = []
    for each in periods:
        evidence = files[chain_of(each)].get("document", [])
        label = f"{each.from_on} 至 {each.to_on or '今'}"
        words = (
            each.reason, f"迁往{each.moved_to}" if each.moved_to else "", each.document,
            f"证据{len(evidence)}件" if evidence else "",
        )  # fmt: skip
        note = "，".join(filter(None, words))
        url = evidence[0].get_absolute_url() if evidence else ""
        rows.append(PanelRow(label, each.get_status_display(), url, note=note))
    return Panel("状态经历", rows)

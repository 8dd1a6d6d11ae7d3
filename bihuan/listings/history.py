"""What came to pass with a listing, in order: moves, signatures, papers, reports, visits, with their photos."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of

from .models import Listing
from .workflow import ListingMove, NoticePurpose

# Moves that another line of the history tells with more words.
_TOLD_ELSEWHERE = frozenset(
    {
        ListingMove.REPORT,
        ListingMove.FILE_PLAN,
        ListingMove.APPLY,
        ListingMove.EXTEND,
        ListingMove.FAIL,
        ListingMove.PASS,
    }
)
_INSIDE = frozenset(
    {
        ListingMove.BEGIN,
        ListingMove.SUBMIT,
        ListingMove.RETURN,
        ListingMove.WITHDRAW,
        ListingMove.RETURN_DELISTING,
    }
)
# What happened in one moment is told in this order: begun, reported, signed, and what followed from the signature.
_FIRST = {ListingMove.BEGIN: 0, ListingMove.SUBMIT: 1}
_SIGNATURE, _AFTERWARDS = 2, 3
# Their reason is the opinion of a signer, told with the signature; it stays inside the house.
_SIGNED = frozenset({ListingMove.LIST, ListingMove.STRIKE_OFF})
_TONES = {
    ListingMove.LIST: "red", ListingMove.RETURN: "orange", ListingMove.STRIKE_OFF: "green",
    ListingMove.RETURN_DELISTING: "orange",
}  # fmt: skip


def timeline(listing: Listing, *, inside: bool) -> list[dict[str, Any]]:
    """Events for components/timeline.html, newest first; signatures and moves of the report only for readers `inside`."""
    found: list[tuple[dt.datetime, tuple[int, int], dict[str, Any]]] = []
    plans = list(listing.plans.select_related("by"))
    reports = list(listing.progress_reports.select_related("by"))
    visits = list(listing.visits.select_related("by", "organization"))
    applications = list(listing.applications.select_related("by"))
    effects = list(listing.effect_reports.select_related("by"))
    examinations = list(listing.examinations.select_related("by").prefetch_related("team__organization"))
    lines = [
        line
        for approval in listing.approvals.prefetch_related("lines__by", "lines__organization")
        for line in approval.lines.all()
        if inside
    ]
    kept = files.of_many([*plans, *reports, *visits, *applications, *effects, *examinations, *lines])

    def add(
        at: dt.datetime,
        pk: int,
        what: str,
        who: str,
        note: str = "",
        tone: str = "",
        rank: int = _AFTERWARDS,
        day_only: bool = False,
        **more: Any,
    ) -> None:
        event = {
            "at": timezone.localtime(at).strftime("%Y-%m-%d" if day_only else "%Y-%m-%d %H:%M"),
            "what": what,
            "who": who,
            "note": note,
        }
        found.append((at, (rank, pk), {**event, "tone": tone, **more}))

    def photos(row: Any, role: str) -> list[dict[str, object]]:
        return files.photo_items(each for each in kept[chain_of(row)].get(role, []) if each.is_image)

    for move in listing.transitions.select_related("by"):
        if move.move not in _TOLD_ELSEWHERE and (inside or move.move not in _INSIDE):
            label = ListingMove(move.move).label
            add(
                move.at,
                move.pk,
                label,
                "" if move.move in _SIGNED and not inside else move.by.full_name,
                "" if move.move in _SIGNED else move.reason,
                _TONES.get(ListingMove(move.move), ""),
                _FIRST.get(ListingMove(move.move), _AFTERWARDS),
            )
    for line in lines:
        who = f"{line.organization.short_name} {line.signer_name} {line.signer_title}".strip()
        verdict = "同意" if line.agreed else "退回"
        paper = f"（纸质签批 {line.signed_on}，{line.by.full_name}登记）" if line.on_paper else ""
        add(
            line.at, line.pk, f"{line.label}：{verdict}{paper}", who, line.opinion, "" if line.agreed else "orange",
            _SIGNATURE, photos=photos(line, "document"),
        )  # fmt: skip
    receipt = getattr(listing.order, "receipt", None)
    if receipt is not None:
        add(
            receipt.at, receipt.pk, f"签收挂牌督办通知书（{receipt.get_method_display()}）", receipt.receiver_name,
            receipt.note,
        )  # fmt: skip
    for letter in listing.letters.filter(paper__isnull=False).select_related("paper"):
        assert letter.paper is not None  # only signed ones were read
        add(
            letter.paper.issued_at, letter.pk, f"签订责任书：{letter.giver_name}与{letter.receiver_name}", "",
            letter.paper.number, url=letter.get_absolute_url(),
        )  # fmt: skip
    for plan in plans:
        add(plan.at, plan.pk, "治理方案备案", plan.by.full_name, plan.goals, photos=photos(plan, "document"))
    for report in reports:
        late = timezone.localdate(report.at) > report.due_on
        note = "；".join(filter(None, [report.text, report.problems]))
        add(
            report.at, report.pk, f"第 {report.period} 期进展 {report.percent}%{'（迟报）' if late else ''}",
            report.by.full_name, note, "orange" if late else "", photos=photos(report, "scene"),
        )  # fmt: skip
    for visit in visits:
        note = "；要求：".join(filter(None, [visit.found, visit.demands]))
        add(
            visit.at, visit.pk, f"{visit.get_kind_display()}（{visit.visited_on}）",
            f"{visit.organization.short_name} {visit.leader_name} {visit.leader_title}", note,
            photos=photos(visit, "scene"),
        )  # fmt: skip
    for request in listing.extensions.select_related("requested_by", "paper"):
        add(
            request.requested_at, request.pk, f"申请延至 {request.requested_due_on}", request.requested_by.full_name,
            f"{request.reason}；延期期间：{request.interim_measures}",
        )  # fmt: skip
        if request.decided_at:
            tone = "orange" if request.status == "rejected" else ""
            url = request.paper.get_absolute_url() if request.paper else ""
            add(
                request.decided_at,
                request.pk,
                request.get_status_display(),
                "",
                request.opinion,
                tone,
                url=url,
            )
    for application in applications:
        add(
            application.at, application.pk, "申请摘牌验收", application.by.full_name,
            f"{application.text}（填报 {application.finished_on} 完成）", photos=photos(application, "after"),
        )  # fmt: skip
    for effect in effects:
        add(
            effect.at, effect.pk, "整改效果评价报告", f"{effect.get_evaluator_kind_display()} {effect.evaluator}",
            f"风险 {effect.risk_before} → {effect.risk_after}；{effect.conclusion}", photos=photos(effect, "document"),
        )  # fmt: skip
    for each in examinations:
        team = "、".join(str(member) for member in each.team.all())
        add(
            each.at, each.pk, f"现场审查{'合格' if each.passed else '不合格'}（{each.examined_on}）", team, each.opinion,
            "green" if each.passed else "orange", photos=photos(each, "scene"),
        )  # fmt: skip
    for notice in listing.notices.exclude(published_on=None).select_related("by"):
        day = notice.published_on
        assert day is not None  # only published ones were read
        at = timezone.make_aware(dt.datetime.combine(day, dt.time(12)))
        who = notice.by.full_name if notice.by else ""
        until = f"，公示至 {notice.ends_on}" if notice.purpose == NoticePurpose.DELISTING else ""
        add(at, notice.pk, notice.get_purpose_display(), who, f"{notice.medium}{until}", day_only=True)
    return [event for _, _, event in sorted(found, key=lambda each: each[:2], reverse=True)]

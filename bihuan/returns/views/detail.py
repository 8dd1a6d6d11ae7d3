"""One return: the filled sheet, manual figures, words, checks, signing, and what the collecting office does with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments.errors import UploadRefused
from bihuan.attachments.queries import of as files_of
from bihuan.core.errors import IllegalMove, Overtaken, Refused
from bihuan.core.http import Request, row_number

from .. import actions, standing
from ..comparing import shown
from ..counting import is_zero
from ..figures import ReturnFigures, evidence_role, figures_of
from ..models import CorrectionPoint, Return
from ..proofing import doubts_of
from ..workflow import OPEN, RULES, Move, Status
from . import return_or_404, user_of

REASONED = {
    Move.WITHDRAW: "撤回后可以更正再报，原报保留。", Move.UNLOCK: "报送单位可以更正再报，原报保留。",
    Move.RELOCK: "不用更正，原报照旧有效。", Move.WAIVE: "本单位本期不用报送。",
}  # fmt: skip


def sheet_of(record: Return) -> ReturnFigures:
    """What the page shows: what was signed, or the ledger of now while it is still to be signed."""
    return figures_of(record, live=record.status in OPEN)


@dataclass(frozen=True)
class Typed:
    """What somebody typed into the form and was not saved; the page gives it back."""

    figures: Mapping[str, str]
    words: str
    explanations: Mapping[str, str]
    reason: str = ""


def _context(request: Request, record: Return, typed: Typed | None = None) -> dict[str, Any]:
    user, today = user_of(request), timezone.localdate()
    sheet = sheet_of(record)
    spec = sheet.spec
    may_edit = standing.may_edit(user, record)
    signed = record.is_filed and record.current is not None
    filings = list(record.filings.select_related("by").order_by("-number"))
    manual = []
    for item in actions.manual_items(spec):
        role = evidence_role(spec, item)
        figure = sheet.whole(item.key)
        value = typed.figures.get(item.key, "") if typed else figure.text
        manual.append((item, figure, role, files_of(record, role) if item.evidence else [], value))
    last_back = (
        record.transitions.filter(move__in=[Move.SEND_BACK, Move.UNLOCK, Move.WITHDRAW])
        .order_by("-id")
        .first()
    )
    differences = actions.differences(sheet) if signed else []
    return {
        "record": record, "sheet": sheet, "spec": spec, "today": today, "period": record.period,
        "table": sheet.table(), "is_table": bool(spec.blocks) and len(sheet.rows) > 1, "manual": manual,
        "headings": headings_of(sheet), "may_edit": may_edit, "may_sign": standing.may_sign(user, record, spec),
        "problems": actions.missing(record, sheet) if may_edit else [], "doubts": doubts_of(sheet),
        "is_over": today > record.period.last, "is_nothing": is_zero(spec, sheet.cells),
        "locked": standing.why_locked(record, spec, user, on=today),
        "moves": [move for move in standing.available(user, record) if move not in (Move.SIGN, Move.AMEND)],
        "reasoned": [
            (move, Move(move).label, REASONED[Move(move)])
            for move in standing.available(user, record) if move in REASONED
        ],
        "amends": record.status in (Status.SENT_BACK, Status.UNLOCKED), "filings": filings, "last_back": last_back,
        "points": CorrectionPoint.objects.filter(filing__record=record).order_by("-id")[:20] if record.sent_back_count else [],
        "differences": differences, "differing": {each.figure.cell for each in differences},
        "events": [
            {
                "at": timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M"), "what": Move(line.move).label,
                "who": line.by.full_name, "note": line.reason,
                "tone": "red" if line.move == Move.SEND_BACK else "green" if line.move == Move.ACCEPT else "",
            }
            for line in record.transitions.select_related("by").order_by("-id")
        ],
        "warnings": [broken for broken in sheet.broken if broken.check.severity == "warning"],
        "explained": {
            broken.key: (typed.explanations if typed else sheet.explanations).get(broken.key, "") for broken in sheet.broken
        },
        "words": typed.words if typed else sheet.words, "amend_reason": typed.reason if typed else "",
    }  # fmt: skip


def headings_of(sheet: ReturnFigures) -> list[tuple[str, int]]:
    """The upper headings of the table: a label and how many columns it spans; "" where a column stands alone."""
    over = {item: heading for heading in sheet.spec.headings for item in heading.items}
    if not over:
        return []
    found: list[tuple[str, int]] = []
    last: object = None
    for item in sheet.spec.items:
        heading = over.get(item.key)
        if heading is not None and heading is last:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((heading.label if heading else "", 1))
        last = heading
    return found


@require_safe
@require(Permission.VIEW_RETURNS)
def detail(request: Request, pk: int) -> HttpResponse:
    return render(request, "returns/detail.html", _context(request, return_or_404(request, pk)))


def _again(request: Request, record: Return, errors: list[str], typed: Typed | None = None) -> HttpResponse:
    """The page once more with what was wrong and what was typed."""
    context = _context(request, return_or_404(request, record.pk), typed)
    return render(request, "returns/detail.html", context | {"errors": errors}, status=422)


def _overtaken(request: Request, record: Return, error: Overtaken, typed: Typed) -> HttpResponse:
    """The page with one's own words still in the form, and beside them what somebody else saved meanwhile."""
    context = _context(request, return_or_404(request, record.pk), typed)
    sheet: ReturnFigures = context["sheet"]
    theirs = {
        **{item.key: (item.label, shown(figure.value, item.digits), mine) for item, figure, _, _, mine in context["manual"]},
        "words": ("文字说明", sheet.words, typed.words.strip()),
        **{
            f"why.{broken.key}": (
                f"勾稽不符的说明：{broken.words}", sheet.explanations.get(broken.key, ""),
                typed.explanations.get(broken.key, "").strip(),
            )
            for broken in context["warnings"]
        },
    }  # fmt: skip
    differing = [each for each in theirs.values() if each[1] != each[2]]
    return render(
        request, "returns/detail.html", context | {"overtaken": error, "theirs": differing}, status=409
    )


def _named(request: Request, prefix: str) -> dict[str, str]:
    """The fields of a form whose names begin with `prefix`, without it."""
    return {
        name.removeprefix(prefix): str(value)
        for name, value in request.POST.items()
        if name.startswith(prefix)
    }


@require_POST
@require(Permission.FILE_RETURN)
def save(request: Request, pk: int) -> HttpResponse:
    """Keep what was filled in; with "sign" sign it at once."""
    record, user = return_or_404(request, pk), user_of(request)
    figures, said, words = _named(request, "figure."), _named(request, "why."), request.POST.get("words", "")
    typed = Typed(figures, words, said, request.POST.get("reason", ""))
    try:
        revision = row_number(request.POST.get("revision", "")) if "revision" in request.POST else None
        actions.save_draft(record, figures, words, said, by=user, revision=revision)
        for item in actions.manual_items(figures_of(record, live=True).spec) if request.FILES else []:
            if files := request.FILES.getlist(f"evidence.{item.key}"):
                actions.add_evidence(record, item.key, files, by=user)
        if request.POST.get("sign"):
            filing = actions.sign_return(
                record, by=user, reason=request.POST.get("reason", ""), zero=bool(request.POST.get("zero"))
            )
            words = "零报告已签报" if filing.is_zero else "已签字报送"
            messages.success(request, f"{words}。签字的数字不再改动，点每个数字都能看到所据记录。")
            return redirect(record)
    except IllegalMove as error:
        messages.warning(request, str(error))
        return redirect(record)
    except Overtaken as error:
        return _overtaken(request, record, error, typed)
    except actions.Incomplete as error:
        return _again(request, record, error.problems, typed)
    except (Refused, UploadRefused) as error:
        return _again(request, record, [str(error)], typed)
    messages.success(request, "已保存，还没有签报")
    return redirect(record)


@require_POST
@require(Permission.VIEW_RETURNS)
def move(request: Request, pk: int, key: str) -> HttpResponse:
    """Accept, send back, unlock, lock again, excuse, withdraw, urge."""
    record, user, reason = return_or_404(request, pk), user_of(request), request.POST.get("reason", "")
    if key not in RULES or key in (Move.SIGN, Move.AMEND):
        raise Http404
    if not standing.may_move(user, key, record):
        raise PermissionDenied
    signing = row_number(request.POST["signing"]) if "signing" in request.POST else None
    try:
        match key:
            case Move.ACCEPT:
                actions.accept(record, by=user, signing=signing)
            case Move.SEND_BACK:
                actions.send_back(record, reason, _named(request, "point."), by=user, signing=signing)
            case Move.UNLOCK:
                actions.unlock(record, reason, by=user)
            case Move.RELOCK:
                actions.relock(record, reason, by=user)
            case Move.WAIVE:
                actions.waive(record, reason, by=user)
            case Move.WITHDRAW:
                actions.withdraw(record, reason, by=user)
            case Move.URGE:
                if not actions.urge([record], by=user):
                    raise Refused("今天已经催过了，明天可以再催")
    except IllegalMove as error:
        messages.warning(request, str(error))
        return redirect(record)
    except Refused as error:
        return _again(request, record, [str(error)])
    messages.success(request, f"已{Move(key).label}")
    back = request.POST.get("back", "")
    return redirect(record.period if back == "period" else record)


@require_POST
@require(Permission.VIEW_RETURNS)
def recheck(request: Request, pk: int) -> HttpResponse:
    """Compare what was signed with the ledger of now, and keep what differs."""
    record = return_or_404(request, pk)
    if record.current is None or not record.is_filed:
        messages.warning(request, "还没有签报，不用核对")
        return redirect(record)
    found = actions.check_filing(record, record.current, at=timezone.now())
    messages.success(request, f"已与台账核对，{len(found)} 项有出入" if found else "已与台账核对，完全一致")
    return redirect(f"{reverse('returns:detail', args=[pk])}#restated")

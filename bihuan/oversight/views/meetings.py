"""Meetings: by rhythm and by date, one with its agenda, attendance, minutes and resolutions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.dates import day_in
from bihuan.core.errors import Overtaken, Refused
from bihuan.core.http import Request, row_number

from .. import actions, forms, wording
from ..models import Attendance, Meeting, MeetingSeries, Resolution
from ..models.meetings import bodies_of
from ..queries import resolutions as resolution_rows
from ..standing import may_move_meeting, meeting_moves, own_office, runs
from ..workflow import MEETING_RULES, MeetingMove, MeetingStatus, ResolutionStatus
from . import Panel, events_of, page_of, user_of

VIEW, MANAGE = Permission.VIEW_OVERSIGHT, Permission.MANAGE_OVERSIGHT
EXTRA_ITEMS = 4


def meeting_or_404(request: Request, pk: int) -> Meeting:
    rows = Meeting.objects.visible_to(user_of(request)).select_related(
        "organization", "series", "campaign", "drafted_by", "confirmed_by", "paper"
    )
    return get_object_or_404(rows, pk=pk)


def run_by(request: Request, pk: int) -> Meeting:
    """A meeting the person manages, or 403."""
    meeting = meeting_or_404(request, pk)
    if not runs(user_of(request), meeting):
        raise PermissionDenied
    return meeting


@require_safe
@require(VIEW)
def index(request: Request) -> HttpResponse:
    """Meetings by date; above them what the rhythm says is due."""
    user, today = user_of(request), timezone.localdate()
    rows = Meeting.objects.visible_to(user).select_related("organization", "series")
    day, state = day_in(request.GET.get("on", "")), request.GET.get("state", "")
    if day:
        rows = rows.filter(held_at__date=day).exclude(
            status__in=[MeetingStatus.DRAFT, MeetingStatus.CANCELLED]
        )
    if state == "minutes":
        bodies = [post.organization_id for post in user.posts]
        rows = rows.filter(organization__in=bodies, status__in=[MeetingStatus.HELD, MeetingStatus.CONFIRMING])
    page = page_of(request, rows, ("-held_at", "-id"), size=30)
    counts = resolution_rows.counts_of(page.items, user, on=today)
    series = MeetingSeries.objects.visible_to(user).filter(is_active=True).select_related("organization")
    context = {
        "page": page,
        "day": day,
        "minutes": state == "minutes",
        "entries": [(each, counts[each.pk]) for each in page.items],
        "rhythm": resolution_rows.rhythm_of(series[:50], on=today),
        "standing": resolution_rows.standing(resolution_rows.resolutions_of(user, {}, on=today), on=today),
        "office": own_office(user),
        "today": today,
    }
    return render(request, "oversight/meetings.html", context)


# --- series ----------------------------------------------------------------------------------


def _seat_rows(request: Request, office: Organization, kept: dict[int, Any]) -> list[dict[str, Any]]:
    """Every body that may be invited, with whether it is and who comes for it; what was just sent wins."""
    sent = request.POST if request.method == "POST" else None
    found = []
    for body in forms.bodies_under(office.region_id)[: forms.MOST_BODIES]:
        if body.pk == office.pk:
            continue
        seat = kept.get(body.pk)
        found.append(
            {
                "body": body,
                "chosen": str(body.pk) in sent.getlist("seat") if sent is not None else seat is not None,
                "name": sent.get(f"name-{body.pk}", "") if sent is not None else (seat.name if seat else ""),
                "title": sent.get(f"title-{body.pk}", "")
                if sent is not None
                else (seat.title if seat else ""),
            }
        )
    return found


def _invited(rows: list[dict[str, Any]]) -> list[actions.Invited]:
    return [
        actions.Invited(row["body"], row["name"][:60], row["title"][:60]) for row in rows if row["chosen"]
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@require(MANAGE)
def create_series(request: Request) -> HttpResponse:
    return _series_form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(MANAGE)
def edit_series(request: Request, pk: int) -> HttpResponse:
    series = get_object_or_404(MeetingSeries.objects.visible_to(user_of(request)), pk=pk)
    office = own_office(user_of(request))
    if office is None or series.organization_id != office.pk:
        raise PermissionDenied
    return _series_form(request, series)


def _series_form(request: Request, series: MeetingSeries | None) -> HttpResponse:
    user = user_of(request)
    office = own_office(user)
    if office is None:
        raise PermissionDenied
    names = forms.SeriesForm.base_fields
    initial: dict[str, Any] = (
        {name: getattr(series, name) for name in names}
        if series
        else {"starts_on": timezone.localdate().replace(day=1), "rhythm": "quarter"}
    )
    form = forms.SeriesForm(request.POST or None, user=user, initial=initial)
    kept = {each.organization_id: each for each in series.seats.all()} if series else {}
    seats = _seat_rows(request, office, kept)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                saved = actions.save_series(
                    series=series,
                    seats=_invited(seats),
                    is_active=not request.POST.get("close"),
                    by=user,
                    **form.cleaned_data,
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"{saved}已保存")
                return redirect("oversight:meetings")
    context = {"series": series, "form": form, "seats": seats}
    return render(request, "oversight/series_form.html", context, status=status)


@require_safe
@require(VIEW)
def series(request: Request, pk: int) -> HttpResponse:
    """One meeting by rule: who belongs to it, when it was held."""
    user, today = user_of(request), timezone.localdate()
    row = get_object_or_404(
        MeetingSeries.objects.visible_to(user).select_related("organization", "campaign"), pk=pk
    )
    page = page_of(request, Meeting.objects.visible_to(user).filter(series=row), ("-held_at", "-id"), size=30)
    counts = resolution_rows.counts_of(page.items, user, on=today)
    office = own_office(user)
    context = {
        "series": row,
        "seats": list(row.seats.select_related("organization")),
        "page": page,
        "entries": [(each, counts[each.pk]) for each in page.items],
        "rhythm": resolution_rows.rhythm_of([row], on=today)[0],
        "runs": office is not None and row.organization_id == office.pk,
    }
    return render(request, "oversight/series.html", context)


@require_POST
@require(MANAGE)
def adopt(request: Request) -> HttpResponse:
    """Take over the shipped meetings."""
    made = actions.adopt_series(by=user_of(request))
    if made:
        messages.success(request, f"已采用：{'、'.join(str(each) for each in made)}，请补上主持人和参会人")
    else:
        messages.warning(request, "出厂的会议制度都已采用")
    return redirect("oversight:meetings")


# --- one meeting -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(MANAGE)
def create(request: Request) -> HttpResponse:
    """A meeting of a series (?series=), or by itself."""
    user = user_of(request)
    number = row_number(request.GET.get("series", ""))
    of = get_object_or_404(MeetingSeries.objects.visible_to(user), pk=number) if number else None
    office = own_office(user)
    if office is None or (of is not None and of.organization_id != office.pk):
        raise PermissionDenied
    initial: dict[str, Any] = {"held_on": timezone.localdate(), "held_time": dt.time(9, 0)}
    if of is not None:
        initial |= {
            "title": of.name, "kind": of.kind, "chair_name": of.chair_name, "chair_title": of.chair_title,
        }  # fmt: skip
    form = forms.MeetingForm(request.POST or None, initial=initial)
    kept = {each.organization_id: each for each in of.seats.all()} if of else {}
    seats = _seat_rows(request, office, kept)
    items = _items(request, None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                meeting = actions.plan_meeting(
                    series=of,
                    invited=_invited(seats),
                    items=_sent_items(request, items),
                    by=user,
                    **_given(form),
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"{meeting}已筹备，核对议程后发会议通知")
                return redirect(meeting)
    context = {
        "form": form, "seats": seats, "items": items, "series": of, "meeting": None,
        "bodies": [(each["body"].pk, each["body"].short_name) for each in seats],
    }  # fmt: skip
    return render(request, "oversight/meeting_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(MANAGE)
def edit(request: Request, pk: int) -> HttpResponse:
    meeting, user = run_by(request, pk), user_of(request)
    if meeting.status not in {MeetingStatus.DRAFT, MeetingStatus.CONVENED}:
        messages.warning(request, "会议已召开或者取消，不能再改")
        return redirect(meeting)
    when = timezone.localtime(meeting.held_at)
    initial = {
        "title": meeting.title, "kind": meeting.kind, "held_on": when.date(), "held_time": when.time(),
        "place": meeting.place, "chair_name": meeting.chair_name, "chair_title": meeting.chair_title,
        "demand": meeting.demand,
    }  # fmt: skip
    form = forms.MeetingForm(request.POST or None, initial=initial)
    kept = {each.organization_id: each for each in meeting.attendances.all()}
    seats = _seat_rows(request, meeting.organization, kept)
    items = _items(request, meeting)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = _given(form)
            given.pop("kind")
            try:
                actions.edit_meeting(
                    meeting, invited=_invited(seats), items=_sent_items(request, items), by=user, **given
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存")
                return redirect(meeting)
    context = {
        "form": form, "seats": seats, "items": items, "series": meeting.series, "meeting": meeting,
        "bodies": [(each["body"].pk, each["body"].short_name) for each in seats],
    }  # fmt: skip
    return render(request, "oversight/meeting_form.html", context, status=status)


def _given(form: forms.MeetingForm) -> dict[str, Any]:
    given = dict(form.cleaned_data)
    del given["held_on"], given["held_time"]
    return given | {"held_at": form.held_at()}


def _items(request: Request, meeting: Meeting | None) -> list[dict[str, Any]]:
    """The rows of the agenda, with some empty ones behind; what was just sent wins."""
    kept = list(meeting.agenda.order_by("position")) if meeting else []
    sent = request.POST if request.method == "POST" else None
    rows = []
    for no in range(1, len(kept) + EXTRA_ITEMS + 1):
        item = kept[no - 1] if no <= len(kept) else None
        rows.append(
            {
                "no": no,
                "title": sent.get(f"item{no}-title", "")
                if sent is not None
                else (item.title if item else ""),
                "presenter": row_number(sent.get(f"item{no}-presenter", ""))
                if sent is not None
                else (item.presenter_id if item else None),
                "minutes": sent.get(f"item{no}-minutes", "")
                if sent is not None
                else (item.minutes if item else 10),
                "carried": item.carried_id if item else None,
            }
        )
    return rows


def _sent_items(request: Request, rows: list[dict[str, Any]]) -> list[actions.Item]:
    bodies = Organization.objects.in_bulk([row["presenter"] for row in rows if row["presenter"]])
    carried = Resolution.objects.in_bulk([row["carried"] for row in rows if row["carried"]])
    return [
        actions.Item(
            row["title"],
            bodies.get(row["presenter"]),
            min(row_number(str(row["minutes"])) or 10, 600),
            "",
            carried.get(row["carried"]),
        )
        for row in rows
        if str(row["title"]).strip()
    ]


@require_safe
@require(VIEW)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, meeting_or_404(request, pk))


def _show(
    request: Request, meeting: Meeting, wrong: tuple[str, django_forms.Form | str] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    is_run, moves = runs(user, meeting), meeting_moves(user, meeting)
    attendances = list(meeting.attendances.select_related("organization").order_by("position"))
    own = bodies_of(user)
    mine = [each for each in attendances if each.organization_id in own]
    resolutions = (
        Resolution.objects.visible_to(user)
        .standing()
        .filter(meeting=meeting)
        .select_related("lead")
        .prefetch_related("shares__organization")
    )
    sent = request.POST if wrong and wrong[0] == "hold" else None
    form = wrong[1] if wrong else None
    context = {
        "meeting": meeting,
        "overtaken": form.overtaken if isinstance(form, forms.MinutesForm) else None,
        "agenda": list(meeting.agenda.select_related("presenter", "carried").order_by("position")),
        "attendances": [
            {
                "row": each,
                "state": sent.get(f"state-{each.pk}", "") if sent is not None else _first_state(each),
                "deputy": sent.get(f"deputy-{each.pk}", "") if sent is not None else each.deputy_name,
                "reason": sent.get(f"reason-{each.pk}", "") if sent is not None else each.reason,
            }
            for each in attendances
        ],
        "came": sum(each.state in {"present", "deputy"} for each in attendances),
        "missing": [each for each in attendances if each.state in {"absent", "leave"}],
        "states": [choice for choice in Attendance.State.choices if choice[0] != "invited"],
        "resolutions": list(resolutions.order_by("position")),
        "runs": is_run,
        "moves": moves,
        "writes": is_run and meeting.status == MeetingStatus.HELD,
        "may_see_minutes": is_run
        or meeting.status == MeetingStatus.ISSUED
        or MeetingMove.CONFIRM in moves
        or MeetingMove.RETURN in moves,
        "panels": [each.told(wrong) for each in _panels(meeting, mine, moves, is_run)],
        "act_view": "oversight:meeting_act",
        "pk": meeting.pk,
        "wrong": wrong[1] if wrong and isinstance(wrong[1], str) else "",
        "events": events_of(meeting, meeting.transitions.select_related("by"), MeetingMove),
        "today": today,
    }
    return render(request, "oversight/meeting.html", context, status=422 if wrong else 200)


def _first_state(row: Attendance) -> str:
    return Attendance.State.PRESENT if row.state == Attendance.State.INVITED else row.state


def _panels(meeting: Meeting, mine: list[Attendance], moves: list[str], is_run: bool) -> list[Panel]:
    found = []
    if meeting.status == MeetingStatus.CONVENED and mine:
        first = mine[0]
        form = forms.AttendForm(
            initial={
                "name": first.name,
                "title": first.title,
                "deputy_name": first.deputy_name,
                "reason": first.reason,
            }
        )
        found.append(
            Panel("attend", f"报参会人：{first.organization.short_name}", "报送", form, is_open=True)
        )
    if is_run and meeting.status == MeetingStatus.HELD:
        found.append(
            Panel(
                "resolution",
                "加一项议定事项",
                "加入",
                forms.ResolutionForm(code=meeting.organization.region_id),
            )
        )
        text = meeting.minutes or wording.draft(meeting)
        found.append(
            Panel(
                "minutes",
                "起草纪要",
                "保存纪要",
                forms.MinutesForm(initial={"minutes": text, "revision": meeting.minutes_revision}),
                is_open=True,
            )
        )
    if MeetingMove.RETURN in moves:
        found.append(Panel("return", "退回修改", "退回", forms.ReasonForm()))
    if MeetingMove.CANCEL in moves:
        found.append(Panel("cancel", "取消会议", "取消会议", forms.ReasonForm(), danger=True))
    return found


ACTS = {
    "convene", "attend", "hold", "minutes", "resolution", "drop", "submit", "return", "confirm", "issue", "cancel",
}  # fmt: skip
_RUN = {"minutes", "resolution", "drop"}


@require_POST
@require(VIEW)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One button or form of the page."""
    meeting, user = meeting_or_404(request, pk), user_of(request)
    if key not in ACTS:
        raise Http404
    own = (
        meeting.attendances.filter(organization__in=bodies_of(user))
        .select_related("meeting", "organization")
        .first()
    )
    if key == "attend":
        allowed = own is not None
    elif key in _RUN:
        allowed = runs(user, meeting)
    else:
        allowed = key in MEETING_RULES and may_move_meeting(user, MeetingMove(key), meeting)
    if not allowed:
        raise PermissionDenied
    form = _form_of(request, meeting, key)
    if form is not None and not form.is_valid():
        return _show(request, meeting, (key, form))
    try:
        words = _carry_out(request, meeting, key, form, own)
    except Refused as error:
        meeting = meeting_or_404(request, pk)
        if isinstance(error, Overtaken) and isinstance(form, forms.MinutesForm):
            form.written_over(meeting.minutes_revision, error)
        if form is not None:
            form.add_error(None, str(error))
            return _show(request, meeting, (key, form))
        return _show(request, meeting, (key, str(error)))
    messages.success(request, words)
    return redirect(meeting)


def _form_of(request: Request, meeting: Meeting, key: str) -> django_forms.Form | None:
    match key:
        case "attend":
            return forms.AttendForm(request.POST)
        case "minutes":
            return forms.MinutesForm(request.POST)
        case "resolution":
            return forms.ResolutionForm(request.POST, code=meeting.organization.region_id)
        case "return" | "cancel":
            return forms.ReasonForm(request.POST)
    return None


def _carry_out(
    request: Request, meeting: Meeting, key: str, form: django_forms.Form | None, own: Attendance | None
) -> str:
    user = user_of(request)
    given = form.cleaned_data if form is not None else {}
    match key:
        case "convene":
            actions.convene(meeting, by=user)
            return "会议通知已发出"
        case "attend":
            assert own is not None
            actions.answer_invitation(own, by=user, **given)
            return "参会人已报送"
        case "hold":
            sent = request.POST
            came = {
                each.pk: actions.Came(
                    sent.get(f"state-{each.pk}", ""),
                    sent.get(f"deputy-{each.pk}", ""),
                    sent.get(f"reason-{each.pk}", ""),
                )
                for each in meeting.attendances.all()
            }
            actions.hold(meeting, came, by=user)
            return "到会情况已登记，请起草纪要"
        case "minutes":
            actions.draft_minutes(meeting, text=given["minutes"], by=user, revision=given["revision"])
            return "纪要已保存"
        case "resolution":
            assert isinstance(form, forms.ResolutionForm)
            actions.add_resolution(
                meeting, text=given["text"], lead=given["lead"], support=form.support(), due_on=given["due_on"],
                by=user,
            )  # fmt: skip
            return "已加入议定事项"
        case "drop":
            rows = meeting.resolutions.filter(status=ResolutionStatus.DRAFT).select_related(
                "meeting__organization"
            )
            row = get_object_or_404(rows, pk=row_number(request.POST.get("resolution", "")))
            actions.remove_resolution(row, by=user)
            return "已删去"
        case "submit":
            actions.submit_minutes(meeting, by=user)
            return "纪要已送审"
        case "return":
            actions.return_minutes(meeting, by=user, **given)
            return "纪要已退回修改"
        case "confirm":
            actions.confirm_minutes(meeting, by=user)
            return "纪要已审定"
        case "issue":
            paper = actions.issue_minutes(meeting, by=user)
            return f"纪要已印发：{paper.number}，议定事项已交办"
        case _:
            actions.cancel_meeting(meeting, by=user, **given)
            return "会议已取消"

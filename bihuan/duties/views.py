"""The inbox and what surrounds it: one's own duties, the organization's, the unheld, the ladder, the calendar."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.audit.models import Event
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, paginate
from bihuan.rules.calendar import DateOutOfRange, check_range

from .actions import declare_day, publish_year, reassign_duty
from .clock import calendar
from .drafting import kinds_to_draft
from .forms import CalendarDayForm, CalendarYearForm, NewRungForm, ReassignForm, RungForm
from .ladder import Ladders, copy_shipped_ladder
from .models import Duty, DutyQuerySet, LadderStep
from .queries import inbox as inbox_of
from .queries import late_at_opening, load_of, narrow, unheld_in_area, year_view
from .rungs import add_rung, adopt_drafting_rungs, change_rung, remove_rung

STATES = [("", "全部"), ("overdue", "已逾期"), ("today", "今天到期"), ("approaching", "三天内到期")]


def _list(
    request: Request, duties: DutyQuerySet, *, page: str, title: str, lead: str, load: object
) -> HttpResponse:
    try:
        found = paginate(duties, order=("due_on", "id"), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    return render(
        request,
        "duties/list.html",
        {
            "title": title,
            "lead": lead,
            "page": found,
            "page_name": page,
            "today": timezone.localdate(),
            "load": load,
            "states": STATES,
            "state": request.GET.get("state", ""),
            "kinds": Duty.Kind.choices,
            "kind": request.GET.get("kind", ""),
        },
    )


@require_safe
def inbox(request: Request) -> HttpResponse:
    today = timezone.localdate()
    duties = inbox_of(
        request.user, state=request.GET.get("state", ""), kind=request.GET.get("kind", ""), on=today
    )
    return _list(
        request, duties, page="inbox", title="我的待办", lead="由您的岗位承担、还没有办结的事，最急的在最前。",
        load=load_of(Duty.objects.of(request.user), on=today),
    )  # fmt: skip


@require_safe
def organization(request: Request) -> HttpResponse:
    today = timezone.localdate()
    own = Duty.objects.of_organizations(request.user).open()
    duties = narrow(own, state=request.GET.get("state", ""), kind=request.GET.get("kind", ""), on=today)
    return _list(
        request,
        duties,
        page="organization",
        title="本单位待办",
        lead="本单位各岗位承担的全部待办。",
        load=load_of(own, on=today),
    )


@require_safe
@require(Permission.ASSIGN_DUTY)
def unheld(request: Request) -> HttpResponse:
    today = timezone.localdate()
    duties = unheld_in_area(request.user, on=today)
    return _list(
        request, duties, page="unheld", title="无人承办", lead="岗位空缺或停用，事情却还在。请逐件改派。",
        load=load_of(duties, on=today),
    )  # fmt: skip


def _may_reassign(request: Request, duty: Duty) -> bool:
    leads = any(
        post.is_leader and post.organization_id == duty.organization_id for post in request.user.posts
    )
    return duty.status == Duty.Status.OPEN and (request.user.has_perm(Permission.ASSIGN_DUTY) or leads)


@require_safe
def detail(request: Request, pk: int) -> HttpResponse:
    duty = get_object_or_404(
        Duty.objects.visible_to(request.user).select_related("organization", "post", "post__organization"),
        pk=pk,
    )
    return _detail(request, duty)


def _detail(
    request: Request, duty: Duty, form: ReassignForm | None = None, status: int = 200
) -> HttpResponse:
    may = _may_reassign(request, duty)
    return render(
        request,
        "duties/detail.html",
        {
            "duty": duty,
            "today": timezone.localdate(),
            "steps": duty.steps.all(),
            "late_at_opening": late_at_opening(duty),
            "reassignments": Event.objects.filter(chain=f"duties.duty:{duty.pk}", act="duties.reassign"),
            "form": (form or ReassignForm(duty=duty, user=request.user)) if may else None,
        },
        status=status,
    )


@require_POST
def reassignment(request: Request, pk: int) -> HttpResponse:
    duty = get_object_or_404(Duty.objects.visible_to(request.user), pk=pk)
    if duty.status == Duty.Status.OPEN and not _may_reassign(request, duty):
        raise PermissionDenied
    form = ReassignForm(request.POST, duty=duty, user=request.user)
    if not form.is_valid():
        return _detail(request, duty, form, status=422)
    try:
        reassign_duty(duty, form.cleaned_data["post"], by=request.user, reason=form.cleaned_data["reason"])
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已改派给{form.cleaned_data['post']}")
    return redirect("duties:detail", pk)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def ladder(request: Request) -> HttpResponse:
    today = timezone.localdate()
    shipped = Ladders(today)
    tables = [
        (label, held, shipped.rungs(key, held=held))
        for key, label in LadderStep.Ladder.choices
        for held in (True, False)
        if held or key == LadderStep.Ladder.DEFAULT
    ]
    rows = list(LadderStep.objects.all()) if request.user.has_perm(Permission.EDIT_CALENDAR) else []
    return render(
        request,
        "duties/ladder.html",
        {
            "tables": tables,
            "audiences": dict(LadderStep.Audience.choices),
            "forms": [
                (
                    row,
                    RungForm(
                        initial={
                            "offset_days": row.offset_days,
                            "audiences": row.audiences,
                            "drafts": row.drafts,
                            "every": row.every,
                        },
                        prefix=str(row.pk),
                    ),
                )
                for row in rows
            ],
            "may_edit": request.user.has_perm(Permission.EDIT_CALENDAR),
            "drafts": dict(kinds_to_draft()),
            "new_form": NewRungForm() if request.user.has_perm(Permission.EDIT_CALENDAR) else None,
        },
    )


@require_POST
@require(Permission.EDIT_CALENDAR)
def new_rung(request: Request) -> HttpResponse:
    """One more rung of the office's own ladder."""
    form = NewRungForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _first_words(form))
        return redirect("duties:ladder")
    try:
        add_rung(by=request.user, **form.cleaned_data)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已增加一级，没有办结的待办从今天起按新的阶梯催办")
    return redirect("duties:ladder")


@require_POST
@require(Permission.EDIT_CALENDAR)
def drop_rung(request: Request, pk: int) -> HttpResponse:
    try:
        remove_rung(pk, by=request.user)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已去掉这一级")
    return redirect("duties:ladder")


@require_POST
@require(Permission.EDIT_CALENDAR)
def drafting_ladder(request: Request) -> HttpResponse:
    """Take over the shipped rungs that draft supervision papers."""
    count = adopt_drafting_rungs(by=request.user)
    messages.success(request, f"已加上 {count} 级起草督办文书的阶梯") if count else messages.info(
        request, "起草督办文书的各级都已在阶梯里"
    )
    return redirect("duties:ladder")


def _first_words(form: RungForm | NewRungForm) -> str:
    return "；".join(
        f"{form.fields[name].label if name in form.fields else '阶梯'}：{errors[0]}"
        for name, errors in form.errors.items()
    )


@require_POST
@require(Permission.EDIT_CALENDAR)
def own_ladder(request: Request) -> HttpResponse:
    copy_shipped_ladder()
    messages.success(request, "已转为本地阶梯，可以逐级修改")
    return redirect("duties:ladder")


@require_POST
@require(Permission.EDIT_CALENDAR)
def rung(request: Request, pk: int) -> HttpResponse:
    form = RungForm(request.POST, prefix=str(pk))
    if not form.is_valid():
        messages.warning(request, _first_words(form))
        return redirect("duties:ladder")
    try:
        change_rung(pk, by=request.user, **form.cleaned_data)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已修改，没有办结的待办从今天起按新的阶梯催办")
    return redirect("duties:ladder")


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def calendar_page(request: Request) -> HttpResponse:
    this_year = timezone.localdate().year
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:5]) <= 2100 else this_year
    legal = calendar()
    return render(
        request,
        "duties/calendar.html",
        {
            "year": year,
            "years": range(2018, this_year + 3),
            "note": legal.note(year),
            "published": legal.status(year) == "published",
            "months": year_view(year, legal),
            "may_edit": request.user.has_perm(Permission.EDIT_CALENDAR),
            "day_form": CalendarDayForm(),
            "year_form": CalendarYearForm(initial={"year": year}),
        },
    )


@require_POST
@require(Permission.EDIT_CALENDAR)
def calendar_day(request: Request) -> HttpResponse:
    form = CalendarDayForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "请填写日期和依据文件，日期形如 2027-01-01")
        return redirect("duties:calendar")
    day = form.cleaned_data["day"]
    try:
        check_range(day)
        declare_day(
            day, working=form.cleaned_data["working"], note=form.cleaned_data["note"], by=request.user
        )
    except (Refused, DateOutOfRange) as error:
        messages.warning(request, str(error))
        return redirect("duties:calendar")
    messages.success(
        request,
        f"{day} 已改为{'工作日' if form.cleaned_data['working'] else '休息日'}，此后推算的期限按此执行",
    )
    return redirect(f"{request.path.removesuffix('day/')}?year={day.year}")


@require_POST
@require(Permission.EDIT_CALENDAR)
def calendar_year(request: Request) -> HttpResponse:
    form = CalendarYearForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "请填写年份（2000—2100）和依据文件")
        return redirect("duties:calendar")
    try:
        publish_year(form.cleaned_data["year"], document=form.cleaned_data["document"], by=request.user)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("duties:calendar")
    messages.success(request, f"{form.cleaned_data['year']} 年放假安排已登记为公布")
    return redirect(f"{request.path.removesuffix('year/')}?year={form.cleaned_data['year']}")

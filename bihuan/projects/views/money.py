"""Who pays what: shares, the ledger of a project; special funds with their lines."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.batches.models import Subsidy
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.jobs.handing import take_away

from .. import actions, forms, queries
from ..exporting import FUND_LINES
from ..models import FundAccount, FundCommitment, FundLine, Project, ProjectMoney, ProjectSource
from ..standing import approves, keeps, manages, posts_with, sees_money
from ..workflow import COMMITTING, SPENDING, FundLineKind, FundTarget, MoneyKind, ProjectStatus
from . import page_of, user_of
from .projects import given_of, project_or_404

# Whoever decides of, keeps, or looks into public money.
FUND_READERS = (
    Permission.MANAGE_PROJECTS, Permission.APPROVE_PROJECT, Permission.APPROVE_SUBSIDY, Permission.VIEW_HISTORY,
)  # fmt: skip
MOST_EARLIER = 20


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS, Permission.APPROVE_PROJECT)
def shares(request: Request, pk: int) -> HttpResponse:
    """Lay down who pays which share of the estimate."""
    project, user = project_or_404(request, pk), user_of(request)
    in_pool = project.status == ProjectStatus.RESERVED
    if not (manages(user, project) if in_pool else approves(user, project)):
        raise PermissionDenied
    form = forms.SharesForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_shares(
                project, form.cleaned_data["estimate"], form.shares(), by=user,
                reason=form.cleaned_data.get("reason", ""),
            )  # fmt: skip
        except Refused as error:
            form.add_error(None, str(error))
        else:
            gap = actions.shares_gap(project)
            if gap:
                word = "还差" if gap > 0 else "多出"
                messages.warning(
                    request, f"已保存。各方分担合计与估算投资{word} {abs(gap):,.2f} 元，补齐以后才能审定入库"
                )
            else:
                messages.success(request, "已保存，各方分担合计等于估算投资")
            return redirect(project)
    return render(
        request, "projects/shares.html", {"project": project, "form": form, "in_pool": in_pool},
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_PROJECTS)
def ledger(request: Request, pk: int) -> HttpResponse:
    """Every line of a project's money; whoever runs it writes new ones."""
    project, user = project_or_404(request, pk), user_of(request)
    if not sees_money(user, project):
        raise PermissionDenied
    runs = manages(user, project)
    if request.method == "POST" and not runs:
        raise PermissionDenied
    given = given_of(request)
    first = {
        "happened_on": timezone.localdate(),
        "source": given.get("source", ""),
        "kind": given.get("kind", ""),
    }
    form = forms.MoneyForm(request.POST or None, project=project, user=user, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            line = actions.post_money(by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已登记{line.source}{line}")
            return redirect("projects:money", pk=project.pk)
    page = page_of(request, queries.money_lines(project, given), "-id")
    sources = list(ProjectSource.objects.filter(project=project))
    context = {
        "project": project,
        "page": page,
        "form": form if runs and project.status in COMMITTING | SPENDING else None,
        "runs": runs,
        "sources": sources,
        "sums": {
            name: sum((getattr(each, name) for each in sources), queries.ZERO)
            for name in ("planned", "committed", "received", "spent")
        },
        "given": Asked(request),
        "kinds": MoneyKind.choices,
        "choices": [(each.pk, each.label) for each in sources],
    }  # fmt: skip
    return render(request, "projects/money.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def counter(request: Request, pk: int) -> HttpResponse:
    """Take one line of a project's money back by a counter-line."""
    user = user_of(request)
    rows = ProjectMoney.objects.filter(project__in=Project.objects.visible_to(user)).select_related(
        "source__project__department", "commitment__fund__account"
    )
    line = get_object_or_404(rows, pk=pk)
    project = line.source.project
    if not manages(user, project):
        raise PermissionDenied
    return _counter(
        request, lambda reason: actions.counter_money(line, reason=reason, by=user),
        f"{line.source} {line}（{line.document}）", reverse("projects:money", args=[project.pk]),
    )  # fmt: skip


def _counter(request: Request, verb: Any, what: str, back: str) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verb(form.cleaned_data["reason"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已红冲：{what}")
            return redirect(back)
    return render(
        request, "projects/small.html",
        {
            "form": form, "title": "红冲记录", "submit": "红冲", "back": back, "danger": True,
            "lead": f"{what}。原来的记录保留，另记一条相反的金额；写明为什么，再重新登记正确的。",
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(*FUND_READERS)
def funds(request: Request) -> HttpResponse:
    """The special funds of one's area; whoever keeps one opens it here."""
    user = user_of(request)
    if not user.has_perm(Permission.VIEW_PROJECTS):
        raise PermissionDenied
    may_open = bool(posts_with(user, Permission.MANAGE_PROJECTS))
    if request.method == "POST" and not may_open:
        raise PermissionDenied
    form = forms.FundForm(request.POST or None, user=user, initial={"year": timezone.localdate().year})
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            account = actions.open_account(region=given["organization"].region, by=user, **given)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已设立，接着按用途登记下达的资金")
            return redirect(account)
    rows = FundAccount.objects.visible_to(user).select_related("organization", "campaign")
    page = page_of(request, rows, "-year", "-id", size=30)
    context = {
        "page": page,
        "rows": queries.with_sums(page.items),
        "form": form if may_open else None,
    }
    return render(request, "projects/funds.html", context, status=422 if form.errors else 200)


def account_or_404(request: Request, pk: int) -> FundAccount:
    rows = FundAccount.objects.visible_to(user_of(request)).select_related(
        "organization", "campaign", "made_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(*FUND_READERS)
def fund(request: Request, pk: int) -> HttpResponse:
    if not user_of(request).has_perm(Permission.VIEW_PROJECTS):
        raise PermissionDenied
    return show_fund(request, account_or_404(request, pk))


def show_fund(request: Request, account: FundAccount, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    """One fund: by purpose, what was granted, set aside, paid, is left; each figure opens its lines."""
    user = user_of(request)
    mine = keeps(user, account)
    purposes = list(account.purposes.select_related("account"))
    whole = queries.FundSum(
        sum((each.granted for each in purposes), queries.ZERO),
        sum((each.committed for each in purposes), queries.ZERO),
        sum((each.paid for each in purposes), queries.ZERO),
    )
    today = timezone.localdate()
    panels: list[tuple[str, str, str, Any]] = []
    if mine:
        panels.append(("grant", "登记下达的资金", "登记", forms.GrantForm(initial={"happened_on": today})))
        if purposes:
            aside = forms.AsideForm(account=account, initial={"happened_on": today})
            panels.append(("aside", "安排培训、采购和其他支出", "安排", aside))
    if wrong is not None:
        panels = [
            (key, title, button, wrong[1] if key == wrong[0] else form) for key, title, button, form in panels
        ]
    for key, _, _, form in panels:
        form.auto_id = f"id_{key}_%s"
    page = page_of(request, queries.fund_lines(account, given_of(request)), "-id")
    open_ones = (
        FundCommitment.objects.filter(fund__account=account, amount__gt=queries.ZERO)
        .select_related("fund__account", "project", "subsidy__member__batch")
        .order_by("-id")
    )
    earlier = actions.uncharged(account) if mine and account.campaign_id else Subsidy.objects.none()
    summed = earlier.order_by().aggregate(n=Count("pk"), yuan=Sum("amount"))
    context = {
        "account": account,
        "earlier": list(earlier[:MOST_EARLIER]),
        "earlier_sum": summed | {"yuan": queries.cents(summed["yuan"])},
        "purposes": purposes,
        "whole": whole,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "mine": mine,
        "page": page,
        "commitments": list(open_ones[:60]),
        "given": Asked(request),
        "kinds": FundLineKind.choices,
        "purpose_choices": [(each.purpose, each.label) for each in purposes],
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "projects/fund.html", context, status=422 if wrong else 200)


@require_POST
@require(Permission.MANAGE_PROJECTS)
def fund_act(request: Request, pk: int, key: str) -> HttpResponse:
    """Money comes in, or is set aside."""
    account, user = account_or_404(request, pk), user_of(request)
    if not keeps(user, account):
        raise PermissionDenied
    form: Any
    if key == "grant":
        form = forms.GrantForm(request.POST)
    elif key == "aside":
        form = forms.AsideForm(request.POST, account=account)
    elif key == "earlier":
        return _charge_earlier(request, account, user)
    else:
        raise Http404
    if not form.is_valid():
        return show_fund(request, account, (key, form))
    try:
        if key == "grant":
            said = f"已登记{actions.grant(account, by=user, **form.cleaned_data)}"
        else:
            said = f"已安排：{actions.set_aside(by=user, **form.cleaned_data)}"
    except Refused as error:
        form.add_error(None, str(error))
        return show_fund(request, account, (key, form))
    messages.success(request, said)
    return redirect(account)


def _charge_earlier(request: Request, account: FundAccount, user: User) -> HttpResponse:
    try:
        count, yuan = actions.charge_earlier(account, by=user)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        left = actions.uncharged(account).count()
        messages.success(
            request,
            f"已补记 {count} 笔补贴，合计 {yuan:,.2f} 元{f'；还有 {left} 笔，请再点一次' if left else ''}",
        )
    return redirect(account)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def payment(request: Request, pk: int) -> HttpResponse:
    """Pay out of what was set aside."""
    user = user_of(request)
    rows = FundCommitment.objects.filter(fund__account__in=FundAccount.objects.visible_to(user))
    commitment = get_object_or_404(rows.select_related("fund__account"), pk=pk)
    account = commitment.fund.account
    if not keeps(user, account):
        raise PermissionDenied
    form = forms.PaymentForm(
        request.POST or None, initial={"happened_on": timezone.localdate(), "amount": commitment.left}
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.pay(commitment, by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已登记拨付：{commitment.what}")
            return redirect(account)
    back = account.get_absolute_url()
    if commitment.target == FundTarget.PROJECT and commitment.project_id:
        messages.info(request, "安排给工程项目的，在项目资金页登记到位，拨付同时入账")
        return redirect("projects:money", pk=commitment.project_id)
    return render(
        request, "projects/small.html",
        {
            "form": form, "title": "登记拨付", "submit": "登记拨付", "back": back, "danger": False,
            "lead": f"{commitment}，{commitment.document}，安排 {commitment.amount:,.2f} 元，未拨付 {commitment.left:,.2f} 元",
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def fund_counter(request: Request, pk: int) -> HttpResponse:
    """Take one line of a fund back by a counter-line."""
    user = user_of(request)
    rows = FundLine.objects.filter(fund__account__in=FundAccount.objects.visible_to(user))
    line = get_object_or_404(rows.select_related("fund__account", "commitment"), pk=pk)
    if not keeps(user, line.fund.account):
        raise PermissionDenied
    return _counter(
        request, lambda reason: actions.counter_line(line, reason=reason, by=user),
        f"{line.fund.label} {line}（{line.document}）", line.fund.account.get_absolute_url(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@require(*FUND_READERS)
def export(request: Request) -> HttpResponseBase:
    """The lines of a fund as a sheet."""
    user = user_of(request)
    if not (user.has_perm(Permission.VIEW_PROJECTS) and user.has_perm(Permission.EXPORT_HAZARDS)):
        raise PermissionDenied
    return take_away(
        request,
        FUND_LINES,
        query=request.GET.urlencode(),
        said="专项资金记录",
        back=reverse("projects:funds"),
    )

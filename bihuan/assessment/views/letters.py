"""Letters of responsibility: the register with who has not signed, writing, issuing, signing."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import organizations_under
from bihuan.attachments import queries as files
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.jobs.handing import take_away

from .. import actions, wording
from ..exporting import LETTERS
from ..forms import MOST_DUTIES, IssueForm, LetterFormForm
from ..models import Letter, LetterForm
from ..standing import letter_issuers, letter_moves
from ..workflow import LetterMove, LetterStatus
from . import page_of, user_of

MOST_OFFERED = 300
MOST_CAMPAIGNS = 12


@require_safe
@require(Permission.VIEW_ASSESSMENT, Permission.SIGN_LETTER)
def index(request: Request) -> HttpResponse:
    """Forms with how far their signing is, and the letters themselves; `status=issued` shows who has not signed."""
    user, today = user_of(request), timezone.localdate()
    state = request.GET.get("status", "")
    chosen_year = row_number(request.GET.get("year", "")) or today.year
    rows = Letter.objects.visible_to(user).select_related("form", "upper", "lower", "post", "paper")
    rows = rows.filter(year=chosen_year)
    if state == "waiting":
        rows = rows.filter(status__in=[LetterStatus.ISSUED, LetterStatus.COUNTERSIGN])
    elif state == "late":
        rows = rows.filter(status=LetterStatus.ISSUED, due_on__lt=today)
    elif state in LetterStatus.values:
        rows = rows.filter(status=state)
    seen = Letter.objects.visible_to(user).filter(year=chosen_year).exclude(status=LetterStatus.WITHDRAWN)
    counts = seen.aggregate(
        all=Count("pk"),
        signed=Count("pk", filter=Q(status=LetterStatus.SIGNED)),
        waiting=Count("pk", filter=Q(status=LetterStatus.ISSUED)),
        countersign=Count("pk", filter=Q(status=LetterStatus.COUNTERSIGN)),
        late=Count("pk", filter=Q(status=LetterStatus.ISSUED, due_on__lt=today)),
    )
    forms = (
        LetterForm.objects.visible_to(user)
        .filter(year=chosen_year)
        .select_related("organization")
        .annotate(
            total=Count("letters", filter=~Q(letters__status=LetterStatus.WITHDRAWN)),
            done=Count("letters", filter=Q(letters__status=LetterStatus.SIGNED)),
        )[:60]
    )
    context = {
        "page": page_of(request, rows),
        "forms": forms,
        "counts": counts,
        "status": state,
        "year": chosen_year,
        "years": [(year, f"{year} 年") for year in range(today.year + 1, today.year - 6, -1)],
        "statuses": [("waiting", "没有签齐"), ("late", "逾期未签"), *LetterStatus.choices],
        "today": today,
        "may_write": bool(letter_issuers(user)),
        "may_export": user.has_perm(Permission.VIEW_ASSESSMENT),
    }
    return render(request, "assessment/letters.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SIGN_LETTER, Permission.RUN_ASSESSMENT)
def create(request: Request) -> HttpResponse:
    user = user_of(request)
    bodies = letter_issuers(user)
    campaigns = Campaign.objects.visible_to(user).filter(status=Campaign.Status.RUNNING).order_by("-pk")
    chosen = campaigns.filter(pk=row_number(request.GET.get("campaign", ""))).first()
    begun = (
        wording.letter_of_campaign(chosen, year=timezone.localdate().year, most=MOST_DUTIES) if chosen else {}
    )
    form = LetterFormForm(request.POST or None, bodies=bodies, begun=begun)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                made = actions.write_form(given.pop("organization"), by=user, **given)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已编制，请选择下达给谁")
                return redirect(made)
    context = {"form": form, "campaigns": campaigns[:MOST_CAMPAIGNS], "chosen": chosen}
    return render(request, "assessment/letter_new.html", context, status=status)


def offered(form: LetterForm, words: str = "") -> tuple[list[Organization], list[Post]]:
    """To whom a form can still go: bodies below (by name if `words` are given), and posts of the body itself."""
    upper = form.organization
    letters = form.letters.exclude(status=LetterStatus.WITHDRAWN)
    have = set(letters.filter(post=None).values_list("lower_id", flat=True))
    kinds = [Organization.Kind.ENTERPRISE]
    if upper.kind == Organization.Kind.OFFICE:
        kinds = [Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY, *kinds]
    rows = organizations_under(upper.region_id, kinds=kinds).exclude(pk__in=[*have, upper.pk])
    if upper.kind == Organization.Kind.DEPARTMENT:
        rows = rows.filter(enterprise__department=upper)
    if words:
        rows = rows.filter(name__icontains=words)
    bodies = list(rows.order_by("kind", "region_id", "pk")[:MOST_OFFERED])
    taken = set(letters.exclude(post=None).values_list("post_id", flat=True))
    posts = [post for post in upper.posts.filter(is_active=True) if post.pk not in taken]
    return bodies, posts


def form_or_404(request: Request, pk: int) -> LetterForm:
    rows = LetterForm.objects.visible_to(user_of(request)).select_related(
        "organization__region", "made_by", "parent__form", "parent__lower"
    )
    return get_object_or_404(rows, pk=pk)


def issues(user: User, form: LetterForm) -> bool:
    return any(body.pk == form.organization_id for body in letter_issuers(user))


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT, Permission.SIGN_LETTER)
def form(request: Request, pk: int) -> HttpResponse:
    """One form: text, targets, its letters; whoever wrote it issues, reminds and countersigns here."""
    user, row = user_of(request), form_or_404(request, pk)
    may = issues(user, row)
    words = request.GET.get("q", "").strip()[:40]
    bodies, posts = offered(row, words) if may else ([], [])
    issue_form = IssueForm(request.POST or None, bodies=bodies, posts=posts)
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        try:
            messages.success(request, _act(request, row, issue_form, user))
        except Refused as error:
            messages.warning(request, str(error))
        return redirect(row)
    letters = Letter.objects.visible_to(user).filter(form=row).select_related("form", "upper", "lower", "post", "paper")  # fmt: skip
    waiting = row.letters.filter(status=LetterStatus.COUNTERSIGN).count() if may else 0
    context = {
        "form_row": row,
        "page": page_of(request, letters),
        "may": may,
        "issue_form": issue_form if may and (bodies or posts or words) else None,
        "q": words,
        "limit": MOST_OFFERED if len(bodies) == MOST_OFFERED else 0,
        "to_countersign": waiting if user.has_perm(Permission.SIGN_LETTER) else 0,
        "unsigned": row.letters.filter(status=LetterStatus.ISSUED).count() if may else 0,
        "today": timezone.localdate(),
    }
    return render(request, "assessment/letter_form.html", context)


def _act(request: Request, row: LetterForm, issue_form: IssueForm, user: User) -> str:
    what = request.POST.get("what", "")
    if what == "issue":
        if not issue_form.is_valid():
            raise Refused("请从列表里选择单位或岗位")
        given = issue_form.cleaned_data
        made = actions.issue_letters(
            row, bodies=given.get("bodies") or [], posts=given.get("posts") or [], by=user
        )
        return f"已下达 {len(made)} 份，签订任务已进入对方待办"
    if what == "remind":
        return f"已提醒 {actions.remind(row, by=user)} 家"
    if what == "countersign":
        return f"已签订 {actions.countersign_all(row, image=request.POST.get('signature', ''), by=user)} 份"
    raise Http404


def letter_or_404(request: Request, pk: int) -> Letter:
    rows = Letter.objects.visible_to(user_of(request)).select_related(
        "form__parent__form", "form__parent__lower", "upper__region", "lower__region", "post", "paper"
    )
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_ASSESSMENT, Permission.SIGN_LETTER)
def detail(request: Request, pk: int) -> HttpResponse:
    """One letter; each side signs here when it is its turn."""
    user, letter = user_of(request), letter_or_404(request, pk)
    if request.method == "POST":
        what = request.POST.get("what", "")
        try:
            if what == LetterMove.WITHDRAW:
                actions.withdraw_letter(letter, reason=request.POST.get("reason", "")[:500], by=user)
                messages.success(request, "已收回")
            else:
                typed = bool(request.POST.get("signature_typed"))
                image = request.POST.get("signature", "")
                if not image and not typed:
                    raise Refused("请在签名框内手写签名；无法手写的，勾选“以登录身份确认”")
                actions.sign_letter(letter, what, image="" if typed else image, by=user)
                messages.success(request, "已签订")
        except Refused as error:
            messages.warning(request, str(error))
        return redirect(letter)
    context = {
        "letter": letter,
        "form_row": letter.form,
        "signatures": files.signatures_of(letter),
        "moves": letter_moves(user, letter),
        "transitions": letter.transitions.select_related("by"),
        "below": letter.form.letters.none() if letter.post_id else LetterForm.objects.visible_to(user).filter(parent=letter),
        "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "assessment/letter.html", context)


@require(Permission.VIEW_ASSESSMENT)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    year = row_number(request.GET.get("year", "")) or timezone.localdate().year
    return take_away(
        request, LETTERS, query=f"year={year}", said=f"{year} 年", back=reverse("assessment:letters")
    )

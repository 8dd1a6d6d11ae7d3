"""The register, one's own papers to answer, and the kinds of papers."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away

from .. import actions, queries
from ..exporting import INSTRUMENTS
from ..forms import EditionForm
from ..models import InstrumentEdition, InstrumentRecipient
from ..models.instruments import bodies_of
from ..types import PLACEHOLDERS, kinds_of, labels, type_for
from ..workflow import Closing, Origin, Status
from . import user_of

SHOWN = 5  # drafts named above the register; the others are one click away
FILTERS = ("kind", "status", "state", "origin", "to", "year", "trigger", "q")


@require_safe
@require(Permission.VIEW_INSTRUMENTS)
def index(request: Request) -> HttpResponse:
    """Every paper one may see, newest first."""
    user, today = user_of(request), timezone.localdate()
    filters = {name: request.GET.get(name, "").strip() for name in FILTERS}
    rows = queries.listed(user, filters, on=today).select_related("organization", "paper")
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    counts = queries.counts_of(page.items, on=today)
    names: dict[int, list[str]] = {}
    addressed = InstrumentRecipient.objects.filter(instrument__in=[each.pk for each in page.items])
    for pk, name in addressed.order_by("pk").values_list("instrument_id", "organization__short_name"):
        names.setdefault(pk, []).append(name)
    body = Organization.objects.filter(pk=row_number(filters["to"])).first() if filters["to"] else None
    context = {
        "page": page,
        "entries": [(each, counts.get(each.pk, {}), names.get(each.pk, [])) for each in page.items],
        "tiles": queries.tiles(user, on=today),
        "filters": filters,
        "kinds": labels().items(),
        "statuses": Status.choices,
        "origins": Origin.choices,
        "states": queries.STATES.items(),
        "years": range(today.year, today.year - 5, -1),
        "to": body,
        "may_draft": user.has_perm(Permission.DRAFT_INSTRUMENT),
        "to_sign": list(queries.drafts_to_sign(user)[:10]),
        "to_check": list(queries.drafts_to_check(user)[:SHOWN]),
        "check_count": queries.drafts_to_check(user).count(),
        "query": request.GET.urlencode(),
    }
    return render(request, "instruments/list.html", context)


@require_safe
@require(Permission.REPLY_INSTRUMENT)
def mine(request: Request) -> HttpResponse:
    """What one's own body has to sign for, answer or keep."""
    user, state = user_of(request), request.GET.get("state", "")
    rows = queries.mine(user, state=state)
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    today = timezone.localdate()
    context = {
        "page": page,
        "entries": [(each, each.owed_until()) for each in page.items],
        "state": state,
        "today": today,
        "owed": queries.to_answer(user),
    }
    return render(request, "instruments/mine.html", context)


@require(Permission.VIEW_INSTRUMENTS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """The register as a sheet, as it is filtered."""
    back = reverse("instruments:list")
    return take_away(request, INSTRUMENTS, query=request.GET.urlencode(), said="按当前筛选", back=back)


@require_safe
@require(Permission.VIEW_INSTRUMENTS)
def types(request: Request) -> HttpResponse:
    """Every kind of paper: who, to whom, by when, and what follows."""
    user = user_of(request)
    own = _own(user)
    kinds = [type_for(key, own) for key in labels()]
    words = dict(Organization.Kind.choices)
    context = {
        "kinds": [
            {
                "type": each,
                "to": "、".join(str(words[kind]) for kind in each.recipients),
                "by": "、".join(str(words[kind]) for kind in each.draft_by),
                "closing": Closing(each.closing).label,
                "next": labels().get(each.escalates_to, ""),
                "due": each.reply_due(timezone.localdate()),
            }
            for each in kinds
        ],
        "may_set": user.has_perm(Permission.SET_TRIGGERS),
    }
    return render(request, "instruments/types.html", context)


def _own(user: object) -> Organization | None:
    bodies = bodies_of(user, Permission.DRAFT_INSTRUMENT)  # type: ignore[arg-type]
    return Organization.objects.select_related("region").filter(pk__in=bodies).order_by("pk").first()


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SET_TRIGGERS)
def type_page(request: Request, key: str) -> HttpResponse:
    """One kind of paper in one's own edition, and the next one."""
    user = user_of(request)
    if key not in labels():
        raise Http404
    own = actions.issuer_of(user)
    if key not in {each.key for each in kinds_of(own)}:
        raise Http404
    kind = type_for(key, own)
    initial = {
        "opening": kind.opening, "demand": kind.demand, "consequence": kind.consequence, "reply_days": kind.reply_days,
        "escalates_to": kind.escalates_to, "escalate_after": kind.escalate_after, "effective_from": timezone.localdate(),
    }  # fmt: skip
    form = EditionForm(request.POST or None, kind=kind, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.set_edition(
                    key, organization=own, by=user, **{"reply_days": None, **form.cleaned_data}
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已登记{kind.label}的新版本，此后印发的按它办")
                return redirect("instruments:types")
    editions = InstrumentEdition.objects.filter(organization=own, kind=key).select_related("made_by")
    context = {"kind": kind, "form": form, "editions": editions, "marks": PLACEHOLDERS.items(), "own": own}
    return render(request, "instruments/type.html", context, status=status)

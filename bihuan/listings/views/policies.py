"""The clocks and chains of a region: what is in force, with source, and choosing others (R088)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.rules import listings as rules

from .. import actions
from ..forms import ChainForm, ClocksForm
from ..models import ChainPolicy, ClockPolicy
from ..policies import rule_set_for
from ..standing import may_set_policies
from ..workflow import ChainPurpose, SubjectKind
from . import user_of


def office_of(user: User) -> Organization | None:
    """The office whose policies a person may set."""
    return next((post.organization for post in user.posts if may_set_policies(user, post.organization)), None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_LISTINGS)
def policies(request: Request) -> HttpResponse:
    """Every rule set side by side, the one in force marked; offices choose below."""
    user, today = user_of(request), timezone.localdate()
    office = office_of(user)
    what, status = request.POST.get("what", ""), 200
    clocks_form = ClocksForm(request.POST if what == "clocks" else None, on=today)
    chain_form = ChainForm(request.POST if what == "chain" else None, on=today)
    if request.method == "POST":
        if office is None:
            raise PermissionDenied
        status, form = 422, clocks_form if what == "clocks" else chain_form
        if form.is_valid():
            try:
                if what == "clocks":
                    actions.choose_clocks(office, by=user, **form.cleaned_data)
                else:
                    actions.write_chain(office, steps=_steps(request), by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存，以后呈报的挂牌按新的口径办；已经呈报的不变")
                return redirect("listings:policies")
    code = _region_of(user)
    in_force = rule_set_for(code, today) if code else rules.DEFAULT
    sets = rules.rule_sets(today)
    context = {
        "office": office,
        "sets": sets,
        "in_force": in_force,
        "table": [
            (kind, [rules.term(each.key, kind.key, today) for each in sets]) for kind in rules.term_kinds()
        ],
        "chains": _chains(code, today),
        "clocks_form": clocks_form,
        "chain_form": chain_form,
        "signers": rules.SIGNERS.items(),
        "rows": [
            {
                "no": no,
                "label": request.POST.get(f"step{no}-label", ""),
                "who": request.POST.get(f"step{no}-who", ""),
            }
            for no in range(1, rules.MOST_STEPS + 1)
        ],
        "history": _history(code, {each.key: each.label for each in sets}),
        "wrong": what,
    }
    return render(request, "listings/policies.html", context, status=status)


def _history(code: str, labels: dict[str, str]) -> list[tuple[str, ClockPolicy | ChainPolicy]]:
    """What the region has chosen so far, newest first, each in words."""
    rows: list[tuple[str, ClockPolicy | ChainPolicy]] = [
        (f"时限用{labels.get(row.rule_set, row.rule_set)}", row)
        for row in ClockPolicy.objects.filter(region=code).select_related("by")[:20]
    ]
    rows += [
        (
            f"{row.get_kind_display()}{row.get_purpose_display()}：{' → '.join(each['label'] for each in row.steps)}",
            row,
        )
        for row in ChainPolicy.objects.filter(region=code).select_related("by")[:20]
    ]
    return sorted(rows, key=lambda each: each[1].at, reverse=True)


def _region_of(user: User) -> str:
    return next((post.organization.region_id for post in user.posts), "")


def _steps(request: Request) -> list[rules.Step]:
    sent = request.POST
    steps = [
        rules.Step(sent.get(f"step{no}-label", "").strip()[:40], sent.get(f"step{no}-who", ""))
        for no in range(1, rules.MOST_STEPS + 1)
    ]
    return [each for each in steps if each.label or each.who]


def _chains(code: str, today: Any) -> list[dict[str, Any]]:
    """Every chain in force for the region: its own, or the shipped one of its level."""
    level = {2: "province", 4: "city"}.get(len(code), "county")
    own: dict[tuple[str, str], ChainPolicy] = {}
    for row in ChainPolicy.objects.filter(region=code[:6], effective_from__lte=today).order_by(
        "effective_from", "pk"
    ):
        own[row.kind, row.purpose] = row
    found = []
    for kind in SubjectKind:
        for purpose in ChainPurpose:
            chosen = own.get((kind.value, purpose.value))
            steps = (
                [each["label"] for each in chosen.steps]
                if chosen
                else [each.label for each in rules.chain(level, kind, purpose, today)]
            )
            source = chosen.document if chosen else "随系统提供"
            found.append({"kind": kind.label, "purpose": purpose.label, "steps": steps, "source": source})
    return found

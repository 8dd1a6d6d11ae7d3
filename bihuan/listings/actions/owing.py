"""What is owed while a listing lasts, and telling people what became of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of, leaders_of, service_user
from bihuan.audit.actions import chain_of
from bihuan.duties.actions import finish_duty, open_duty, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.hazards.owed import post_with
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.rules import clocks
from bihuan.rules import listings as rules

from ..models import Application, Listing
from ..policies import due, term
from ..workflow import ListingStatus

Kind = Duty.Kind
LADDER = "hazard.major"  # presses early and reaches the office above three days after
ON_BEHALF = "代整改单位"


def owner_of(listing: Listing) -> tuple[Organization, bool]:
    """Who owes what the owner owes; the locality or the listing body for one without an account (then True)."""
    if listing.owner is not None:
        return listing.owner, False
    body = (
        Organization.objects.current(on=timezone.localdate())
        .filter(kind=Organization.Kind.LOCALITY, region=listing.locality_id)
        .first()
    )
    return body or listing.organization, True


def owe(
    listing: Listing,
    kind: str,
    title: str,
    *,
    organization: Organization,
    permission: str,
    due_on: dt.date,
    clock: dict[str, Any],
    by: User,
    subject: Any = None,
    url: str = "",
) -> None:
    """Open a duty on a listing (or a record of it), unless the same body owes it already: then move its date."""
    what = subject if subject is not None else listing
    if Duty.objects.open().filter(subject=chain_of(what), kind=kind, organization=organization).exists():
        reschedule_duty(what, kind, due_on, clock, by=by, title=title)
        return
    open_duty(
        kind=kind, subject=what, title=title, url=url or listing.get_absolute_url(), organization=organization,
        post=post_with(organization, permission), place=listing, due_on=due_on, clock=clock, ladder=LADDER, by=by,
    )  # fmt: skip


def owe_of_owner(
    listing: Listing, kind: str, verb: str, due_on: dt.date, clock: dict[str, Any], *, by: User
) -> None:
    """The same, of whoever must put it right."""
    body, on_behalf = owner_of(listing)
    title = f"{ON_BEHALF}·{verb}" if on_behalf else verb
    permission = (
        Permission.RECTIFY_HAZARD if body.kind == Organization.Kind.ENTERPRISE else Permission.MANAGE_LISTINGS
    )
    owe(
        listing, kind, f"{title}：{listing.title[:80]}", organization=body, permission=permission, due_on=due_on,
        clock=clock, by=by,
    )  # fmt: skip


def owe_rectifying(listing: Listing, *, by: User) -> None:
    """Complete it by the deadline the order names."""
    told = {
        "summary": f"挂牌督办通知书定的期限 {listing.due_on}",
        "source": listing.order.number if listing.order else "",
    }
    owe_of_owner(listing, Kind.LISTING_RECTIFY, "完成挂牌督办整改", listing.due_on, told, by=by)


def progress_of(listing: Listing, on: dt.date) -> tuple[rules.Progress, dict[str, str]]:
    """How the reports stand, and why the next one is due when it is."""
    anchor = listing.received_on or listing.listed_on
    assert anchor is not None
    rule = term(listing, "progress_months", listing.listed_on or on)
    made = [timezone.localdate(at) for at in listing.progress_reports.values_list("at", flat=True)]
    standing = rules.progress(anchor, rule.number, made, on)
    event = "签收" if listing.received_on else "下达"
    told = {
        "summary": f"自 {anchor} 通知书{event}之日起每 {rule.number} 个月至少报告一次，第 {standing.period} 期至 {standing.due_on}",
        "source": clocks.basis(dataclasses.asdict(rule)),
    }
    return standing, told


def owe_progress(listing: Listing, *, by: User) -> None:
    """The next report; the day stands on the listing, too, for lists and triggers."""
    standing, told = progress_of(listing, timezone.localdate())
    Listing.objects.filter(pk=listing.pk).update(progress_due_on=standing.due_on)
    listing.progress_due_on = standing.due_on
    owe_of_owner(
        listing, Kind.LISTING_PROGRESS, f"报告第 {standing.period} 期进展", standing.due_on, told, by=by
    )


def superior_of(listing: Listing) -> Organization | None:
    """The nearest office above the one that lists."""
    code = listing.organization.region_id
    above = [code[:length] for length in (4, 2) if length < len(code)]
    offices = Organization.objects.current(on=timezone.localdate()).filter(
        kind=Organization.Kind.OFFICE, region_id__in=above
    )
    return min(offices, key=lambda each: -len(each.region_id), default=None)


def owe_attending(listing: Listing, *, by: User) -> None:
    """What the listing body owes from the order on: tell the office above (青岛：3 个工作日), and have a leader look at the
    place (R092)."""
    today = timezone.localdate()
    owed = [(Kind.LISTING_VISIT, "lead_visit", "领导现场督办")]
    if superior_of(listing) is not None:
        owed.append((Kind.LISTING_REPORT, "report_up", "报上级安委办备案"))
    for kind, key, verb in owed:
        derived = due(listing, key, today)
        owe(
            listing, kind, f"{verb}：{listing.title[:80]}", organization=listing.organization,
            permission=Permission.MANAGE_LISTINGS, due_on=derived.due_on, clock=derived.explanation, by=by,
        )  # fmt: skip


def settle_receipt(listing: Listing, *, by: User) -> bool:
    """Once the order has been signed for, reports count from that day (宁波：收到通知书起). Says whether it had changed."""
    receipt = getattr(listing.order, "receipt", None)
    if receipt is None or listing.received_on is not None:
        return False
    received_on = timezone.localdate(receipt.at)
    if not Listing.objects.filter(pk=listing.pk, received_on=None).update(received_on=received_on):
        return False
    listing.received_on = received_on
    if listing.status == ListingStatus.LISTED:
        owe_progress(listing, by=by)
    return True


def owe_examination(listing: Listing, start: dt.date, *, by: User) -> dt.date:
    """The listing body examines on the spot within its days, counted from the application or the end of the term."""
    derived = due(listing, "examine", start)
    owe(
        listing, Kind.LISTING_EXAMINE, f"摘牌现场审查：{listing.title[:80]}", organization=listing.organization,
        permission=Permission.MANAGE_LISTINGS, due_on=derived.due_on, clock=derived.explanation, by=by,
    )  # fmt: skip
    return derived.due_on


def settle_rectifying(listing: Listing, *, by: User) -> None:
    """What the owner owed while it was being put right is done."""
    for kind in (Kind.LISTING_RECTIFY, Kind.LISTING_PLAN):
        finish_duty(listing, kind, by=by)
    for kind in (Kind.LISTING_PROGRESS, Kind.LISTING_VISIT):
        finish_duty(listing, kind, by=by, cancelled=True)


def settle_all(listing: Listing, *, by: User) -> None:
    """A listing at its end owes nothing more."""
    for kind in (
        Kind.LISTING_STEP, Kind.LISTING_PLAN, Kind.LISTING_PROGRESS, Kind.LISTING_RECTIFY, Kind.LISTING_EXTENSION,
        Kind.LISTING_EXAMINE, Kind.LISTING_REPORT, Kind.LISTING_VISIT,
    ):  # fmt: skip
        finish_duty(listing, kind, by=by, cancelled=True)


def keep_listings(now: dt.datetime) -> int:
    """What the day brings (the worker, hourly; run again it does nothing): orders signed for meanwhile move the clock of
    reports, and a term that has run out without an application makes the examination due (16号令23条).

    Returns how many listings changed.
    """
    today, by, changed = timezone.localdate(now), service_user(), 0
    waiting = Listing.objects.hanging().filter(received_on=None, order__receipt__isnull=False)
    for listing in waiting.select_related("order__receipt", "owner", "organization__region"):
        with transaction.atomic():
            changed += settle_receipt(listing, by=by)
    late = Listing.objects.overdue(on=today).select_related("owner", "organization__region", "order")
    for listing in late:
        if Duty.objects.filter(
            subject=chain_of(listing), kind=Kind.LISTING_EXAMINE, opened_at__date__gt=listing.due_on
        ).exists():
            continue
        last = Application.objects.filter(listing=listing, at__date__gt=listing.due_on).exists()
        if last:
            continue
        with transaction.atomic():
            owe_examination(listing, listing.due_on, by=by)
            tell(
                listing,
                f"挂牌督办逾期：{listing.title[:60]}",
                f"期限 {listing.due_on} 已过，挂牌单位将现场审查",
            )
        changed += 1
    return changed


def tell(listing: Listing, title: str, body: str) -> None:
    """Tell whoever must put it right, after commit."""
    organization, _ = owner_of(listing)
    key = f"listing:{listing.pk}:{title[:40]}:{timezone.localdate()}"
    transaction.on_commit(partial(_send, organization, title, body, listing.get_absolute_url(), key))


def _send(organization: Organization, title: str, body: str, url: str, key: str) -> None:
    post = default_post(organization)
    people = holders_of(post) if post else leaders_of(organization)
    notify(people, category=Message.Category.RESULT, title=title[:120], body=body[:480], url=url, key=key)

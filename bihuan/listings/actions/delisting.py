"""The end: struck off by the body that listed it, told by a paper, made public on the same medium (青岛)."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.rules import listings as rules

from .. import wording
from ..models import Listing, PublicNotice
from ..policies import due
from ..standing import runs
from ..workflow import ListingMove, NoticePurpose
from .moving import move_listing, paper_permission, sees
from .ordering import owe_notice
from .owing import settle_all, tell


def strike_off(listing: Listing, *, opinion: str, by: User) -> Paper:
    """Issue the delisting paper and lift the supervision of the hazard. In the transaction of the last signature."""
    today = timezone.localdate()
    paper = issue_paper(
        Paper.Kind.DELISTING, subject=listing, organization=listing.organization, recipient=listing.owner,
        recipient_name=listing.owner_name, department=listing.department, place=listing,
        content=wording.delisting(listing, on=today), case_of=listing.order,
        permission=paper_permission(by), by=by,
    )  # fmt: skip
    move_listing(
        listing, ListingMove.STRIKE_OFF, by=by, reason=opinion,
        changed={"struck_off_on": today, "delisting": paper, "progress_due_on": None},
    )  # fmt: skip
    if listing.hazard is not None:
        listing.hazard.refresh_from_db()
        if listing.hazard.is_supervised:
            hazards.lift_supervision(listing.hazard, reason=f"摘牌，{paper.number}", by=by)
    settle_all(listing, by=by)
    for letter in listing.letters.all():
        finish_duty(letter, Duty.Kind.LETTER, by=by, cancelled=True)
    owe_notice(listing, NoticePurpose.DELISTING, by=by)
    tell(listing, f"已摘牌：{listing.title[:60]}", f"{paper.number}，请巩固整改成果，防止反弹")
    return paper


@transaction.atomic
def publish(notice: PublicNotice, *, medium: str, published_on: dt.date, by: User) -> None:
    """Make a notice public: from that day on, for the days of the rule set; the page without login shows it from now.

    Where the rule set asks for it, the end is made public on the medium of the beginning. Raises PermissionDenied,
    Refused, IllegalMove when it is public already.
    """
    listing = notice.listing
    if not runs(by, listing) or not sees(by, listing):
        raise PermissionDenied
    if not medium.strip():
        raise Refused("请写明在哪里公布：报纸、网站栏目或者张贴地点")
    first = listing.order and listing.listed_on
    begun = listing.struck_off_on if notice.purpose == NoticePurpose.DELISTING else listing.listed_on
    if notice.purpose == NoticePurpose.EXPOSURE and not listing.is_hanging:
        raise IllegalMove("已经摘牌，不再曝光")
    if first is None or begun is None or not begun <= published_on <= timezone.localdate():
        raise Refused(f"公布日期应在{begun}至今天之间，所填为{published_on}")
    if notice.purpose == NoticePurpose.DELISTING and "same_medium" in rules.rule_set(
        listing.rule_set, published_on
    ).flags:  # fmt: skip
        earlier = listing.notices.filter(purpose=NoticePurpose.LISTING).exclude(published_on=None).first()
        if earlier is not None and earlier.medium != medium.strip():
            raise Refused(f"摘牌应在公布挂牌的同一媒体公布：{earlier.medium}")
    derived = due(listing, "notice_days", published_on)
    if not PublicNotice.objects.filter(pk=notice.pk, published_on=None).update(
        medium=medium.strip()[:200], published_on=published_on, ends_on=derived.due_on,
        ends_clock=derived.explanation, by=by,
    ):  # fmt: skip
        raise IllegalMove("这份公告已经公布过")
    notice.refresh_from_db()
    record(
        "listings.publish",
        notice,
        by=by,
        summary=f"{listing.number}{notice.get_purpose_display()}：{notice.medium}",
    )
    finish_duty(notice, Duty.Kind.LISTING_STEP, by=by)

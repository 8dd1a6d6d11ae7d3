"""What the reader of a listing should know before acting: why it came back, what is still lacking, whose turn it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.core.dates import day_words
from bihuan.hazards.workflow import Status

from .models import Listing
from .standing import acts_for_owner, may_edit, runs
from .workflow import ListingMove, ListingStatus, SubjectKind


@dataclass(frozen=True)
class Hint:
    """One remark above the work; `url` where it is put right, when that is another page."""

    title: str
    text: str
    tone: str = "warning"
    url: str = ""
    act: str = ""


def hints(listing: Listing, user: User, *, on: dt.date) -> list[Hint]:
    """The remarks of the day, most pressing first; nothing when all goes its way."""
    return [*_came_back(listing, user), *_lacking(listing, user, on)]


def _came_back(listing: Listing, user: User) -> Iterator[Hint]:
    moves = {
        ListingStatus.RETURNED: (ListingMove.RETURN, "退回修改", "按意见修改后重新呈报。"),
        ListingStatus.WITHDRAWN: (ListingMove.WITHDRAW, "不予挂牌", ""),
    }
    if listing.status in moves:
        move, title, then = moves[ListingStatus(listing.status)]
        line = listing.transitions.filter(move=move).order_by("-pk").first()
        if line is not None:
            url = reverse("listings:edit", args=[listing.pk]) if may_edit(user, listing) else ""
            yield Hint(title, f"{line.reason.rstrip('。')}。{then}", url=url, act="修改呈报稿")
    elif listing.status == ListingStatus.LISTED:
        last = listing.examinations.order_by("-pk").first()
        if last is not None and not last.passed:
            yield Hint(
                "现场审查不合格",
                f"{day_words(last.examined_on)}：{last.opinion.rstrip('。')}。整改完成后重新申请摘牌验收。",
                tone="error",
            )
    elif listing.status == ListingStatus.EXAMINING:
        line = listing.transitions.order_by("-pk").first()
        if line is not None and line.move == ListingMove.RETURN_DELISTING:
            yield Hint("摘牌审签退回", "摘牌没有通过审签，由挂牌单位重新组织现场审查。")


def _lacking(listing: Listing, user: User, on: dt.date) -> Iterator[Hint]:
    own = acts_for_owner(user, listing)
    if (
        listing.is_hanging
        and listing.order is not None
        and getattr(listing.order, "receipt", None) is None
        and runs(user, listing)
    ):
        yield Hint(
            "通知书还没有签收",
            f"{listing.owner_name}可以在本页签收；当面送达或者拒收的，在文书页登记。",
            url=listing.order.get_absolute_url(),
            act="登记送达",
        )
    hazard = listing.hazard
    if listing.status == ListingStatus.LISTED and hazard is not None and listing.plans.exists():
        if hazard.status == Status.PLAN_REVIEW:
            yield Hint(
                "治理方案在审查",
                f"备案的方案由{hazard.department.short_name if hazard.department else '主管部门'}审查，同意以后才能申请摘牌验收。",
                tone="info",
            )
        elif hazard.status == Status.PLANNING:
            yield Hint(
                "治理方案被退回", "请按审查意见修改" + ("，在下面重新备案。" if own else "后重新备案。")
            )
    if (
        listing.status == ListingStatus.EXAMINING
        and listing.kind == SubjectKind.HAZARD
        and not _evaluated(listing)
    ):
        yield Hint("还缺整改效果评价报告", f"由{listing.owner_name}提交，没有报告不能审查合格。")


def _evaluated(listing: Listing) -> bool:
    application = listing.applications.order_by("-pk").first()
    return application is not None and application.effect_reports.exists()

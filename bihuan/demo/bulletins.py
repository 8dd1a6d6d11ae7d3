"""What the office of the demo city says of each period: bulletins issued, waiting to be signed, and still being written."""

from __future__ import annotations

import datetime as dt

from bihuan.accounts.models import Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.returns.bulletins import actions
from bihuan.returns.models import Bulletin, Period

from .city import City
from .moments import as_of, at_hour

REQUEST = "各地各单位要把逾期隐患逐项落实到人，整改前落实好防范措施；市安委办将对进展缓慢的地方组织现场督导。"


def bulletins(city: City) -> None:
    """Write about the last weeks, the last month and the last quarter, as far as returns were opened for them."""
    for key, last_is in (
        ("weekly.circular", "checked"),
        ("monthly.summary", "draft"),
        ("quarterly.city", "issued"),
    ):
        periods = list(
            Period.objects.filter(definition__key=key).select_related("definition").order_by("last", "pk")
        )
        for number, period in enumerate(periods, start=1):
            _write(city, period, last_is if number == len(periods) else "issued")


def _write(city: City, period: Period, until: str) -> None:
    body = period.definition.organization_id
    drafter, leader = _person(body, Permission.RECEIVE_RETURNS), _person(body, Permission.ISSUE_BULLETIN)
    written = min(at_hour(period.due_on + dt.timedelta(days=1), 9), at_hour(city.today, 8))
    if drafter is None or leader is None:
        return
    with as_of(written):
        bulletin = actions.draft_bulletin(period, by=drafter)
    with as_of(written + dt.timedelta(minutes=40)):
        bulletin = _finish(bulletin, drafter)
    if until == "draft":
        return
    with as_of(written + dt.timedelta(minutes=50)):
        try:
            actions.check_bulletin(bulletin, by=drafter)
        except actions.NotSound:
            return  # stays a draft, its problems to be seen
    if until == "issued":
        with as_of(written + dt.timedelta(hours=2)):
            actions.issue_bulletin(bulletin, by=leader)


def _finish(bulletin: Bulletin, by: User) -> Bulletin:
    """The sentence people add to what the numbers say."""
    last = bulletin.sections[-1]
    return actions.edit_bulletin(
        bulletin, version=bulletin.version, title=bulletin.title, recipients=bulletin.recipients, cc="市委办公室、市政府办公室",
        texts={last["key"]: f"{last['text']}\n{REQUEST}"}, by=by,
    )  # fmt: skip


def _person(body: int, permission: str) -> User | None:
    """Somebody of the body who may."""
    for post in Post.objects.filter(organization=body, holdings__user__is_active=True).order_by("pk"):
        if permission in ROLES[post.role].permissions:
            holding = post.holdings.filter(user__is_active=True).order_by("pk").first()
            return User.objects.get(pk=holding.user_id) if holding else None
    return None

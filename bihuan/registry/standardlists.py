"""The five lists of R040 and the key-supervision list, made ready for a body that has none yet."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.core.errors import Refused

from .keysupervision import USUAL
from .lists import share, sources_for
from .models import SharedList

Standard = SharedList.Standard

# Each: its kind, the rows it holds, the filter, the columns (none: the usual ones).
_READY: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (Standard.ENTERPRISES, "registry.enterprises", "status=operating&status=idle", ()),
    (Standard.ZONES, "zones.zones", "", ()),
    (Standard.HAZARDS, "hazards.hazards", "state=open", ()),
    (Standard.RISKS, "registry.risk_points", "", ()),
    (
        Standard.STOPPED,
        "registry.enterprises",
        "status=idle",
        (
            "name",
            "kind",
            "locality",
            "address",
            "department",
            "since",
            "why",
            "expected",
            "leader",
            "watcher",
        ),
    ),
    (
        Standard.KEY,
        "registry.enterprises",
        f"criteria={','.join(USUAL)}&status=operating&status=idle",
        ("name", "kind", "locality", "department", "risk", "grade", "flags", "leader", "watcher"),
    ),
)


# How each is laid out where the rows know that order: 企业及行业 by industry, 停产 by place, risks by gravity.
_ORDERS: dict[str, str] = {
    Standard.ENTERPRISES: "kind",
    Standard.RISKS: "colour",
    Standard.STOPPED: "place",
    Standard.KEY: "risk",
}


def missing_standard(user: User) -> list[str]:
    """The kinds of standard lists that the person's body does not have, of those whose rows can be listed."""
    post = user.main_post
    if post is None:
        return []
    open_to = {source.key for source in sources_for(user)}
    have = set(
        SharedList.objects.filter(organization=post.organization, is_active=True).values_list(
            "standard", flat=True
        )
    )
    return [kind for kind, source, _, _ in _READY if kind not in have and source in open_to]


def make_standard(*, by: User) -> list[SharedList]:
    """Make the missing ones, shared with the whole area; a name already taken by another list is left alone."""
    wanted, made = set(missing_standard(by)), []
    for kind, source, query, columns in _READY:
        if kind not in wanted:
            continue
        name = str(Standard(kind).label)
        try:
            made.append(
                share(
                    by=by,
                    name=name,
                    source=source,
                    query=query,
                    columns=columns,
                    sharing=SharedList.Sharing.AREA,
                    standard=kind,
                    order=_ORDERS.get(kind, ""),
                )
            )
        except Refused:
            continue
    return made

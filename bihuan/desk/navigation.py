"""The left navigation: what a person's posts allow, grouped by kind of work."""

from __future__ import annotations

from dataclasses import dataclass

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission as P
from bihuan.core.addresses import address


@dataclass(frozen=True)
class Entry:
    """One line of the navigation; `permissions` empty means everybody who is signed in."""

    label: str
    view: str
    icon: str
    permissions: tuple[str, ...] = ()


GROUPS: list[tuple[str, list[Entry]]] = [
    (
        "我的工作",
        [
            Entry("首页", "desk:home", "home"),
            Entry("待办", "duties:inbox", "inbox"),
            Entry("本单位待办", "duties:organization", "list-check", (P.VIEW_CAMPAIGNS,)),
            Entry("消息", "notifications:list", "bell"),
            Entry("后台任务", "jobs:list", "clock"),
            Entry("无人承办", "duties:unheld", "user", (P.ASSIGN_DUTY,)),
        ],
    ),
    (
        "专项整治",
        [
            Entry("行动", "campaigns:list", "flag", (P.VIEW_CAMPAIGNS,)),
            Entry("方案工作台", "campaigns:plans", "file-text", (P.MANAGE_PLANS,)),
        ],
    ),
    (
        "监督检查",
        [
            Entry("检查", "inspections:list", "clipboard-check", (P.VIEW_INSPECTIONS,)),
            Entry("隐患台账", "hazards:ledger", "alert-triangle", (P.VIEW_HAZARDS,)),
            Entry("文书", "papers:list", "files", (P.VIEW_PAPERS,)),
            Entry("历史统计", "archive:index", "history", (P.VIEW_HISTORY,)),
        ],
    ),
    ("对象", [Entry("企业与场所", "registry:list", "building", (P.VIEW_REGISTRY,))]),
    (
        "系统",
        [
            Entry(
                "单位与岗位", "accounts:organizations", "list-check", (P.MANAGE_ORGANIZATIONS, P.GRANT_ROLES)
            ),
            Entry("账号", "accounts:users", "users", (P.MANAGE_USERS, P.UNLOCK_USERS, P.HAND_OVER)),
            Entry("岗位权限", "accounts:roles", "key", ()),
            Entry("工作日历", "duties:calendar", "calendar", (P.VIEW_CAMPAIGNS,)),
            Entry("催办阶梯", "duties:ladder", "clock", (P.VIEW_CAMPAIGNS,)),
            Entry("系统体检", "operations:health", "shield-check", (P.OPERATE,)),
            Entry("审计记录", "audit:events", "history", (P.VIEW_AUDIT,)),
            Entry("审计核验", "audit:verify", "shield-check", (P.VERIFY_AUDIT,)),
        ],
    ),
]


# Counts that change under an open page, by the names static/js/live.mjs is told.
LIVE_COUNTS = {"duties:inbox": "duties", "notifications:list": "messages"}


def navigation(user: User, path: str, badges: dict[str, int]) -> list[dict[str, object]]:
    """The groups a person sees, the current page marked, counts beside 待办 and 消息."""
    permissions = user.permissions
    current = _current(path)
    groups: list[dict[str, object]] = []
    for label, entries in GROUPS:
        items = [
            {
                "label": entry.label,
                "url": address(entry.view),
                "icon": entry.icon,
                "badge": badges.get(entry.view, 0),
                "count": LIVE_COUNTS.get(entry.view, ""),
                "active": entry.view == current,
            }
            for entry in entries
            if not entry.permissions or permissions.intersection(entry.permissions)
        ]
        if items:
            groups.append({"label": label, "items": items})
    return groups


def _current(path: str) -> str:
    """The view of the entry a page belongs to: the one whose address fits most closely; the home page only itself."""
    fitting = [
        (len(url), entry.view)
        for _, entries in GROUPS
        for entry in entries
        if path == (url := address(entry.view)) or (url != "/" and path.startswith(url))
    ]
    return max(fitting, default=(0, ""))[1]

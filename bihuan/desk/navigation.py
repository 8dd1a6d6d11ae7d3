"""The left navigation: what a person's posts allow, grouped by kind of work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission as P
from bihuan.core.addresses import address
from bihuan.core.markup import icon


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
            Entry("今日要事", "desk:morning", "calendar-due", (P.ASSIGN_DUTY,)),
            Entry("调度大屏", "desk:room", "map-2", (P.USE_ROOM,)),
            Entry("待办", "duties:inbox", "inbox"),
            Entry("本单位待办", "duties:organization", "list-check", (P.VIEW_CAMPAIGNS,)),
            Entry("消息", "notifications:list", "bell"),
            Entry("后台任务", "jobs:list", "clock"),
            Entry("逾期待办", "duties:late", "clock", (P.ASSIGN_DUTY,)),
            Entry("无人承办", "duties:unheld", "user", (P.ASSIGN_DUTY,)),
        ],
    ),
    (
        "专项整治",
        [
            Entry("行动", "campaigns:list", "flag", (P.VIEW_CAMPAIGNS,)),
            Entry("方案工作台", "campaigns:plans", "file-text", (P.MANAGE_PLANS,)),
            Entry("分批整治", "batches:list", "list-check", (P.VIEW_CAMPAIGNS,)),
            Entry("工程项目", "projects:list", "clipboard-list", (P.VIEW_PROJECTS,)),
            Entry(
                "专项资金",
                "projects:funds",
                "folder",
                (P.MANAGE_PROJECTS, P.APPROVE_PROJECT, P.APPROVE_SUBSIDY, P.VIEW_HISTORY),
            ),
        ],
    ),
    (
        "监督检查",
        [
            Entry("检查", "inspections:list", "clipboard-check", (P.VIEW_INSPECTIONS,)),
            Entry("检查计划", "planning:visits", "calendar-due", (P.VIEW_CAMPAIGNS,)),
            Entry("双随机", "planning:draws", "scan", (P.VIEW_CAMPAIGNS,)),
            Entry("佐证提示", "inspections:signals", "eye", (P.VIEW_CAMPAIGNS,)),
            Entry("离线检查", "field:app", "wifi-off", (P.CONDUCT_INSPECTION,)),
            Entry("检查表库", "checklists:library", "checklist", (P.VIEW_CHECKLISTS,)),
            Entry("隐患台账", "hazards:ledger", "alert-triangle", (P.VIEW_HAZARDS,)),
            Entry("企业自查", "pledges:self_check", "clipboard-check", (P.SIGN_PLEDGE,)),
            Entry("承诺书", "pledges:list", "file-text", (P.VIEW_REGISTRY,)),
            Entry("人员证件", "pledges:certificates", "users", (P.VIEW_REGISTRY,)),
            Entry("移送案件", "pledges:referrals", "gavel", (P.VIEW_CAMPAIGNS,)),
            Entry("文书", "papers:list", "files", (P.VIEW_PAPERS,)),
            Entry("历史统计", "archive:index", "history", (P.VIEW_HISTORY,)),
        ],
    ),
    (
        "调度督导",
        [
            Entry("报送", "returns:list", "files", (P.VIEW_RETURNS,)),
            Entry("工作通报", "returns:bulletins", "file-text", (P.VIEW_RETURNS,)),
            Entry("请示报告", "submissions:list", "file-text", (P.VIEW_SUBMISSIONS,)),
            Entry("督办文书", "instruments:list", "gavel", (P.VIEW_INSTRUMENTS,)),
            Entry("收到的督办", "instruments:mine", "inbox", (P.REPLY_INSTRUMENT,)),
            Entry("挂牌督办", "listings:list", "flag", (P.VIEW_LISTINGS,)),
            Entry("督导检查", "oversight:overview", "eye", (P.VIEW_OVERSIGHT, P.RECORD_OVERSIGHT)),
            Entry("迎检", "oversight:receptions", "clipboard-list", (P.VIEW_OVERSIGHT,)),
            Entry("会议", "oversight:meetings", "calendar", (P.VIEW_OVERSIGHT,)),
            Entry("包干", "oversight:districts", "map-pin", (P.VIEW_OVERSIGHT,)),
            Entry("我的包干", "oversight:mine", "user", (P.LEAD_DISTRICT,)),
            Entry("回头看", "lookback:list", "eye", (P.VIEW_LOOKBACK,)),
            Entry("事故", "accidents:list", "alert-octagon", (P.VIEW_ACCIDENTS,)),
            Entry("考核", "assessment:list", "chart-bar", (P.VIEW_ASSESSMENT,)),
            Entry("责任书", "assessment:letters", "file-text", (P.VIEW_ASSESSMENT, P.SIGN_LETTER)),
            Entry("工作计划", "office:plans", "checklist", (P.VIEW_OFFICE_WORK,)),
            Entry("首问事项", "office:asked_list", "inbox", (P.VIEW_OFFICE_WORK,)),
            Entry("公开承诺", "office:commitments", "flag", (P.VIEW_OFFICE_WORK,)),
            Entry("效能监察", "office:conduct_list", "shield-check", (P.INSPECT_CONDUCT,)),
            Entry("台账目录", "office:catalogue", "folder", (P.VIEW_OFFICE_WORK,)),
            Entry("上下级交换", "exchange:index", "refresh", (P.VIEW_EXCHANGE,)),
        ],
    ),
    (
        "对象",
        [
            Entry("企业与场所", "registry:list", "building", (P.VIEW_REGISTRY,)),
            Entry("一张图", "zones:map", "map-2", (P.VIEW_REGISTRY,)),
            Entry("区域", "zones:list", "map-pin", (P.VIEW_REGISTRY,)),
            Entry("清单", "registry:lists", "clipboard-list", (P.EXPORT_HAZARDS, P.CONDUCT_INSPECTION)),
            Entry("责任落实", "registry:owners", "user-plus", (P.EDIT_REGISTRY,)),
            Entry(
                "风险点", "registry:risk_points", "alert-octagon", (P.EXPORT_HAZARDS, P.CONDUCT_INSPECTION)
            ),
            Entry("重大危险源", "registry:units", "alert-triangle", (P.EXPORT_HAZARDS, P.CONDUCT_INSPECTION)),
            Entry("危险化学品", "registry:chemicals", "folder", (P.EXPORT_HAZARDS, P.CONDUCT_INSPECTION)),
            Entry("企业分级", "registry:grades", "shield", (P.EXPORT_HAZARDS,)),
            Entry("停产关闭复核", "registry:rechecks", "flame", (P.EXPORT_HAZARDS, P.CONDUCT_INSPECTION)),
            Entry("疑似重复", "registry:duplicates", "copy", (P.EDIT_REGISTRY,)),
            Entry("普查统计", "registry:census", "chart-bar", (P.EXPORT_HAZARDS,)),
        ],
    ),
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


def navigation(permissions: frozenset[str]) -> list[tuple[str, list[Entry]]]:
    """The groups that people with these permissions see, with their entries."""
    groups = [
        (
            label,
            [each for each in entries if not each.permissions or permissions.intersection(each.permissions)],
        )
        for label, entries in GROUPS
    ]
    return [(label, entries) for label, entries in groups if entries]


def navigation_html(user: User, path: str, counts: Mapping[str, int]) -> SafeString:
    """The navigation as every page shows it: the current page marked, counts by view beside 待办 and 消息."""
    pieces = _pieces(user.permissions, _current(path))
    # Odd pieces name the view whose count stands there.
    return SafeString(
        "".join(
            _count(LIVE_COUNTS[piece], counts.get(piece, 0)) if number % 2 else piece
            for number, piece in enumerate(pieces)
        )
    )


def _count(name: str, number: int) -> str:
    hidden = "" if number else " hidden"
    return f'<span class="count" data-bihuan-count="{name}"{hidden}>{number}</span>'


# There are as many as kinds of posts times pages of the navigation.
@lru_cache(maxsize=1024)
def _pieces(permissions: frozenset[str], current: str) -> tuple[str, ...]:
    """The navigation cut where the counts stand: it is the same on every page for everybody with these permissions."""
    text = "".join(
        f'<h2 class="side-label" id="nav-{number}">{conditional_escape(label)}</h2>'
        f'<ul aria-labelledby="nav-{number}">{"".join(_item(each, current) for each in entries)}</ul>'
        for number, (label, entries) in enumerate(navigation(permissions), start=1)
    )
    return tuple(text.split(_CUT))


_CUT = "\0"


def _item(entry: Entry, current: str) -> str:
    here = ' aria-current="page"' if entry.view == current else ""
    count = f"{_CUT}{entry.view}{_CUT}" if entry.view in LIVE_COUNTS else ""
    return (
        f'<li><a class="side-item" href="{conditional_escape(address(entry.view))}"{here}>{icon(entry.icon)}'
        f"<span>{conditional_escape(entry.label)}</span>{count}</a></li>"
    )


def _current(path: str) -> str:
    """The view of the entry a page belongs to: the one whose address fits most closely; the home page only itself."""
    fitting = [
        (len(url), entry.view)
        for _, entries in GROUPS
        for entry in entries
        if path == (url := address(entry.view)) or (url != "/" and path.startswith(url))
    ]
    return max(fitting, default=(0, ""))[1]

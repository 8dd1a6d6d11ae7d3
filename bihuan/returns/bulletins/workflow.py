"""Bulletins (工作通报): every legal move, in one table. Nothing leaves that was not checked as it stands (D3)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class BulletinStatus(TextChoices):
    DRAFT = "draft", "起草中"
    CHECKED = "checked", "已核校待签发"
    ISSUED = "issued", "已印发"
    WITHDRAWN = "withdrawn", "已撤回"
    DROPPED = "dropped", "已作废"


class BulletinMove(TextChoices):
    DRAFT = "draft_bulletin", "起草"
    EDIT = "edit_bulletin", "修改"
    RECOUNT = "recount_bulletin", "重新取数"
    CHECK = "check_bulletin", "核校"
    RELEASE = "release_bulletin", "说明理由后放行"
    RETURN = "return_bulletin", "退回修改"
    ISSUE = "issue_bulletin", "签发"
    WITHDRAW = "withdraw_bulletin", "撤回通报"
    DROP = "drop_bulletin", "作废"


@dataclass(frozen=True)
class Rule:
    """One row of the table; `target` None keeps the status."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


_OPEN = frozenset({BulletinStatus.DRAFT, BulletinStatus.CHECKED})
RULES: dict[str, Rule] = {
    # What was checked and is changed afterwards has to be checked again.
    BulletinMove.EDIT: Rule(_OPEN, BulletinStatus.DRAFT, Permission.RECEIVE_RETURNS),
    BulletinMove.RECOUNT: Rule(_OPEN, BulletinStatus.DRAFT, Permission.RECEIVE_RETURNS),
    BulletinMove.CHECK: Rule(
        frozenset({BulletinStatus.DRAFT}), BulletinStatus.CHECKED, Permission.RECEIVE_RETURNS
    ),
    BulletinMove.RELEASE: Rule(
        frozenset({BulletinStatus.DRAFT}), BulletinStatus.CHECKED, Permission.RECEIVE_RETURNS, needs_reason=True
    ),
    BulletinMove.RETURN: Rule(
        frozenset({BulletinStatus.CHECKED}), BulletinStatus.DRAFT, Permission.ISSUE_BULLETIN, needs_reason=True
    ),
    BulletinMove.ISSUE: Rule(
        frozenset({BulletinStatus.CHECKED}), BulletinStatus.ISSUED, Permission.ISSUE_BULLETIN
    ),
    BulletinMove.WITHDRAW: Rule(
        frozenset({BulletinStatus.ISSUED}), BulletinStatus.WITHDRAWN, Permission.ISSUE_BULLETIN, needs_reason=True
    ),
    BulletinMove.DROP: Rule(_OPEN, BulletinStatus.DROPPED, Permission.RECEIVE_RETURNS, needs_reason=True),
}  # fmt: skip
# Seen by those it is about; before, and when dropped, only by the body that writes it.
PUBLISHED = frozenset({BulletinStatus.ISSUED, BulletinStatus.WITHDRAWN})
STANDING = frozenset({BulletinStatus.DRAFT, BulletinStatus.CHECKED, BulletinStatus.ISSUED})

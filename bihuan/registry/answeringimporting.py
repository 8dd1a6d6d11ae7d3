"""Who answers, from a table: a leader in charge and a watcher for each of many enterprises (R041, 清单手册).

People are named as tables name them: by the post, by body and title, or by the person who holds the post today. A
name that several posts in one's area bear is refused, never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from bihuan.accounts.models import Post, User
from bihuan.accounts.queries import holders_by_post
from bihuan.attachments.imports import Issues, Prepared, RowRefused, SheetRows
from bihuan.core.errors import Refused
from bihuan.core.sheets import FieldSpec

from . import cleaning
from .access import import_scope
from .models import Enterprise, Responsibility
from .responsibilities import Kind, appoint, posts_to_name
from .rowcells import Cells
from .rowenterprises import CREDIT_CODE, ENTERPRISE, RowEnterprises

SPECS: tuple[FieldSpec, ...] = (
    ENTERPRISE,
    CREDIT_CODE,
    FieldSpec("leader", "包干领导", ("包保领导", "包联领导", "挂点领导", "责任领导")),
    FieldSpec("watcher", "专盯人员", ("专盯人", "盯防人员", "包保人员", "责任人")),
    FieldSpec("from_on", "起", ("起始日期", "自哪天起", "责任起始")),
    FieldSpec("remark", "说明", ("备注",)),
)
NAMED = {"leader": Kind.LEADER, "watcher": Kind.WATCHER}


@dataclass(frozen=True)
class AnsweringRow:
    """A sound row: which enterprise, and the post that answers in each way it names."""

    enterprise: int
    posts: dict[str, int]
    from_on: dt.date | None
    remark: str


class AnsweringImporter:
    """See attachments.imports.Importer."""

    target = "registry.answering"
    page = "registry:answering_batch"
    fields: Sequence[FieldSpec] = SPECS

    def prepare(self, rows: SheetRows, by: User) -> Prepared:
        """Check every row: the enterprise must be one's to change, the people posts one may name."""
        prepared = Prepared()
        scope, posts = import_scope(by), _Posts(by)
        seen: dict[int, int] = {}
        for piece in rows.pieces():
            all_rows = list(piece)
            known = RowEnterprises([row.values for row in all_rows], scope, by)
            for row in all_rows:
                parsed, issues = _parse(row.values, known, posts)
                if parsed is not None:
                    if parsed.enterprise in seen:
                        earlier = seen[parsed.enterprise]
                        issues = [
                            ("enterprise", f"与第{earlier}行是同一家，只导入了第{earlier}行，请删去一行")
                        ]
                    seen.setdefault(parsed.enterprise, row.number)
                if issues or parsed is None:
                    prepared.errors[row.number] = issues
                else:
                    prepared.rows.append((row.number, parsed))
        return prepared

    def save_rows(self, rows: list[AnsweringRow], by: User) -> tuple[int, int, int]:
        """Name them through the same act as the page; (named first, named anew, as they were). Raises RowRefused."""
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        keys = [row.enterprise for row in rows]
        enterprises = Enterprise.objects.select_related("department", "locality").in_bulk(keys)
        posts = Post.objects.select_related("organization").in_bulk(
            {pk for row in rows for pk in row.posts.values()}
        )
        held: dict[tuple[int, str], int] = {}
        current = Responsibility.objects.filter(enterprise__in=keys, kind__in=NAMED.values(), to_on=None)
        for pk, kind, post in current.values_list("enterprise", "kind", "post"):
            held[pk, kind] = post
        for row in rows:
            done = "unchanged"
            for kind, post in row.posts.items():
                before = held.get((row.enterprise, kind))
                if before == post:
                    continue
                try:
                    appoint(
                        kind, posts[post], by=by, enterprise=enterprises[row.enterprise], from_on=row.from_on,
                        remark=row.remark,
                    )  # fmt: skip
                except (Refused, PermissionDenied) as error:
                    field = next(name for name, value in NAMED.items() if value == kind)
                    raise RowRefused(str(error) or "已不在您的管理范围内", field) from error
                done = "updated" if before or done == "updated" else "created"
            counts[done] += 1
        return counts["created"], counts["updated"], counts["unchanged"]


class _Posts:
    """Posts one may name, by every way tables name them."""

    def __init__(self, by: User) -> None:
        self._by_words: dict[str, dict[int, Post]] = defaultdict(dict)
        posts = posts_to_name(by, leaders=False)
        holders = holders_by_post([post.pk for post in posts])
        for post in posts:
            body = post.organization
            names = {str(post), f"{body.short_name}{post.title}", f"{body.name}{post.title}"}
            names |= {user.full_name for user in holders.get(post.pk, ())}
            names |= {f"{body.short_name}{user.full_name}" for user in holders.get(post.pk, ())}
            for name in names:
                self._by_words[cleaning.fold(name)][post.pk] = post

    def find(self, text: str, *, label: str, leaders: bool) -> Post:
        """The post meant. Raises ValidationError."""
        found = list(self._by_words.get(cleaning.fold(text), {}).values())
        if leaders and any(post.is_leader for post in found):
            found = [post for post in found if post.is_leader]
        if not found:
            raise ValidationError(
                f"{label}“{text[:20]}”对不上您辖区内的岗位或在岗人员，请填姓名、岗位名称，或先请系统管理员任职"
            )
        if len(found) > 1:
            names = "、".join(str(post) for post in found[:5])
            raise ValidationError(f"{label}“{text[:20]}”可以是{names}，请写明单位和岗位")
        if leaders and not found[0].is_leader:
            raise ValidationError(f"“{found[0]}”不是领导岗位，包干领导请从负责人岗位中选")
        return found[0]


def _parse(
    texts: Mapping[str, str], known: RowEnterprises, posts: _Posts
) -> tuple[AnsweringRow | None, Issues]:
    cells = Cells(texts)
    enterprise = cells.take("enterprise", lambda text: known.find(text, cells.text("credit_code")))
    named: dict[str, int] = {}
    for name, kind in NAMED.items():
        if cells.says(name):
            post = cells.take(name, partial(posts.find, label=str(kind.label), leaders=kind == Kind.LEADER))
            if post is not None:
                named[str(kind)] = post.pk
    from_on = cells.take("from_on", partial(cleaning.clean_date, label="起"))
    if from_on is not None and from_on > timezone.localdate():
        cells.issues.append(("from_on", "起始日期晚于今天，请到那天再指定"))
    remark = cells.take("remark", partial(cleaning.clean_words, label="说明", limit=200)) or ""
    if not named and not cells.issues:
        cells.issues.append(("leader", "包干领导和专盯人员都没有填，至少填一个"))
    if cells.issues or enterprise is None:
        return None, cells.issues
    return AnsweringRow(enterprise.pk, named, from_on, remark), []

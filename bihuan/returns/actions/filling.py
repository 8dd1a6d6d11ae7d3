"""What is filled in by hand before signing: manual figures with evidence, words, explanations."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import attach, store_upload
from bihuan.attachments.models import Attachment
from bihuan.core.errors import IllegalMove, Overtaken, Refused

from ..counting import cell_of
from ..figures import evidence_role, spec_of
from ..models import Return
from ..schema import Item, Spec
from ..standing import may_fill
from ..workflow import OPEN

MOST = Decimal(10) ** 14
MOST_WORDS = 8000


class BadFigure(Refused):
    """A figure that cannot be read; `cell` says which."""

    def __init__(self, cell: str, message: str) -> None:
        super().__init__(message)
        self.cell = cell


def read_figure(item: Item, text: str) -> Decimal | None:
    """A figure as people type it: full-width digits, thousands separators. Raises BadFigure; None when empty."""
    plain = (
        text.strip().translate(str.maketrans("０１２３４５６７８９．，－", "0123456789.,-")).replace(",", "")
    )
    if not plain:
        return None
    cell = cell_of("", item.key)
    try:
        value = Decimal(plain)
    except InvalidOperation as error:
        raise BadFigure(cell, f"“{item.label}”填的“{text.strip()[:20]}”不是数，请只填数字") from error
    if not value.is_finite() or abs(value) >= MOST:
        raise BadFigure(cell, f"“{item.label}”的数太大，请核对单位是不是{item.unit or '填错了'}")
    if value < 0:
        raise BadFigure(cell, f"“{item.label}”不能是负数")
    if value != value.quantize(Decimal(1).scaleb(-item.digits)):
        places = f"最多{item.digits}位小数" if item.digits else "应为整数"
        raise BadFigure(cell, f"“{item.label}”{places}")
    return value


def manual_items(spec: Spec) -> list[Item]:
    """What has to be filled in by hand; of a table, in the row of everything."""
    return [item for item in spec.items if item.is_manual]


def save_draft(
    record: Return,
    figures: Mapping[str, str],
    words: str,
    explanations: Mapping[str, str],
    *,
    by: User,
    revision: int | None = None,
) -> Return:
    """Keep what was filled in. `figures` by item key, as typed; `revision` is that of the draft it was written over
    (that of `record` as it was read, without).

    Raises PermissionDenied, IllegalMove, BadFigure, Refused, and Overtaken when somebody else saved in between.
    """
    over = record.draft_revision if revision is None else revision
    if not may_fill(by, record):
        raise PermissionDenied
    spec = spec_of(record)
    if len(words) > MOST_WORDS:
        raise Refused(f"文字说明有{len(words)}字，最多{MOST_WORDS}字，请压缩或改用附件")
    cells = {}
    for item in manual_items(spec):
        if (value := read_figure(item, figures.get(item.key, ""))) is not None:
            cells[cell_of(spec.whole.key, item.key)] = f"{value:f}"
    draft = {
        "cells": cells, "words": words.strip(),
        "explanations": {key[:80]: text.strip()[:300] for key, text in explanations.items() if text.strip()},
    }  # fmt: skip
    # What nobody signed needs no line; it may be changed as long as nothing is signed over it.
    changed: dict[str, Any] = {
        "draft": draft,
        "draft_revision": over + 1,
        "draft_by": by,
        "draft_at": timezone.now(),
    }
    if not Return.objects.filter(pk=record.pk, status__in=OPEN, draft_revision=over).update(**changed):
        _say_why(record, draft)
        return record
    for name, value in changed.items():
        setattr(record, name, value)
    return record


def _say_why(record: Return, draft: Mapping[str, Any]) -> None:
    """Why nothing was saved: it is signed, or somebody else saved other words. The same words twice are one saving."""
    record.refresh_from_db(fields=["status", "draft", "draft_revision", "draft_by", "draft_at"])
    if record.status not in OPEN:
        raise IllegalMove(f"“{record}”已报送，不能再填，请刷新后查看")
    if record.draft != draft:
        who = record.draft_by.full_name if record.draft_by else ""
        raise Overtaken("这份报表的填报内容", who=who, when=record.draft_at, theirs=record.draft)


@transaction.atomic
def add_evidence(record: Return, item_key: str, files: list[UploadedFile], *, by: User) -> int:
    """Tie files to a manual figure as its evidence. Raises PermissionDenied, IllegalMove, Refused, UploadRefused."""
    if not may_fill(by, record):
        raise PermissionDenied
    spec = spec_of(record)
    item = spec.item(item_key)
    if item is None or not item.is_manual or not item.evidence:
        raise Refused("这一项不用附佐证材料")
    if record.status not in OPEN:
        raise IllegalMove(f"“{record}”已报送，不能再加材料；要补充请先撤回或请收报单位解锁")
    stored = [store_upload(file, by=by) for file in files[:20]]
    if any(each.kind == Attachment.Kind.SIGNATURE for each in stored):
        raise Refused("签名图不能作为佐证材料，请上传文件或照片")
    attach(record, [each.pk for each in stored], evidence_role(spec, item), by=by)
    return len(stored)

"""A return signed in another installation comes in: the signed text as it is, byte for byte, in the place it is owed for.

Who signed it below was checked there; what is checked here is that it is the return it says it is, and that its figures
can be read. Called by the exchange between levels.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db import transaction

from bihuan.accounts.models import User
from bihuan.core.errors import Refused

from ..figures import spec_of
from ..models import Filing, Return
from ..workflow import Move, Status
from .receiving import reopen
from .signing import _file, loaded


def owed_here(content: dict[str, Any], region: str) -> Return | None:
    """The return a signed text answers: same definition, period and body of that region; None when none is open here."""
    try:
        key, period, body = content["definition"]["key"], content["period"], content["organization"]
        first, last = dt.date.fromisoformat(period["first"]), dt.date.fromisoformat(period["last"])
        names = {str(body["name"]), str(body["short_name"])}
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("报送的内容不完整，请对方重新打包") from error
    rows = Return.objects.filter(
        period__definition__key=key, period__first=first, period__last=last, organization__region=region
    ).select_related("organization")
    found = [row for row in rows if {row.organization.name, row.organization.short_name} & names]
    return found[0] if len(found) == 1 else None


@transaction.atomic
def take_filing(
    record: Return,
    body: str,
    *,
    cutoff: dt.datetime,
    zero: bool,
    reason: str,
    signer: str,
    received_from: str,
    by: User,
) -> Filing:
    """Enter a text signed elsewhere as the filing of this return; the same text twice is once.

    A further signing of a return that was not yet accepted replaces the earlier one, which stays on record. Raises Refused
    when the office has accepted it or excused the body, or the text cannot be read.
    """
    record = loaded(record.pk)
    if record.current is not None and record.current.body == body:
        return record.current
    if record.status == Status.ACCEPTED:
        raise Refused("上级已审收这一期，请上级解锁后再报更正")
    if record.status == Status.WAIVED:
        raise Refused("上级已同意本期免报")
    spec = spec_of(record)
    _check_readable(body, [item.key for item in spec.items])
    if record.status == Status.SIGNED:
        reopen(record, Move.WITHDRAW, reason.strip() or "下级更正后重新签报", by=by)
        record = loaded(record.pk)
    move = Move.SIGN if record.status == Status.OWED else Move.AMEND
    return _file(
        record, move, body, spec, by=by, reason=reason.strip() or ("下级更正后重新签报" if move == Move.AMEND else ""),
        cutoff=cutoff, nothing=zero, signer=signer, received_from=received_from,
    )  # fmt: skip


def _check_readable(body: str, items: list[str]) -> None:
    """The figures must be of this definition: every item of ours in each of its rows."""
    try:
        content = json.loads(body)
        rows = [row["key"] for row in content["rows"]]
        cells = content["cells"]
        given = [item["key"] for item in content["spec"]["items"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("报送的数字不能读取，请对方重新打包") from error
    if missing := [key for key in items if key not in given]:
        raise Refused(f"对方的报表缺少指标“{missing[0]}”，两边的报表版本不同，请先统一报表定义")
    if any(f"{row}|{key}" not in cells for row in rows for key in given):
        raise Refused("报送的数字不齐，请对方重新打包")

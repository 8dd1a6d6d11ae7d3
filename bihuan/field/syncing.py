"""Only what differs from what the phone has: a digest of every row it was given, kept under its cursor."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
import zlib
from typing import Any

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User

from .actions import KEPT_COPIES
from .copying import Bundle, bundle_for
from .models import Copy, Device

SCHEMA = 1
DIGEST_BYTES = 8

# {group: {key as JSON: digest of the row}}
Digests = dict[str, dict[str, str]]


def answer_for(
    user: User, device: Device | None, *, cursor: str = "", region: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """The answer of a sync and the JSON of its groups' rows already written, in the order of the groups.

    Without a device, without a cursor, with an unknown one or for another region the answer is whole.
    """
    now = timezone.now()
    bundle = bundle_for(user, region=region, today=timezone.localdate(now))
    earlier = _earlier(device, cursor, region)
    known = _unpacked(earlier.digests) if earlier else {}
    digests: Digests = {}
    parts: list[str] = []
    for name, group in bundle.groups.items():
        before = known.get(name, {})
        after: dict[str, str] = {}
        rows: list[str] = []
        heading = dumped(group.columns)  # a table read by other columns is another table
        for row in group.rows:
            text = dumped(row)
            key, digest = dumped(row[0]), _digest(heading + text)
            after[key] = digest
            if before.get(key) != digest:
                rows.append(text)
        gone = [json.loads(key) for key in before if key not in after]
        digests[name] = after
        parts.append(
            f'{dumped(name)}:{{"columns":{heading},"rows":[{",".join(rows)}],"gone":{dumped(gone)}}}'
        )
    # Where nothing differs the phone keeps its cursor, and nothing is written.
    kept = str(earlier.pk) if earlier and digests == known else _kept(device, digests, region, now)
    return _head(bundle, earlier is None, kept, now), parts


def written(head: dict[str, Any], parts: list[str]) -> bytes:
    """The answer as JSON bytes."""
    return (dumped(head)[:-1] + ',"groups":{' + ",".join(parts) + "}}").encode()


def dumped(value: Any) -> str:
    """Compact JSON; dates as ISO text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def _head(bundle: Bundle, is_whole: bool, cursor: str, now: dt.datetime) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "cursor": cursor,
        "whole": is_whole,
        "now": timezone.localtime(now),
        "left_out": bundle.left_out,
        "duties_left_out": bundle.duties_left_out,
        "me": bundle.me,
        "deadlines": bundle.deadlines,
    }


def _earlier(device: Device | None, cursor: str, region: str) -> Copy | None:
    if device is None or not cursor:
        return None
    try:
        wanted = uuid.UUID(cursor)
    except ValueError:
        return None
    return Copy.objects.filter(pk=wanted, device=device, region=region).first()


def _kept(device: Device | None, digests: Digests, region: str, now: dt.datetime) -> str:
    """Remember what is given; the latest few cursors stay, so that a lost answer costs nothing."""
    if device is None:
        return ""
    with transaction.atomic():
        made = Copy.objects.create(device=device, region=region, digests=_packed(digests), at=now)
        kept = list(
            Copy.objects.filter(device=device)
            .order_by("-at", "-pk")
            .values_list("pk", flat=True)[:KEPT_COPIES]
        )
        Copy.objects.filter(device=device).exclude(pk__in=kept).delete()
    return str(made.pk)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def _packed(digests: Digests) -> bytes:
    return zlib.compress(dumped(digests).encode(), 1)


def _unpacked(stored: bytes | memoryview) -> Digests:
    found: Digests = json.loads(zlib.decompress(bytes(stored)))
    return found

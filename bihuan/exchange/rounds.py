"""What the worker does every half minute: pack what goes by itself, send, ask, collect, look again at what waits.

Peers that cannot be reached are tried again at growing intervals; a round that breaks off anywhere is simply taken up by
the next. It runs in a thread of its own: a silent peer must not hold up the other rounds of the worker.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import close_old_connections
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.core.errors import Refused

from .actions import settling
from .actions.identity import own_instance
from .actions.receiving import place_waiting, receive, retry_waiting
from .actions.sending import bytes_of, queue_due
from .client import Answer, Unreachable, ask, question
from .models import Knock, Package, Peer, Refusal
from .models.packages import Direction
from .wire.door import TOLERANCE
from .wire.errors import BadPackage
from .workflow import PackageStatus, PeerStatus

log = structlog.get_logger("bihuan.exchange")
FIRST_WAIT, LONGEST_WAIT = 60, 3600  # seconds
AT_ONCE = 100
PEER_TIME = (
    600  # seconds: what one peer has not taken by then waits for the next round, after the others' turn
)
KEPT_REFUSALS = dt.timedelta(days=180)
Ask = Callable[[Peer, str, bytes], Answer]
_running = threading.Lock()


@dataclass
class Round:
    """What one round did."""

    packed: int = 0
    sent: int = 0
    collected: int = 0
    failed: int = 0


def begin_round() -> bool:
    """Start a round in a thread of its own unless one is under way; whether it was started."""
    if own_instance() is None or not _running.acquire(blocking=False):
        return False

    def work() -> None:
        try:
            exchange_all(timezone.now())
        except Exception:
            log.exception("exchange_round_failed")
        finally:
            close_old_connections()
            _running.release()

    threading.Thread(target=work, name="exchange", daemon=True).start()
    return True


def exchange_all(now: dt.datetime, *, using: Ask = ask) -> Round:
    """One round with every active peer."""
    done = Round()
    if own_instance() is None:
        return done
    robot = service_user()
    for peer in Peer.objects.filter(status=PeerStatus.ACTIVE).prefetch_related("keys"):
        try:
            done.packed += queue_due(peer, by=robot)
        except Refused as error:
            log.warning("exchange_packing_refused", peer=peer.pk, reason=str(error))
        except Exception:
            log.exception("exchange_packing_failed", peer=peer.pk)
        if peer.reach == Peer.Reach.PUSH and (peer.next_try_at is None or peer.next_try_at <= now):
            try:
                exchange_with(peer, done=done, using=using, by=robot)
            except Exception:  # whatever one peer says, the others are served
                log.exception("exchange_peer_failed", peer=peer.pk)
                done.failed += 1
                note_failure(peer, "处理对方的应答时出错，请把时间告诉系统管理员")
    retry_waiting()
    place_waiting()
    tidy(now)
    return done


def exchange_with(peer: Peer, *, by: User, done: Round | None = None, using: Ask = ask) -> Round:
    """Send what waits, tell and hear how far each side is, send what that brought up, collect what waits there."""
    done = done or Round()
    until = time.monotonic() + PEER_TIME
    try:
        sent, refusal = send_queued(peer, until=until, using=using)
        heard = synchronize(peer, using=using)
        again, _ = send_queued(peer, until=until, using=using) if not refusal else (0, "")
        done.sent += sent + again
        for number in heard.waiting:
            if time.monotonic() > until:
                break
            done.collected += collect(peer, number, using=using)
        if receipts := settling.receipts_for(peer, heard.unsettled):
            synchronize(peer, receipts=receipts, using=using)
        if refusal:
            raise Unreachable(refusal)
    except (Unreachable, Refused) as error:
        done.failed += 1
        note_failure(peer, str(error))
    else:
        changed = {"failures": 0, "next_try_at": None, "last_error": "", "reached_at": timezone.now()}
        Peer.objects.filter(pk=peer.pk).update(**changed)
    return done


def note_failure(peer: Peer, reason: str) -> None:
    """Wait longer each time, an hour at most."""
    failures = peer.failures + 1
    wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    peer.failures, peer.last_error = failures, reason[:300]
    peer.next_try_at = timezone.now() + dt.timedelta(seconds=wait)
    Peer.objects.filter(pk=peer.pk).update(
        failures=failures, last_error=peer.last_error, next_try_at=peer.next_try_at
    )


def send_queued(peer: Peer, *, until: float = math.inf, using: Ask = ask) -> tuple[int, str]:
    """Send what waits, each kind in the order of its numbers. Returns how many went, and why the first was turned away.

    Nothing more is begun once the clock of this process (`time.monotonic`) is past `until`.

    A package the door does not take (a version it does not know, a key it has not compared) waits with the reason, and
    its kind with it; the other kinds go on. Raises Unreachable, BadPackage for a receipt that cannot be believed.
    """
    rows = Package.objects.filter(peer=peer, direction=Direction.OUT, status=PackageStatus.QUEUED)
    sent, stuck, refusal = 0, set(), ""
    for package in rows.select_related("file", "peer").order_by("id")[:AT_ONCE]:
        if time.monotonic() > until:
            break
        if package.kind in stuck:
            continue
        Package.objects.filter(pk=package.pk).update(attempts=package.attempts + 1)
        answer = using(peer, "packages", bytes_of(package))
        words = answer.words
        if answer.status != 200:
            reason = str(words.get("detail") or "对方没有收下，也没有说明原因")[:300]
            Package.objects.filter(pk=package.pk).update(note=reason)
            stuck.add(package.kind)
            refusal = refusal or reason
            continue
        receipt = words.get("receipt")
        if not isinstance(receipt, dict) or not settling.take_receipt(peer, receipt):
            package.refresh_from_db()
            if package.status == PackageStatus.QUEUED:
                raise BadPackage("对方的回执不能相信，请核对对方密钥")
        sent += 1
    return sent, refusal


@dataclass(frozen=True)
class Heard:
    """What the other side said: packages of theirs to collect, and of which they lack our receipt."""

    waiting: list[str]
    unsettled: list[str]


def synchronize(peer: Peer, *, receipts: list[dict[str, Any]] | None = None, using: Ask = ask) -> Heard:
    """Tell the peer how far everything from it is here, hear the same, exchange receipts."""
    words = {
        "schema": 1, "streams": settling.view_of(peer), "unsettled": settling.unsettled(peer),
        "trusted": settling.trusted_here(peer), "receipts": receipts or [],
    }  # fmt: skip
    answer = using(peer, "sync", question(words))
    said = answer.words
    if answer.status != 200:
        raise Unreachable(str(said.get("detail") or "对方没有应答")[:300])
    settling.take_words(peer, said)
    return Heard(_numbers(said.get("packages")), _numbers(said.get("asks")))


def _numbers(value: Any) -> list[str]:
    return [str(each)[:40] for each in value[:AT_ONCE]] if isinstance(value, list) else []


def collect(peer: Peer, number: str, *, using: Ask = ask) -> int:
    """Fetch one package that waits at the peer's and take it in."""
    answer = using(peer, "fetch", question({"schema": 1, "package": number}))
    if answer.status != 200:
        return 0
    try:
        receive(answer.body, way=Refusal.Way.DOOR, source=peer.address, peer=peer)
    except BadPackage:
        return 0  # noted where it was refused
    return 1


def tidy(now: dt.datetime) -> None:
    """Forget what nobody needs to remember: used numbers out of their time, old notes of refusals."""
    Knock.objects.filter(at__lt=now - 3 * TOLERANCE).delete()
    Refusal.objects.filter(at__lt=now - KEPT_REFUSALS).delete()


__all__ = [
    "Round",
    "begin_round",
    "collect",
    "exchange_all",
    "exchange_with",
    "note_failure",
    "send_queued",
    "synchronize",
]

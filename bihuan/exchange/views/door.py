"""The door: three acts for registered installations, each request signed, each answer signed. Closed until opened.

Nothing of a body is read before the header that vouches for it was believed; who may not come in learns as little as
possible.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bihuan.core.digest import hash_bytes
from bihuan.core.http import problem

from ..actions import settling
from ..actions.identity import current_key, own_instance
from ..actions.receiving import note_refusal, receive
from ..actions.sending import bytes_of
from ..models import Instance, Knock, Package, Peer, Refusal
from ..models.packages import Direction
from ..wire.archive import MAX_PACKAGE
from ..wire.door import ANSWER, HEADER, REQUEST, answer_header, canonical, is_timely, read_header
from ..wire.errors import BadPackage
from ..wire.words import MAX_WORDS, is_signed, parse
from ..workflow import PackageStatus

Answered = tuple[int, bytes]
WINDOW = 60.0  # seconds
LIMITS = {"packages": MAX_PACKAGE, "sync": MAX_WORDS, "fetch": 4096}


class Turnstile:
    """So many requests a minute from one address, counted in this process."""

    def __init__(self, most_addresses: int = 5000) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._most, self._lock = most_addresses, Lock()

    def lets_in(self, address: str, *, limit: int, now: float | None = None) -> bool:
        moment = time.monotonic() if now is None else now
        with self._lock:
            start, count = self._seen.pop(address, (moment, 0))
            if moment - start >= WINDOW:
                start, count = moment, 0
            self._seen[address] = (start, count + 1)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)
            return count < limit


turnstile = Turnstile()


def _answer(request: HttpRequest, act: str, work: Callable[[Peer, bytes], Answered]) -> HttpResponse:
    """Believe the request or turn it away, do the work, sign the answer."""
    own = own_instance()
    if own is None or not own.is_open:
        raise Http404
    address = request.META.get("REMOTE_ADDR", "")
    if not turnstile.lets_in(address, limit=settings.EXCHANGE_PER_MINUTE):
        return _turned_away(429, "请求过于频繁，请稍后再试")
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or len(length) > 12:
        return _turned_away(411, "请求须说明长度")
    if int(length) > LIMITS[act]:
        return _turned_away(413, f"内容超过 {LIMITS[act] // 1024} KB 上限")
    try:
        fields = read_header(request.headers.get(HEADER, ""), REQUEST)
    except BadPackage as error:
        return _turned_away(422, str(error))
    try:
        peer = _vouched(fields, own, act)
    except BadPackage as error:
        note_refusal(Refusal.Way.DOOR, address, str(error))
        return _turned_away(403, str(error))
    body = request.read(LIMITS[act] + 1)
    if hash_bytes(body, "sm3") != fields["body"]:
        note_refusal(Refusal.Way.DOOR, address, "内容与签名不符", peer=peer)
        return _turned_away(403, "内容与签名不符，传送中可能被改动过")
    if not _first_time(peer, fields["nonce"]):
        note_refusal(Refusal.Way.DOOR, address, "同一个请求送来第二次", peer=peer)
        return _turned_away(403, "这个请求已经处理过")
    Peer.objects.filter(pk=peer.pk).update(came_at=timezone.now())
    try:
        status, said = work(peer, body)
    except BadPackage as error:
        status, said = 422, canonical(problem(422, "没有收下", str(error)))
    kind = "application/octet-stream" if act == "fetch" and status == 200 else "application/json"
    response = HttpResponse(said, status=status, content_type=kind)
    response[ANSWER] = answer_header(fields["nonce"], status, said, current_key(own).private)
    response["Cache-Control"] = "no-store"
    return response


def _vouched(fields: dict[str, str], own: Instance, act: str) -> Peer:
    """The active peer whose compared key signed the header. Raises BadPackage."""
    try:
        sender = UUID(fields["from"])
    except ValueError as error:
        raise BadPackage("来访的系统没有登记，或者没有启用") from error
    peer = Peer.objects.prefetch_related("keys").filter(instance_id=sender).first()
    if peer is None or not peer.is_active:
        raise BadPackage("来访的系统没有登记，或者没有启用")
    if not any(is_signed("request", fields, key) for key in peer.keys_trusted()):
        raise BadPackage("请求的签名不对，或者密钥没有核对过")
    if fields["act"] != act or fields["to"] != str(own.pk):
        raise BadPackage("请求不是发给这里的")
    if not is_timely(fields["at"], timezone.now()):
        raise BadPackage("两个系统的时钟相差超过 10 分钟，请校准时间")
    return peer


def _first_time(peer: Peer, nonce: str) -> bool:
    if len(nonce) != 32:
        return False
    try:
        with transaction.atomic():
            Knock.objects.create(peer=peer, nonce=nonce, at=timezone.now())
    except IntegrityError:
        return False
    return True


def _turned_away(status: int, detail: str) -> HttpResponse:
    body = problem(status, "没有受理", detail)
    return JsonResponse(body, status=status, content_type="application/problem+json")


@csrf_exempt
@login_not_required
@require_POST
def packages(request: HttpRequest) -> HttpResponse:
    """Take in one package; the answer is its receipt. Sent again, the same receipt."""

    def work(peer: Peer, body: bytes) -> Answered:
        package = receive(body, way=Refusal.Way.DOOR, source=request.META.get("REMOTE_ADDR", ""), peer=peer)
        own = own_instance()
        assert own is not None
        return 200, canonical({"receipt": settling.receipt_of(package, own)})

    return _answer(request, "packages", work)


@csrf_exempt
@login_not_required
@require_POST
def sync(request: HttpRequest) -> HttpResponse:
    """Hear how far the other side is, say how far we are, with receipts and what waits here for it."""

    def work(peer: Peer, body: bytes) -> Answered:
        words = parse(body)
        numbers = words.get("unsettled")
        settling.take_words(peer, words)
        receipts = settling.receipts_for(peer, numbers if isinstance(numbers, list) else [])
        said: dict[str, Any] = {
            "schema": 1, "receipts": receipts, "streams": settling.view_of(peer),
            "trusted": settling.trusted_here(peer), "packages": waiting_for(peer),
            "asks": settling.unsettled(peer),
        }  # fmt: skip
        return 200, canonical(said)

    return _answer(request, "sync", work)


@csrf_exempt
@login_not_required
@require_POST
def fetch(request: HttpRequest) -> HttpResponse:
    """Hand over one package that waits for the one who asks."""

    def work(peer: Peer, body: bytes) -> Answered:
        number = parse(body).get("package")
        waiting = waiting_for(peer)
        if number not in waiting:
            return 404, canonical(problem(404, "没有这个包"))
        package = Package.objects.select_related("file").get(
            peer=peer, direction=Direction.OUT, number=number
        )
        return 200, bytes_of(package)

    return _answer(request, "fetch", work)


def waiting_for(peer: Peer) -> list[str]:
    """Packages a peer that comes to us should take along, in the order of numbers."""
    rows = Package.objects.filter(peer=peer, direction=Direction.OUT, status=PackageStatus.QUEUED)
    return [str(number) for number in rows.order_by("id").values_list("number", flat=True)[:50]]

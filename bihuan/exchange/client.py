"""The way out over HTTPS: to registered addresses only, TLS 1.2 at least, certificates checked, no redirects followed,
every answer signed by the one who was asked."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from bihuan.core.errors import Refused

from .actions.identity import current_key, needed_instance
from .addresses import Target, resolve, target_of
from .models import Peer
from .wire.archive import MAX_PACKAGE
from .wire.door import ANSWER, HEADER, canonical, is_answer, request_header
from .wire.errors import BadPackage
from .wire.words import MAX_WORDS, parse

TIMEOUT = 20


class Unreachable(Exception):
    """The other side could not be asked now; try again later. ``str()`` is Chinese."""


@dataclass(frozen=True)
class Answer:
    """What the other side said, vouched for."""

    status: int
    body: bytes

    @property
    def words(self) -> dict[str, Any]:
        return parse(self.body, limit=MAX_WORDS)


class _Checked(http.client.HTTPConnection):
    """Connects to the address that was checked, not to what the name leads to a moment later."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT)
        self._target, self._address = target, address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self._target.port), timeout=TIMEOUT)
        self.sock = plain
        if self._target.scheme == "https":
            self.sock = tls_context().wrap_socket(plain, server_hostname=self._target.host)


def tls_context() -> ssl.SSLContext:
    """TLS 1.2 at least, certificate and name checked; a closed network may name a certificate authority of its own."""
    context = ssl.create_default_context(cafile=settings.EXCHANGE_CA or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def ask(peer: Peer, act: str, body: bytes) -> Answer:
    """Send one signed request to a peer. Raises Unreachable, BadPackage when the answer is not the peer's, Refused for an
    address that may not be connected to."""
    own, target = needed_instance(), target_of(peer.address)
    header, nonce = request_header(
        act,
        body,
        sender=str(own.pk),
        receiver=str(peer.instance_id),
        at=timezone.now(),
        keys=current_key(own).private,
    )
    try:
        connection = _Checked(target, resolve(target))
        try:
            connection.request(
                "POST", f"{target.path}/exchange/door/{act}/", body=body,
                headers={HEADER: header, "Content-Type": "application/octet-stream", "User-Agent": "bihuan-exchange"},
            )  # fmt: skip
            response = connection.getresponse()
            status, said, vouched = (
                response.status,
                response.read(MAX_PACKAGE + 1),
                response.headers.get(ANSWER, ""),
            )
        finally:
            connection.close()
    except Refused:
        raise
    except ssl.SSLCertVerificationError as error:
        raise Unreachable("对方的 HTTPS 证书没有通过校验，请与对方网络管理员核对") from error
    except ssl.SSLError as error:
        raise Unreachable("与对方建立加密连接失败（要求 TLS 1.2 以上）") from error
    except socket.gaierror as error:
        raise Unreachable("找不到对方的地址，请核对域名") from error
    except TimeoutError as error:
        raise Unreachable("连接对方超时") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable("连接对方失败，网络不通或对方没有启动") from error
    if len(said) > MAX_PACKAGE:
        raise BadPackage("对方的应答过长，已拒绝读取")
    if 300 <= status < 400:
        raise Unreachable("对方的地址要求跳转，交换不跟随跳转，请登记跳转后的地址")
    if not is_answer(vouched, nonce, status, said, peer.keys_trusted()):
        raise Unreachable(_unsigned(status, said))
    return Answer(status, said)


def _unsigned(status: int, body: bytes) -> str:
    """Why an answer nobody vouches for may have come: never more of it than our own words."""
    if status == 404:
        return "对方没有开放交换接口，或者地址不对"
    if status == 403:
        return "对方没有登记或没有启用本系统，请与对方核对"
    if status == 429:
        return "对方说请求过于频繁，稍后再试"
    if status >= 500:
        return "对方系统出错，稍后再试"
    return "对方的应答没有签名，不能相信，请核对地址"


def question(words: dict[str, Any]) -> bytes:
    """A question as bytes."""
    return canonical(words)

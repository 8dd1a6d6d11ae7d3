"""The way out over HTTPS: to registered addresses only, TLS 1.2 at least, certificates checked, no redirects followed,
every answer signed by the one who was asked."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, cast

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

TIMEOUT = 20  # seconds of silence
# From the first byte of a question to the last of its answer, however busily the other side drips.
LONGEST, LONGEST_PACKAGE = 60, 300
_CHUNK = 64 * 1024


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


class _Slow(TimeoutError):
    """The time for the whole answer is up, though something still came."""


@dataclass(frozen=True)
class _Until:
    """When an exchange of question and answer must be over, whatever comes."""

    at: float

    def left(self) -> float:
        """How long to wait for the next bytes: never past the end."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise _Slow
        return min(left, TIMEOUT)


class _Incoming(io.RawIOBase):
    """What comes from a socket, each piece within the time that is left."""

    def __init__(self, sock: socket.socket, until: _Until) -> None:
        self._sock, self._until = sock, until
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket open until it is closed itself

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._until.left())
        try:
            return cast("io.RawIOBase", self._raw).readinto(buffer)
        except TimeoutError:
            self._until.left()  # silent for too long, or simply no time left
            raise

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Timed:
    """A socket as `http.client` uses one, with an end to everything said and heard over it."""

    def __init__(self, sock: socket.socket, until: _Until) -> None:
        self._sock, self._until = sock, until

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _CHUNK):
            self._sock.settimeout(self._until.left())
            self._sock.sendall(view[start : start + _CHUNK])

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._until))

    def close(self) -> None:
        self._sock.close()


class _Checked(http.client.HTTPConnection):
    """Connects to the address that was checked, not to what the name leads to a moment later."""

    def __init__(self, target: Target, address: str, until: _Until) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT)
        self._target, self._address, self._until = target, address, until

    def connect(self) -> None:
        sock = socket.create_connection((self._address, self._target.port), timeout=self._until.left())
        if self._target.scheme == "https":
            try:
                sock.settimeout(self._until.left())
                sock = tls_context().wrap_socket(sock, server_hostname=self._target.host)
            except BaseException:
                sock.close()
                raise
        self.sock = cast("socket.socket", _Timed(sock, self._until))


def tls_context() -> ssl.SSLContext:
    """TLS 1.2 at least, certificate and name checked; a closed network may name a certificate authority of its own."""
    context = ssl.create_default_context(cafile=settings.EXCHANGE_CA or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def ask(peer: Peer, act: str, body: bytes) -> Answer:
    """Send one signed request to a peer. Raises Unreachable, BadPackage when the answer is not the peer's, Refused for an
    address that may not be connected to.

    An answer that does not come whole in its time is given up: words within `LONGEST` seconds, what carries a package
    either way within `LONGEST_PACKAGE`.
    """
    own, target = needed_instance(), target_of(peer.address)
    header, nonce = request_header(
        act,
        body,
        sender=str(own.pk),
        receiver=str(peer.instance_id),
        at=timezone.now(),
        keys=current_key(own).private,
    )
    # Only a package fetched is as long as a package; every other answer is a page of words.
    longest = LONGEST if act == "sync" else LONGEST_PACKAGE
    limit = MAX_PACKAGE if act == "fetch" else MAX_WORDS
    try:
        connection = _Checked(target, resolve(target), _Until(time.monotonic() + longest))
        try:
            connection.request(
                "POST", f"{target.path}/exchange/door/{act}/", body=body,
                headers={HEADER: header, "Content-Type": "application/octet-stream", "User-Agent": "bihuan-exchange"},
            )  # fmt: skip
            response = connection.getresponse()
            status, said, vouched = (
                response.status,
                response.read(limit + 1),
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
    except _Slow as error:
        raise Unreachable("对方应答太慢，没有在规定时间内传完，稍后再试") from error
    except TimeoutError as error:
        raise Unreachable("连接对方超时") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable("连接对方失败，网络不通或对方没有启动") from error
    if len(said) > limit:
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

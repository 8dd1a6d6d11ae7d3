"""Addresses of other installations: HTTPS, one host, nothing else. Loopback without TLS only where a setting says so."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from bihuan.core.errors import Refused

_HOST = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")
_PATH = re.compile(r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,59}){0,6}$")


@dataclass(frozen=True)
class Target:
    """Where to connect."""

    scheme: str
    host: str
    port: int
    path: str


def checked_address(text: str) -> str:
    """The address as it is kept, without a trailing slash. Raises Refused with the remedy."""
    target = target_of(text)
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    port = "" if target.port == usual else f":{target.port}"
    return f"{target.scheme}://{host}{port}{target.path}"


def target_of(text: str) -> Target:
    """Take an address apart. Raises Refused for anything that is not a plain HTTPS address of a server."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused("地址不正确，应形如 https://anwei.example.gov.cn") from error
    path = parts.path.rstrip("/")
    if (
        len(text) > 200 or parts.scheme not in {"https", "http"} or parts.username or parts.password or parts.query
        or parts.fragment or not (_HOST.match(host) or _is_ip(host)) or not _PATH.match(path) or "?" in text or "#" in text
    ):  # fmt: skip
        raise Refused("地址不正确，应形如 https://anwei.example.gov.cn，不带参数、账号和密码")
    if parts.scheme == "http" and not (settings.EXCHANGE_LOOPBACK and is_loopback(host)):
        raise Refused("地址须以 https:// 开头：交换内容不能在网络上明文传送")
    if _is_ip(host):
        _check_ip(host)
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def resolve(target: Target) -> str:
    """The IP address to connect to, checked: a name may not lead to this machine or to its surroundings.

    Raises Refused; OSError when the name is unknown.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        _check_ip(address)
    if target.scheme == "http" and not all(is_loopback(address) for address in addresses):
        raise Refused("地址须以 https:// 开头：交换内容不能在网络上明文传送")
    return addresses[0]


def is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_ip(text: str) -> None:
    address = ipaddress.ip_address(text.partition("%")[0])
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_loopback and settings.EXCHANGE_LOOPBACK:
        return
    if (
        plain.is_loopback
        or plain.is_link_local
        or plain.is_multicast
        or plain.is_unspecified
        or plain.is_reserved
    ):
        raise Refused("地址指向本机或特殊网段，不能作为交换对象的地址")

"""Who really asked: behind a proxy the address of the peer is the proxy's, and only a known proxy may say whose it is.

With BIHUAN_TRUSTED_PROXIES empty nothing is rewritten. With it set, a peer inside those networks is believed: the last
address in X-Forwarded-For that is not itself a trusted proxy becomes REMOTE_ADDR. Forwarding headers of any other
peer are dropped before anything reads them, X-Forwarded-Proto included.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from bihuan.config.environment import Network

FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
MAX_HOPS = 20


class TrustedProxiesMiddleware:
    """First of all middleware: whatever reads REMOTE_ADDR later reads the person's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        trusted: Sequence[Network] = settings.TRUSTED_PROXIES
        if trusted:
            peer = request.META.get("REMOTE_ADDR", "")
            if is_within(peer, trusted):
                request.META["REMOTE_ADDR"] = client_behind(
                    peer, request.META.get("HTTP_X_FORWARDED_FOR", ""), trusted
                )
            else:
                for name in FORWARDED:
                    request.META.pop(name, None)
        return self.get_response(request)


def client_behind(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The first address, read from the nearest hop outwards, that is no trusted proxy.

    What stands further left was written by the client and proves nothing. A hop that is no address ends the reading:
    the nearest proxy so far is then the best that is known.
    """
    nearest = peer
    for hop in reversed(forwarded.split(",")[-MAX_HOPS:]):
        address = _plain(hop)
        if not address:
            return nearest
        nearest = address
        if not is_within(address, trusted):
            return address
    return nearest


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether the text is an address inside one of the networks."""
    plain = _plain(address)
    return bool(plain) and any(ipaddress.ip_address(plain) in network for network in networks)


def _plain(text: str) -> str:
    """The address without port, brackets or an IPv4 address's IPv6 clothing; "" when it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)

"""When certificates end: those in files the operator names, and the one the public address answers with."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from cryptography import x509
from django.conf import settings

PATIENCE = 3.0  # seconds for the public address to answer


@dataclass(frozen=True)
class Certificate:
    """One certificate: `ends_at` is None when it cannot be read, and `problem` says why."""

    name: str
    ends_at: dt.datetime | None
    problem: str = ""


def configured() -> list[Certificate]:
    """The certificate files named in BIHUAN_CERTIFICATES, by file name."""
    return [from_file(Path(name)) for name in settings.CERTIFICATES]


def from_file(path: Path) -> Certificate:
    """The first certificate of a PEM file (the server's own; the chain follows it)."""
    try:
        return Certificate(path.name, _ends(path.read_bytes()))
    except OSError as error:
        return Certificate(path.name, None, f"读不到文件 {path}（{error.strerror}）")
    except ValueError:
        return Certificate(path.name, None, f"{path} 不是 PEM 格式的证书")


def of_address(url: str) -> Certificate | None:
    """The certificate an https address answers with; None for other addresses. It need not be trusted to be read."""
    parts = urlparse(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            sent = secure.getpeercert(binary_form=True) or b""
        return Certificate(url, x509.load_der_x509_certificate(sent).not_valid_after_utc)
    except (OSError, ValueError) as error:
        return Certificate(url, None, f"连不上 {url}（{type(error).__name__}）")


def _ends(pem: bytes) -> dt.datetime:
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc

"""A peer that is slow on purpose: no answer is waited for longer than its time, wherever it drips; a long one is cut."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from bihuan.exchange import client, rounds
from bihuan.exchange.actions import announcing
from bihuan.exchange.models import Peer
from bihuan.exchange.wire.errors import BadPackage

from .fellow import Fellow, befriend, set_up

Hand = Callable[[socket.socket, threading.Event], None]


@contextmanager
def served(hand: Hand) -> Iterator[str]:
    """A server on this machine that treats every caller with `hand`; yields its address."""
    door, over = socket.create_server(("127.0.0.1", 0)), threading.Event()
    hands: list[threading.Thread] = []

    def treat(caller: socket.socket) -> None:
        with caller, suppress(OSError):  # the caller may have had enough
            hand(caller, over)

    def listen() -> None:
        while not over.is_set():
            try:
                caller, _ = door.accept()
            except OSError:
                return
            hands.append(threading.Thread(target=treat, args=(caller,)))
            hands[-1].start()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        over.set()
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        for thread in (listener, *hands):
            thread.join(timeout=10)
            assert not thread.is_alive()


def drips(beginning: bytes, drop: bytes) -> Hand:
    """Reads what is asked, says the beginning at once, and then a drop at a time for ever."""

    def hand(caller: socket.socket, over: threading.Event) -> None:
        caller.recv(65536)
        caller.sendall(beginning)
        while not over.wait(0.02):
            caller.sendall(drop)

    return hand


def reads_nothing(caller: socket.socket, over: threading.Event) -> None:
    """Takes the call and never listens."""
    over.wait(10)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SLOW = {
    "the first line": drips(b"", b"H"),
    "ever more promises": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers": drips(HEAD + b"X-Long: ", b"x"),
    "body": drips(HEAD + b"Content-Length: 900000\r\n\r\n{", b" "),
    "body of unknown length": drips(HEAD + b"Connection: close\r\n\r\n{", b" "),
    "pieces": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.fixture
def peer(world, settings):
    settings.EXCHANGE_LOOPBACK = True
    set_up(world)
    return befriend(world, Fellow(), reach="push", address="https://fellow.example.gov.cn")


def at(peer: Peer, address: str) -> Peer:
    Peer.objects.filter(pk=peer.pk).update(address=address)
    return Peer.objects.get(pk=peer.pk)


@pytest.mark.parametrize("hand", SLOW.values(), ids=SLOW.keys())
def test_a_dripping_answer_is_given_up_in_its_time(peer, monkeypatch, hand):
    monkeypatch.setattr(client, "LONGEST", 0.4)
    with served(hand) as address:
        began = time.monotonic()
        with pytest.raises(client.Unreachable, match="应答太慢"):
            client.ask(at(peer, address), "sync", b"{}")
        assert time.monotonic() - began < 5  # the silence allowed is twenty seconds, and it was never silent


@pytest.fixture
def certificate(tmp_path, settings):
    """A server's key and certificate for this machine, trusted as the network's own authority is."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = timezone.now()
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    settings.EXCHANGE_CA = str(file)
    return file


def over_tls(hand: Hand, certificate: Path) -> Hand:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def wrapped(caller: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(caller, server_side=True) as secret:
            hand(secret, over)

    return wrapped


@pytest.mark.parametrize("place", ["headers", "body"])
def test_a_dripping_answer_over_tls_is_given_up_in_its_time(peer, monkeypatch, certificate, place):
    monkeypatch.setattr(client, "LONGEST", 0.6)
    with served(over_tls(SLOW[place], certificate)) as address:
        port = address.rpartition(":")[2]
        with pytest.raises(client.Unreachable, match="应答太慢"):
            client.ask(at(peer, f"https://localhost:{port}"), "sync", b"{}")


def test_a_handshake_that_never_ends_is_given_up(peer, monkeypatch, certificate):
    monkeypatch.setattr(client, "LONGEST", 0.4)
    with served(reads_nothing) as address:
        port = address.rpartition(":")[2]
        began = time.monotonic()
        with pytest.raises(client.Unreachable):
            client.ask(at(peer, f"https://localhost:{port}"), "sync", b"{}")
        assert time.monotonic() - began < 5


def test_a_whole_answer_over_tls_is_heard(peer, certificate):
    """Heard to its end, and refused only because nobody vouches for it."""

    def answers(caller: socket.socket, over: threading.Event) -> None:
        asked = caller.recv(65536)
        while not asked.endswith(b"\r\n\r\n{}"):  # what is left unread would break the connection off
            asked += caller.recv(65536)
        caller.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    with served(over_tls(answers, certificate)) as address:
        port = address.rpartition(":")[2]
        with pytest.raises(client.Unreachable, match="没有签名"):
            client.ask(at(peer, f"https://localhost:{port}"), "sync", b"{}")


def test_a_peer_that_does_not_listen_is_given_up(peer, monkeypatch):
    monkeypatch.setattr(client, "LONGEST_PACKAGE", 0.4)
    with served(reads_nothing) as address, pytest.raises(client.Unreachable, match=r"太慢|超时"):
        client.ask(at(peer, address), "packages", b"x" * 30_000_000)


def test_an_answer_in_words_is_never_as_long_as_a_package(peer):
    def flood(caller: socket.socket, over: threading.Event) -> None:
        caller.recv(65536)
        caller.sendall(HEAD + b"Connection: close\r\n\r\n")
        while not over.is_set():
            caller.sendall(b" " * 65536)

    with served(flood) as address, pytest.raises(BadPackage, match="过长"):
        client.ask(at(peer, address), "sync", b"{}")


def test_a_round_goes_on_to_the_others(peer, monkeypatch):
    """The slow one waits longer before it is asked again, with the reason; the round itself is over."""
    monkeypatch.setattr(client, "LONGEST", 0.4)
    with served(SLOW["body"]) as address:
        at(peer, address)
        done = rounds.exchange_all(timezone.now())
    peer.refresh_from_db()
    assert (done.failed, peer.failures) == (1, 1)
    assert "应答太慢" in peer.last_error


def test_one_peer_has_so_much_time_in_a_round(world, peer, monkeypatch):
    """What is not sent by then waits for the next round."""
    announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    asked: list[str] = []

    def answers(_peer: Peer, act: str, _body: bytes) -> client.Answer:
        asked.append(act)
        return client.Answer(422, b"{}")

    with monkeypatch.context() as spent:
        spent.setattr(rounds, "PEER_TIME", -1)
        rounds.exchange_with(peer, by=world.people.robot, using=answers)
    assert asked == ["sync"]
    rounds.exchange_with(peer, by=world.people.robot, using=answers)
    assert asked == ["sync", "packages", "sync"]

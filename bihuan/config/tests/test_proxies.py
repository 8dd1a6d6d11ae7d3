"""Only a known proxy says whose request it is."""

import ipaddress

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory

from bihuan.config import environment
from bihuan.config.proxies import TrustedProxiesMiddleware, client_behind

OURS = [ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.1.0.0/16")]


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the left one is the client's own claim
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),  # a second proxy of ours between
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "127.0.0.1"),
        ("203.0.113.9, unknown", "127.0.0.1"),
        ("10.1.0.9", "10.1.0.9"),
    ],
)
def test_client_is_the_nearest_stranger(forwarded, client):
    assert client_behind("127.0.0.1", forwarded, OURS) == client


def seen(settings, trusted, **meta):
    settings.TRUSTED_PROXIES = trusted
    kept = {}
    TrustedProxiesMiddleware(lambda request: kept.update(request.META) or HttpResponse())(
        RequestFactory().get("/", **meta)
    )
    return kept


def test_a_trusted_proxy_is_believed(settings):
    meta = seen(
        settings,
        OURS,
        REMOTE_ADDR="127.0.0.1",
        HTTP_X_FORWARDED_FOR="203.0.113.9",
        HTTP_X_FORWARDED_PROTO="https",
    )
    assert meta["REMOTE_ADDR"] == "203.0.113.9"
    assert meta["HTTP_X_FORWARDED_PROTO"] == "https"


def test_a_stranger_is_not(settings):
    meta = seen(
        settings,
        OURS,
        REMOTE_ADDR="203.0.113.66",
        HTTP_X_FORWARDED_FOR="127.0.0.1",
        HTTP_X_FORWARDED_PROTO="https",
    )
    assert meta["REMOTE_ADDR"] == "203.0.113.66"
    assert "HTTP_X_FORWARDED_FOR" not in meta
    assert "HTTP_X_FORWARDED_PROTO" not in meta


def test_without_the_setting_nothing_changes(settings):
    meta = seen(settings, [], REMOTE_ADDR="203.0.113.66", HTTP_X_FORWARDED_FOR="127.0.0.1")
    assert meta["REMOTE_ADDR"] == "203.0.113.66"
    assert meta["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (environment.networks, "10.1.0.0/16,nginx"),
        (lambda name: environment.counts(name, "7,4,12", of=3), "7,4"),
        (environment.days, "messages:30"),
        (lambda name: environment.clock(name, "02:30"), "26:00"),
    ],
)
def test_a_wrong_value_names_the_variable(monkeypatch, reader, value):
    monkeypatch.setenv("BIHUAN_X", value)
    with pytest.raises(ImproperlyConfigured, match="BIHUAN_X"):
        reader("BIHUAN_X")


def test_values_are_read(monkeypatch):
    monkeypatch.setenv("BIHUAN_X", "messages=730,sessions=365")
    assert environment.days("BIHUAN_X") == {"messages": 730, "sessions": 365}
    assert environment.counts("BIHUAN_Y", "7,4,12", of=3) == (7, 4, 12)
    assert environment.clock("BIHUAN_Y", "02:30") == (2, 30)

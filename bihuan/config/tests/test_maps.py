"""Map tiles: only approved ones in our coordinates, and exactly their origins in the content policy."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse

from bihuan.config.maps import tile_layers, tile_origins
from bihuan.config.middleware import ContentSecurityPolicyMiddleware

TIANDITU = "https://t{s}.tiles.example/vec/{z}/{x}/{y}?tk={key}"


def setting(monkeypatch, tiles="", key="", approval=""):
    for name, value in (("TILES", tiles), ("KEY", key), ("APPROVAL", approval)):
        monkeypatch.setenv(f"BIHUAN_MAP_{name}", value)


def test_without_a_setting_there_are_none(monkeypatch):
    setting(monkeypatch)
    assert tile_layers() == []


def test_layers_in_order_with_the_key(monkeypatch):
    setting(monkeypatch, f"{TIANDITU} https://b.example/{{z}}/{{x}}/{{y}}", "k1", "GS（2026）1号")
    assert tile_layers() == [
        "https://t{s}.tiles.example/vec/{z}/{x}/{y}?tk=k1",
        "https://b.example/{z}/{x}/{y}",
    ]


@pytest.mark.parametrize(
    ("tiles", "key", "approval", "words"),
    [
        ("tiles/{z}/{x}/{y}", "", "GS1", "https://"),
        ("https://a.example/{z}/{x}", "", "GS1", "{y}"),
        ("https://webrd01.is.autonavi.com/{z}/{x}/{y}", "", "GS1", "偏移"),
        (TIANDITU, "", "GS1", "BIHUAN_MAP_KEY"),
        (TIANDITU, "k1", "", "审图号"),
    ],
)
def test_what_cannot_be_shown_stops_the_start(monkeypatch, tiles, key, approval, words):
    setting(monkeypatch, tiles, key, approval)
    with pytest.raises(ImproperlyConfigured, match=words):
        tile_layers()


def test_origins_of_siblings_and_of_one():
    layers = [TIANDITU, "https://t{s}.tiles.example/cva/{z}/{x}/{y}", "http://b.example:8080/{z}/{x}/{y}"]
    assert tile_origins(layers) == ["https://*.tiles.example", "http://b.example:8080"]


@pytest.mark.parametrize(
    ("tiles", "images"),
    [
        ([], "img-src 'self' data: blob:;"),
        ([TIANDITU], "img-src 'self' https://*.tiles.example data: blob:;"),
    ],
)
def test_the_policy_opens_for_tiles_only(settings, rf, tiles, images):
    settings.MAP_TILES = tiles
    answer = ContentSecurityPolicyMiddleware(lambda request: HttpResponse())(rf.get("/"))
    assert images in answer["Content-Security-Policy"]
    assert answer["Content-Security-Policy"].count("tiles.example") == len(tiles)

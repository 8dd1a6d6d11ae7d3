"""A street's installation and the city's exchange everything there is over a wire that breaks, by file, and again: nothing
is lost, nothing is there twice."""

from __future__ import annotations

import base64
import shutil
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.exchange.pair import Installation, Wire

pytestmark = [pytest.mark.sqlite, pytest.mark.slow, pytest.mark.django_db]
UP = ["return", "register"]


@pytest.fixture
def pair(tmp_path: Path, db: None) -> Iterator[tuple[Installation, Installation, Wire]]:
    """The street, the city, and the street's wire to the city."""
    if connection.vendor != "sqlite":
        pytest.skip("copies the migrated file")
    both = []
    for name in ("lower", "upper"):
        data = tmp_path / name
        data.mkdir()
        _empty_copy(data / "bihuan.sqlite3")
        both.append(Installation(data))
    lower, upper = both
    wire = Wire(upper.port)
    try:
        for each in both:
            each.begin()
        for each in both:
            each.start()
        yield lower, upper, wire
    finally:
        wire.close()
        for each in both:
            each.end()
        shutil.rmtree(tmp_path, ignore_errors=True)


def _empty_copy(target: Path) -> None:
    """The migrated file of the tests: what other tests do is rolled back, so it holds what migrations put there."""
    with (
        sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True) as source,
        sqlite3.connect(target) as copy,
    ):
        source.backup(copy)


def acquaint(lower: Installation, upper: Installation, wire: Wire) -> None:
    for each in (lower, upper):
        each.act("city")
    cards = lower.act("card", "lower"), upper.act("card", "upper")
    lower.act("befriend", "lower", cards[1], "push", f"http://127.0.0.1:{wire.port}", UP)
    upper.act("befriend", "upper", cards[0], "pull", "", [])


def test_two_installations_and_a_wire_that_breaks(pair: tuple[Installation, Installation, Wire]) -> None:
    lower, upper, wire = pair
    acquaint(lower, upper, wire)
    for each in (lower, upper):
        each.act("period")
    digest, number = lower.act("sign"), lower.act("listing")
    lower.act("hand_over")
    lower.act("letters", "lower", 3)
    upper.act("plan")

    # The second request arrives, its answer does not; then the wire is dead.
    wire.lose_answer_of = 2
    broken = lower.act("go")
    assert (broken["failed"], bool(broken["error"])) == (1, True)
    arrived = sum(len(rows) for rows in upper.act("state")["in"].values())
    assert arrived == 2
    assert lower.act("go")["failed"] == 1
    upper.kill()
    wire.mend()
    assert "不通" in lower.act("go")["error"]
    upper.start()
    mended = lower.act("go")
    assert (mended["failed"], mended["collected"], mended["error"]) == (0, 1, "")

    above = upper.act("state")
    assert above["in"] == {
        "handover": ["1 applied"], "note": ["1 applied", "2 applied", "3 applied"], "register": ["1 applied"],
        "return": ["1 applied"],
    }  # fmt: skip
    assert above["returns"] == [["青石街道", "signed", digest, "青石街道安委办"]]
    assert above["listed"] == [[number, True]]
    assert (above["handovers"], above["photos"]) == ([["sent", ""]], 1)
    below = lower.act("state")
    assert below["out"] == above["in"]
    assert (below["in"], below["drafts"]) == ({"plan": ["1 applied"]}, ["云溪市城镇燃气安全专项整治方案"])
    assert above["out"] == {"plan": ["1 applied"]}

    # The city takes the matter over and answers; the street learns of it at its next visit.
    assert upper.act("take_over", "已由市住建局责令停用") == "reported"
    lower.act("go")
    assert lower.act("state")["handovers"] == [["answered", "已由市住建局责令停用"]]
    assert upper.act("state")["out"]["reply"] == ["1 applied", "2 applied"]

    # Somebody on the way sends a captured package again, and the same request once more.
    data = lower.act("captured", "return")
    assert upper.act("file_in", "upper", data) == ["applied"]
    unsigned = urllib.request.Request(
        f"http://127.0.0.1:{upper.port}/exchange/door/packages/", data=base64.b64decode(data),
        headers={"Content-Type": "application/octet-stream"},
    )  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(unsigned, timeout=10)
    assert refused.value.code == 422
    before = upper.act("state")
    for number in (1, 2):
        assert wire.say_again(number) == (403, "这个请求已经处理过")
    after = upper.act("state")
    assert after == before | {"refusals": before["refusals"] + 2}

    # Across a gap: a file out, carried twice, and the receipts back.
    lower.act("reach", "lower", "file", "")
    lower.act("letters", "lower", 2)
    carried = lower.act("file_out", "lower")
    assert upper.act("file_in", "upper", carried).count("applied") == len(
        upper.act("file_in", "upper", carried)
    )
    assert lower.act("state")["out"]["note"][3:] == ["4 handed", "5 handed"]
    lower.act("file_in", "lower", upper.act("file_out", "upper"))
    assert lower.act("state")["out"]["note"] == [f"{number} applied" for number in range(1, 6)]

    # The city connects to the street's own server.
    upper.act("reach", "upper", "push", f"http://127.0.0.1:{lower.port}")
    upper.act("letters", "upper", 1)
    assert upper.act("go")["failed"] == 0
    assert lower.act("state")["in"]["note"] == ["1 applied"]
    end = upper.act("state")
    assert (len(end["returns"]), len(end["listed"]), len(end["handovers"]), end["photos"]) == (1, 1, 1, 1)
    assert end["in"]["note"] == [f"{number} applied" for number in range(1, 6)]

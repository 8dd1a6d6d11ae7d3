"""Every list of exchange costs the same number of queries however long, from a peer's first package to its hundredth."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.exchange.actions import announcing, handing, profiling
from bihuan.exchange.actions.receiving import place_waiting, receive
from bihuan.exchange.models import (
    Handover,
    ListedElsewhere,
    Package,
    Peer,
    Refusal,
    ReturnReceived,
    SheetProfile,
)
from bihuan.hazards.tests.factories import make_hazard
from bihuan.returns.tests.factories import make_period

from .fellow import Fellow, befriend, set_up
from .test_contents import MONTH, row, signed_below

pytestmark = pytest.mark.django_db

LISTS = [
    "exchange:index", "exchange:packages", "exchange:refusals", "exchange:handovers", "exchange:listed",
    "exchange:returns", "exchange:profiles",
]  # fmt: skip


def another(record: Any, **changed: Any) -> None:
    """The same row once more, under numbers of its own."""
    record.pk = None
    for name, value in changed.items():
        setattr(record, name, value)
    record._state.adding = True
    record.save(force_insert=True)


def grow(world: Any, no: int) -> None:
    """One more of everything: a peer, packages both ways, a handover, and a row of each register."""
    fellow = Fellow(number=uuid.uuid4())
    befriend(world, fellow)
    for peer in Peer.objects.all():
        announcing.send_note(peer, title=f"第 {no} 封", text="请查收", by=world.people.office)
    handing.hand_over(
        make_hazard(world), Peer.objects.earliest("pk"), reason="不归本级", by=world.people.office
    )
    another(ListedElsewhere.objects.earliest("pk"), remote=f"another-{no}")
    package = Package.objects.filter(kind="return").earliest("pk")
    filed = ReturnReceived.objects.earliest("pk")
    another(package, number=uuid.uuid4(), sequence=1000 + no, digest=f"sha256:{no}")
    another(filed, package=package, filing=None, digest=f"sha256:{no}")
    Refusal.objects.create(way=Refusal.Way.DOOR, peer=peer, reason="签名不对", at=timezone.now())
    another(SheetProfile.objects.earliest("pk"), name=f"另一张表 {no}")


def test_lists_cost_the_same_however_long(client, world):
    own = set_up(world)
    fellow = Fellow()
    befriend(world, fellow)
    content = signed_below(world)
    make_period(world, MONTH)
    receive(fellow.package("return", content, own), way="door")
    receive(fellow.package("register", {"rows": [row()]}, own), way="door")
    place_waiting()
    profiling.ensure_samples(world.city, by=world.people.robot)
    grow(world, 0)
    client.force_login(world.people.office)

    def counts() -> dict[str, int]:
        found = {}
        for name in LISTS:
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(reverse(name))
            assert answer.status_code == 200
            assert "table-stack" in answer.content.decode(), name
            found[name] = len(seen)
        return found

    counts()
    few = counts()
    rows = {
        model: model.objects.count() for model in (Peer, Package, Handover, ListedElsewhere, ReturnReceived)
    }
    for number in range(1, 5):
        grow(world, number)
    assert all(model.objects.count() >= count + 4 for model, count in rows.items())
    assert counts() == few
    peer = Peer.objects.earliest("pk")
    with CaptureQueriesContext(connection) as first:
        client.get(reverse("exchange:peer", args=[peer.pk]))
    grow(world, 9)
    with CaptureQueriesContext(connection) as second:
        client.get(reverse("exchange:peer", args=[peer.pk]))
    assert len(second) == len(first)

"""Another installation, played by a test: it has keys, a card, and signs packages for ours."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.core.digest import canonical_json
from bihuan.exchange.actions import identity, peering
from bihuan.exchange.models import Instance, Peer
from bihuan.exchange.wire.archive import parts_of, write_package
from bihuan.exchange.wire.door import HEADER, request_header
from bihuan.exchange.wire.keys import PrivateKeys
from bihuan.exchange.wire.manifest import Manifest
from bihuan.exchange.wire.words import signed


@dataclass
class Fellow:
    """Somebody of our trade in another place."""

    region: str = "539702001"
    region_name: str = "青石街道"
    name: str = "青石街道应急办"
    address: str = ""
    keys: PrivateKeys = field(default_factory=PrivateKeys.generate)
    number: uuid.UUID = field(default_factory=uuid.uuid4)
    last: dict[str, tuple[int, str]] = field(default_factory=dict)

    def card(self, **changed: Any) -> dict[str, Any]:
        public = self.keys.public
        body = {
            "format": "bihuan.card", "schema": 1, "instance": str(self.number), "name": self.name, "region": self.region,
            "region_name": self.region_name, "address": self.address, "signing": public.signing, "sealing": public.sealing,
        }  # fmt: skip
        return signed("card", body | changed, self.keys)

    def package(
        self, kind: str, content: dict[str, Any], own: Instance, files: tuple[bytes, ...] = (), **changed: Any
    ) -> bytes:
        """The next package of a kind; `changed` replaces members of the manifest."""
        sequence, previous = self.last.get(kind, (0, ""))
        body = canonical_json(content)
        fields = {
            "format": "bihuan.exchange", "schema_": 1, "id": uuid.uuid4(), "kind": kind, "version": 1, "sender": self.number,
            "receiver": own.pk, "sequence": sequence + 1, "previous": previous, "created_at": timezone.now(),
            "region": self.region, "title": "来件", "key": self.keys.public.fingerprint, "parts": parts_of(body, files),
        }  # fmt: skip
        manifest = Manifest(**(fields | changed))
        if not changed.keys() & {"sequence", "previous"}:
            self.last[kind] = (manifest.sequence, manifest.digest)
        return write_package(manifest, body, files, self.keys)

    def note(self, own: Instance, text: str = "请查收", **changed: Any) -> bytes:
        kind = changed.pop("kind", "note")
        return self.package(kind, {"text": text, "author": "青石街道 郑守一", "files": []}, own, **changed)

    def header(
        self, act: str, body: bytes, own: Instance, *, at: dt.datetime | None = None
    ) -> dict[str, str]:
        header, _ = request_header(
            act, body, sender=str(self.number), receiver=str(own.pk), at=at or timezone.now(), keys=self.keys
        )
        return {HEADER: header}


def set_up(world: World, region: str = "city") -> Instance:
    """Our own identity, by the office."""
    return identity.set_up(
        name="云溪市安委办", region=getattr(world.regions, region), address="", by=world.people.office
    )


def befriend(
    world: World, fellow: Fellow, *, reach: str = "pull", address: str = "", sends: tuple[str, ...] = ()
) -> Peer:
    """The fellow registered by its card and its fingerprint compared."""
    card = peering.read_card(canonical_json(fellow.card()))
    peer = peering.register(card, reach=reach, address=address, sends=sends, by=world.people.office)
    peering.verify(
        peer, fingerprint=fellow.keys.public.fingerprint, spoken_with="郑守一", by=world.people.office
    )
    return Peer.objects.get(pk=peer.pk)

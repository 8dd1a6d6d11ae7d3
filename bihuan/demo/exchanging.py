"""Two other installations the demo city exchanges with: an invented province above it, an invented county's beside its own.

They are played here: what they send is signed with keys of theirs and taken in by the doors of the house, what goes to
them gets their receipts.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.campaigns.models import Campaign
from bihuan.core.digest import canonical_json
from bihuan.exchange.actions import announcing, handing, identity, peering, profiling, settling
from bihuan.exchange.actions.receiving import receive
from bihuan.exchange.actions.sending import queue_due
from bihuan.exchange.models import Handover, Instance, Package, Peer, SheetProfile
from bihuan.exchange.models.packages import Direction
from bihuan.exchange.wire.archive import parts_of, write_package
from bihuan.exchange.wire.keys import PrivateKeys
from bihuan.exchange.wire.manifest import Manifest
from bihuan.exchange.wire.words import signed
from bihuan.exchange.workflow import PackageStatus
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Status

from .city import City
from .moments import as_of, at_hour
from .photos import photo

COMPARED, TALKED = 20, 6  # days ago: fingerprints, the last letters


@dataclass
class Neighbour:
    """Another installation, played."""

    name: str
    region: str
    region_name: str
    own: Instance
    keys: PrivateKeys = field(default_factory=PrivateKeys.generate)
    number: uuid.UUID = field(default_factory=uuid.uuid4)
    last: dict[str, tuple[int, str]] = field(default_factory=dict)

    def befriend(
        self, reach: str, sends: tuple[str, ...], spoken_with: str, *, by: User, address: str = ""
    ) -> Peer:
        """Registered by its card, compared on the telephone."""
        public = self.keys.public
        card = {
            "format": "bihuan.card", "schema": 1, "instance": str(self.number), "name": self.name, "region": self.region,
            "region_name": self.region_name, "address": address, "signing": public.signing, "sealing": public.sealing,
        }  # fmt: skip
        words = peering.read_card(canonical_json(signed("card", card, self.keys)))
        peer = peering.register(words, reach=reach, sends=sends, by=by)
        peering.verify(peer, fingerprint=public.fingerprint, spoken_with=spoken_with, by=by)
        return Peer.objects.get(pk=peer.pk)

    def send(
        self, kind: str, title: str, content: dict[str, Any], files: tuple[bytes, ...] = (), *, skip: int = 0
    ) -> Package:
        """The next package of a kind arrives; with `skip`, so many before it are still on their way."""
        sequence, previous = self.last.get(kind, (0, ""))
        body = canonical_json(content)
        manifest = Manifest(
            format="bihuan.exchange", schema_=1, id=uuid.uuid4(), kind=kind, version=1, sender=self.number, receiver=self.own.pk,
            sequence=sequence + 1 + skip, previous=previous if not skip else "sm3:" + "0" * 64, created_at=timezone.now(),
            region=self.region, title=title, key=self.keys.public.fingerprint, parts=parts_of(body, files),
        )  # fmt: skip
        self.last[kind] = (manifest.sequence, manifest.digest)
        return receive(write_package(manifest, body, files, self.keys), way="door", source="10.53.0.8")

    def acknowledge(self, peer: Peer, *, state: str = "applied", note: str = "已办入") -> None:
        """Receipts for everything that waits for this one, and how far it has come."""
        for package in Package.objects.filter(
            peer=peer, direction=Direction.OUT, status=PackageStatus.QUEUED
        ).order_by("id"):
            body = {
                "package": str(package.number), "digest": package.digest, "kind": package.kind, "sequence": package.sequence,
                "state": state, "note": note, "at": timezone.now().isoformat(), "from": str(self.number), "to": str(self.own.pk),
            }  # fmt: skip
            settling.take_receipt(peer, signed("receipt", body, self.keys))
        rows = peer.streams.filter(direction=Direction.OUT)
        settling.take_view(
            peer, [{"kind": row.kind, "upto": row.last_sequence, "missing": [], "held": []} for row in rows]
        )


def exchange(city: City, campaign: Campaign) -> None:
    """Set the city's identity up, acquaint the two, and let some weeks of exchange pass."""
    office = User.objects.get(pk=city.users["office"].pk)
    with as_of(at_hour(city.today - dt.timedelta(days=COMPARED), 10)):
        own = identity.set_up(name="云溪市安委办", region=city.regions["5397"], address="", by=office)
        province = Neighbour("云岭省安委办", "53", "云岭省", own)
        county = Neighbour("岚溪县安委办", "539721", "岚溪县", own)
        above = province.befriend("pull", ("return", "register"), "省安委办值班室 蒋文", by=office)
        below = county.befriend("file", (), "岚溪县安委办 罗平", by=office)
        profiling.ensure_samples(city.regions["5397"], by=service_user())
    with as_of(at_hour(city.today - dt.timedelta(days=TALKED), 15)):
        queue_due(above, by=service_user())
        province.acknowledge(above)
        province.send(
            "note", "关于报送岁末年初安全防范工作情况的通知",
            {"text": "请各市于本月底前报送重大隐患挂牌督办进展，逐件说明责任单位和期限。", "author": "云岭省安委办 蒋文", "files": []},
        )  # fmt: skip
        county.send("register", "挂牌督办清单 2 件在挂", {"rows": _listed(city)})
        _matter(city, county)
    _answer(city, office)
    _give_up(above, office)
    announcing.send_note(
        below,
        title="关于移送事项的说明",
        text="所移送隐患已交市直部门办理，请继续落实临时管控措施。",
        by=office,
    )
    announcing.send_note(
        above, title="挂牌督办进展情况", text="在挂事项均已制定治理方案，进展见挂牌清单。", by=office
    )
    # One number of the county's is still on its way: the page shows the gap.
    county.send(
        "note",
        "岚溪县报来情况",
        {"text": "上一封附有现场照片，请一并查收。", "author": "岚溪县安委办 罗平", "files": []},
        skip=1,
    )
    rows = SheetProfile.objects.filter(source="hazards", region=city.regions["5397"])
    for profile in rows:
        profiling.fill_table(profile, first=city.today - dt.timedelta(days=7), last=city.today, by=office)
        profiling.set_status(profile, SheetProfile.Status.ACTIVE, by=office)


def _listed(city: City) -> list[dict[str, Any]]:
    def row(number: int, title: str, place: str, region: str, due: int, progress: str) -> dict[str, Any]:
        return {
            "remote": str(number), "number": f"GP{city.today.year}-{number:05d}", "title": title, "place": place, "region": region,
            "region_name": city.regions[region].name, "level": "县级挂牌", "state": "挂牌整改", "is_open": True,
            "responsible": "岚溪县安委办", "progress": progress, "listed_on": (city.today - dt.timedelta(days=48)).isoformat(),
            "due_on": (city.today + dt.timedelta(days=due)).isoformat(), "closed_on": None,
        }  # fmt: skip

    return [
        row(3, "农贸市场疏散通道被摊位占用", "岚溪县岚城农贸市场", "539721001", 12, "60% 已清退摊位 14 个"),
        row(5, "液化气储配站压缩机房防爆失效", "岚溪县茶坪储配站", "539721100", -4, "30% 防爆设备在途"),
    ]


def _matter(city: City, county: Neighbour) -> None:
    """A hazard of an enterprise under the city's own supervision, handed up with a photo."""
    enterprise = next(each for each in city.enterprises if each.department_id)
    content: dict[str, Any] = {
        "number": str(uuid.uuid4()), "what": "hazard", "title": f"{enterprise.name}：卸货平台消防栓被货物遮挡", "reason": "市属监管企业，县里无管辖权",
        "region": "539721001", "enterprise": enterprise.name, "credit_code": enterprise.credit_code,
        "description": "卸货平台消防栓被货物遮挡，应急时无法取用", "location": "卸货平台", "level": "general",
        "found_on": (city.today - dt.timedelta(days=TALKED + 1)).isoformat(),
        "reply_by": (city.today + dt.timedelta(days=9)).isoformat(), "facts": [["发现单位", "岚溪县安委办"], ["现场处置", "已口头要求清理"]],
        "author": "岚溪县安委办 罗平", "photos": [{"name": "消防栓.jpg"}],
    }  # fmt: skip
    county.send("handover", content["title"], content, (photo(77, "消防栓被遮挡", before=True),))
    second = content | {
        "number": str(uuid.uuid4()),
        "title": f"{enterprise.name}：配电间堆放杂物",
        "description": "配电间堆放杂物",
        "photos": [],
    }
    county.send("handover", second["title"], second)


def _answer(city: City, office: User) -> None:
    """One of the two was taken over and answered; the other waits."""
    first = Handover.objects.filter(direction=Direction.IN).order_by("pk").first()
    if first is not None:
        with as_of(at_hour(city.today - dt.timedelta(days=TALKED - 2), 9)):
            handing.accept(first, by=office)
        with as_of(at_hour(city.today - dt.timedelta(days=1), 16)):
            handing.answer(first, text="市应急局已到场核查，货物当日清理，消防栓恢复使用。", by=office)


def _give_up(above: Peer, office: User) -> None:
    """One hazard of ours goes to the province."""
    rows = (
        Hazard.objects.visible_to(office)
        .filter(status=Status.RECTIFYING)
        .select_related("enterprise")
        .order_by("found_on", "found_at", "description")
    )
    hazard = rows.first()
    if hazard is not None:
        handing.hand_over(
            hazard,
            above,
            reason="涉及省属企业，请省里协调",
            reply_by=timezone.localdate() + dt.timedelta(days=20),
            by=office,
        )

"""What people do in one installation of the pair, asked line by line: `python -m tests.exchange.acting`.

Each line is a JSON list, the name of an act and its arguments; each answer one line of JSON. One process for the whole
story, because starting Django takes longer than anything asked here.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import sys
import traceback
from typing import Any

import django


def city() -> dict[str, Any]:
    """The fictional city with an office for the city and one for Qingshi street."""
    from bihuan.accounts.models import Holding, Organization, Post, User
    from bihuan.accounts.roles import Role
    from bihuan.accounts.tests.world import START, make_world

    world = make_world()
    office = Organization.objects.create(
        name="青石街道安全生产委员会办公室", short_name="青石安委办", kind=Organization.Kind.OFFICE, region=world.regions.qingshi,
        valid_from=START,
    )  # fmt: skip
    post = Post.objects.create(organization=office, title="综合", role=Role.OFFICE_OFFICER, is_default=True)
    user = User.objects.create_user("street", None, full_name="郑守一")
    Holding.objects.create(user=user, post=post, from_on=START)
    _WORLD.append(world)
    return {"regions": 6}


_WORLD: list[Any] = []


def _who(level: str) -> Any:
    from bihuan.accounts.models import User

    return User.objects.get(username="street" if level == "lower" else "office")


def card(level: str, address: str = "") -> dict[str, Any]:
    """Set up, open the door, and hand over the card."""
    from bihuan.accounts.models import Region
    from bihuan.exchange.actions import identity

    region = Region.objects.get(pk="539702001" if level == "lower" else "5397")
    name = "青石街道安委办" if level == "lower" else "云溪市安委办"
    own = identity.set_up(name=name, region=region, address=address, by=_who(level))
    identity.change_instance(own, name=name, address=address, is_open=True, by=_who(level))
    return identity.card(own)


def befriend(level: str, words: dict[str, Any], reach: str, address: str, sends: list[str]) -> int:
    """Register the other one and compare what was read out."""
    from bihuan.core.digest import canonical_json
    from bihuan.exchange.actions import peering

    found = peering.read_card(canonical_json(words))
    peer = peering.register(found, reach=reach, address=address, sends=sends, by=_who(level))
    peering.verify(peer, fingerprint=found.keys.fingerprint, spoken_with="对方值班", by=_who(level))
    return int(peer.pk)


def period() -> int:
    """The month's return, owed by the localities to the city's office."""
    from bihuan.returns.tests.factories import make_period

    last_month = dt.date.today().replace(day=1) - dt.timedelta(days=1)
    return int(make_period(_WORLD[0], last_month.replace(day=1)).pk)


def sign() -> str:
    """The street signs its return: zero."""
    from bihuan.returns import actions
    from bihuan.returns.models import Period
    from bihuan.returns.tests.factories import return_of

    world = _WORLD[0]
    record = return_of(Period.objects.get(), world.organizations.qingshi)
    return str(actions.sign_return(record, by=world.people.qingshi_officer, zero=True).digest)


def listing() -> str:
    """A major hazard of the street is listed."""
    from bihuan.listings.tests.factories import listed

    return str(listed(_WORLD[0]).number)


def hand_over() -> int:
    """The street gives a hazard with a photo to the city."""
    from bihuan.exchange.actions import handing
    from bihuan.exchange.models import Peer
    from bihuan.hazards.tests.factories import make_hazard
    from bihuan.inspections.tests.factories import photo

    world = _WORLD[0]
    hazard = make_hazard(world, photos=[photo(world.people.inspector)])
    handover = handing.hand_over(hazard, Peer.objects.get(), reason="市属企业，不归街道管", by=_who("lower"))
    return int(handover.pk)


def take_over(answer: str) -> str:
    """The city enters the matter in its own ledger and answers."""
    from bihuan.exchange.actions import handing
    from bihuan.exchange.models import Handover

    world = _WORLD[0]
    handover = Handover.objects.get(direction="in")
    handing.accept(handover, enterprise=world.enterprises.shop, by=_who("upper"))
    handing.answer(handover, text=answer, by=_who("upper"))
    return str(Handover.objects.get(pk=handover.pk).hazard.status)  # type: ignore[union-attr]


def plan() -> int:
    """The city sends a published plan down."""
    from bihuan.exchange.actions.identity import needed_instance
    from bihuan.exchange.actions.sending import pack
    from bihuan.exchange.kinds.plans import PLAN, pack_plan
    from bihuan.exchange.models import Peer
    from bihuan.inspections.tests.factories import make_campaign

    campaign = make_campaign(_WORLD[0]).campaign
    return int(pack(Peer.objects.get(), PLAN, pack_plan(campaign, needed_instance()), by=_who("upper")).pk)


def letters(level: str, count: int) -> int:
    """So many letters to the other one."""
    from bihuan.exchange.actions.announcing import send_note
    from bihuan.exchange.models import Peer

    for number in range(count):
        send_note(Peer.objects.get(), title=f"第{number + 1}封", text="请查收", by=_who(level))
    return count


def go() -> dict[str, Any]:
    """One round of the worker, whether or not its time has come."""
    from django.utils import timezone

    from bihuan.exchange.models import Package, Peer
    from bihuan.exchange.rounds import exchange_all

    Peer.objects.update(next_try_at=None)
    # Half a minute is how long a package may be on its way before it is held to be lost.
    Package.objects.filter(direction="out").update(moved_at=timezone.now() - dt.timedelta(minutes=2))
    done = exchange_all(timezone.now())
    peer = Peer.objects.get()
    return {
        "packed": done.packed,
        "sent": done.sent,
        "collected": done.collected,
        "failed": done.failed,
        "error": peer.last_error,
    }


def reach(level: str, reach: str, address: str) -> None:
    """Change how the other one is reached."""
    from bihuan.exchange.actions import peering
    from bihuan.exchange.models import Peer

    peer = Peer.objects.get()
    peering.edit(peer, reach=reach, address=address, sends=peer.sends, by=_who(level))


def file_out(level: str) -> str:
    """A file to carry."""
    from bihuan.exchange.actions import carrying
    from bihuan.exchange.models import Peer

    return base64.b64encode(carrying.hand_out(Peer.objects.get(), by=_who(level))).decode()


def file_in(level: str, data: str) -> list[str]:
    """A file that was carried."""
    from bihuan.exchange.actions import carrying

    taken = carrying.take_in(base64.b64decode(data), "U盘.bhx", by=_who(level))
    return [package.status for package in taken.packages] + taken.refused


def captured(kind: str) -> str:
    """The bytes of the last package of a kind that went out, as somebody on the way would have them."""
    from bihuan.exchange.actions.sending import bytes_of
    from bihuan.exchange.models import Package

    package = Package.objects.select_related("file").filter(direction="out", kind=kind).latest("id")
    return base64.b64encode(bytes_of(package)).decode()


def state() -> dict[str, Any]:
    """Everything that matters."""
    from bihuan.attachments.models import AttachmentLink
    from bihuan.campaigns.models import PlanDocument
    from bihuan.exchange.models import Handover, ListedElsewhere, Package, Refusal
    from bihuan.hazards.models import Hazard
    from bihuan.returns.models import Return

    def packages(direction: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for kind, sequence, status in (
            Package.objects.filter(direction=direction)
            .order_by("kind", "sequence")
            .values_list("kind", "sequence", "status")
        ):
            found.setdefault(kind, []).append(f"{sequence} {status}")
        return found

    return {
        "out": packages("out"), "in": packages("in"), "refusals": Refusal.objects.count(),
        "returns": list(Return.objects.filter(current__isnull=False).values_list("organization__short_name", "status", "current__digest", "current__received_from")),
        "listed": list(ListedElsewhere.objects.values_list("number", "is_open")),
        "handovers": list(Handover.objects.values_list("status", "answer")),
        "photos": AttachmentLink.objects.filter(subject__startswith="exchange.handover").count(),
        "hazards": Hazard.objects.count(),
        "drafts": list(PlanDocument.objects.filter(status="draft").values_list("title", flat=True)),
    }  # fmt: skip


ACTS = {
    act.__name__: act
    for act in (
        city, card, befriend, period, sign, listing, hand_over, take_over, plan, letters, go, reach, file_out, file_in, captured,
        state,
    )
}  # fmt: skip


def main() -> None:
    django.setup()
    sys.stdout.write('"ready"\n')
    sys.stdout.flush()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer: Any = {"is": ACTS[name](*arguments)}
        except Exception:
            answer = {"failed": traceback.format_exc()[-3000:]}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

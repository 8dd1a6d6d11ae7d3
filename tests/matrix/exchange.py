"""Pages of `exchange`, judged as tests/matrix/pages.py judges the others.

The installation is the county's: its office keeps the keys and the peers, the street's office beside it is one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
exchange:index                | GET      | list      | OL OO IS            |
exchange:own                  | GET POST | county    | OO                  |
exchange:card                 | GET      | county    | OO                  |
exchange:new_key              | POST     | county    | OO                  |
exchange:start_key            | POST     | county    | OO                  |
exchange:register             | GET POST | list      | OO                  |
exchange:peer                 | GET      | county    | OL OO IS            |
exchange:verify               | POST     | county    | OO                  |
exchange:edit_peer            | POST     | county    | OO                  |
exchange:retry                | POST     | county    | OO                  |
exchange:hand_out             | POST     | county    | OO                  |
exchange:letter               | GET POST | county    | OO                  |
exchange:drop_key             | POST     | county    | OO                  |
exchange:catch_up             | POST     | county    | OO                  |
exchange:move_peer suspend    | POST     | county    | OO                  |
exchange:packages             | GET      | list      | OL OO IS            |
exchange:export               | GET POST | list      | OL OO IS            |
exchange:take_in              | GET POST | county    | OO                  |
exchange:package              | GET      | county    | OL OO IS            |
exchange:package_file         | GET      | county    | OO                  |
exchange:package_act resend   | POST     | county    | OO                  |
exchange:refusals             | GET      | list      | OL OO IS            |
exchange:handovers            | GET      | list      | OL OO IS            |
exchange:hand_over            | GET POST | county    | OO                  |
exchange:handover             | GET      | county    | OL OO IS            |
exchange:handover_act accept  | POST     | county    | OO                  |
exchange:handover_act return  | POST     | county    | OO                  |
exchange:listed               | GET      | list      | OL OO IS            |
exchange:listed_export        | GET POST | list      | OL OO IS            |
exchange:returns              | GET      | list      | OL OO IS            |
exchange:plans                | GET POST | county    | OO                  |
exchange:profiles             | GET      | list      | OL OO IS            |
exchange:create_profile       | GET POST | list      | OO                  |
exchange:profile              | GET      | county    | OL OO IS            |
exchange:edit_profile         | GET POST | county    | OO                  |
exchange:run_profile          | POST     | county    | OL OO IS            |
exchange:profile_status retired | POST     | county    | OO                  |
exchange:profile_run          | GET      | county    | OO                  | OL IS
exchange:profile_run_file     | GET      | county    | OO                  | OL IS
exchange:door_packages        | POST     | list      | public              |
exchange:door_sync            | POST     | list      | public              |
exchange:door_fetch           | POST     | list      | public              |
"""
ADDRESSES: dict[str, dict[str, str]] = {
    **{
        name: {"pk": "exchange_peer"}
        for name in (
            "exchange:peer", "exchange:verify", "exchange:edit_peer", "exchange:retry", "exchange:hand_out", "exchange:letter",
        )
    },
    "exchange:drop_key": {"pk": "exchange_peer", "key": "exchange_key"},
    "exchange:catch_up": {"pk": "exchange_peer", "stream": "exchange_stream"},
    "exchange:move_peer": {"pk": "exchange_peer", "move": "="},
    "exchange:package": {"pk": "exchange_package"},
    "exchange:package_file": {"pk": "exchange_package"},
    "exchange:package_act": {"pk": "exchange_package", "act": "="},
    "exchange:handover": {"pk": "exchange_handover"},
    "exchange:handover_act": {"pk": "exchange_handover", "act": "="},
    **{
        name: {"pk": "exchange_profile"}
        for name in ("exchange:profile", "exchange:edit_profile", "exchange:run_profile")
    },
    "exchange:profile_status": {"pk": "exchange_profile", "status": "="},
    "exchange:profile_run": {"pk": "exchange_run"},
    "exchange:profile_run_file": {"pk": "exchange_run"},
}  # fmt: skip
QUERIES: dict[str, dict[str, str]] = {"exchange:hand_over": {"hazard": "hazard"}}
BODIES: dict[str, dict[str, str]] = {}
MARKS: dict[str, str] = {}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    import uuid

    from bihuan.accounts.queries import service_user
    from bihuan.core.digest import canonical_json
    from bihuan.exchange.actions import announcing, identity, peering, profiling
    from bihuan.exchange.actions.receiving import receive
    from bihuan.exchange.models import Handover, SheetProfile
    from bihuan.exchange.tests.fellow import Fellow

    world, office = stage.world, stage.world.people.county_office
    own = identity.set_up(name="云溪区安委办", region=world.regions.yunxi, address="", by=office)
    identity.change_instance(own, name=own.name, address="", is_open=True, by=office)
    fellow = Fellow()
    peer = peering.register(peering.read_card(canonical_json(fellow.card())), reach="pull", by=office)
    peering.verify(peer, fingerprint=fellow.keys.public.fingerprint, spoken_with="郑守一", by=office)
    peer.refresh_from_db()
    package = announcing.send_note(peer, title="关于报送", text="请按时报送", by=office)
    matter = {
        "number": str(uuid.uuid4()), "what": "hazard", "title": "好味来面馆：气瓶间与厨房连通", "reason": "不属本级", "region": "539702001",
        "author": "郑守一",
    }  # fmt: skip
    receive(fellow.package("handover", matter, own), way="door")
    profiling.ensure_samples(world.regions.yunxi, by=service_user())
    profile = SheetProfile.objects.get(shape="rows")
    run = profiling.fill_table(profile, first=None, last=None, by=office)
    profiling.set_status(profile, "active", by=office)
    return {
        "exchange_peer": peer.pk, "exchange_key": peer.keys.get().pk, "exchange_stream": peer.streams.get(direction="out").pk,
        "exchange_package": package.pk, "exchange_handover": Handover.objects.get().pk, "exchange_profile": profile.pk,
        "exchange_run": run.pk,
    }  # fmt: skip

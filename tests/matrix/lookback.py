"""Pages of `lookback`, judged as tests/matrix/pages.py judges the others.

The county's office looks at Qingshi street's closed hazards: one round drawn, one announced, an evaluation open; of the street's blind
spots one is drawn and handed to the street. The
department of the line sees the checks of its hazards, not the rounds: those are the office's and none is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
lookback:list                 | GET      | list      | OL OO DL DO LL LO IS | DL DO
lookback:export               | GET POST | list      | OL OO DL DO LL LO IS |
lookback:create               | GET POST | list      | OO DO               |
lookback:round                | GET      | street    | OL OO LL LO IS      | DL DO
lookback:material             | GET      | street    | OL OO LL LO IS      | DL DO
lookback:act                  | POST     | street    | OO                  | DO
lookback:checks               | GET      | list      | OL OO DL DO LL LO IS |
lookback:check                | GET      | street    | OL OO DL DO LL LO IS |
lookback:check post           | POST     | street    | OO                  |
lookback:check place          | GET      | street    | OL OO DL DO LL LO IS |
lookback:check place post     | POST     | street    | OO LO               |
lookback:reopen               | POST     | street    | OL OO DL LL         |
lookback:recurrences          | GET      | list      | OL OO DL DO LL LO IS |
lookback:export_recurrences   | GET POST | list      | OL OO DL DO LL LO IS |
lookback:stock                | GET      | list      | OL OO LL LO IS      |
lookback:effect               | GET      | list      | OL OO DL DO LL LO IS |
lookback:evaluations          | GET      | list      | OL OO DL DO LL LO IS |
lookback:evaluation           | GET      | street    | OL OO DL DO LL LO IS |
lookback:evaluation post      | POST     | street    | OO                  |
lookback:cancel_evaluation    | POST     | street    | OO                  |
lookback:arrange              | GET POST | street    | OO DO               |
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "lookback:round": {"pk": "lookback_round"},
    "lookback:material": {"pk": "lookback_round"},
    "lookback:act": {"pk": "lookback_announced", "key": "=cancel"},
    "lookback:check": {"pk": "lookback_check"},
    "lookback:check place": {"pk": "lookback_place"},
    "lookback:check place post": {"pk": "lookback_place"},
    "lookback:reopen": {"pk": "lookback_check"},
    "lookback:evaluation": {"pk": "effect_evaluation"},
    "lookback:cancel_evaluation": {"pk": "effect_evaluation"},
    "lookback:arrange": {"pk": "closed_again"},
}
QUERIES: dict[str, dict[str, str]] = {}
BODIES: dict[str, dict[str, str]] = {}
MARKS: dict[str, str] = {"lookback:list": "青石街道回头看", "lookback:evaluations": "软管老化之0"}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    from bihuan.hazards.tests.factories import make_closed
    from bihuan.lookback import actions
    from bihuan.lookback.tests.factories import announced

    world, people = stage.world, stage.inside
    hazards = [make_closed(world, description=f"软管老化之{number}") for number in range(3)]
    street = world.regions.qingshi
    held = announced(world, by=people["OO"], region=street, title="青石街道回头看")
    actions.draw_round(held, by=people["OO"])
    waiting = announced(world, by=people["OO"], region=street, title="青石街道回头看（二）")
    blind = announced(
        world, by=people["OO"], region=street, title="青石街道盲区清零", target="blind", unseen_months=0
    )
    actions.draw_round(blind, by=people["OO"])
    actions.hand_to_localities(blind, by=people["OO"])
    evaluation = actions.arrange(hazards[0], by=people["OO"])
    return {
        "lookback_round": held.pk,
        "lookback_announced": waiting.pk,
        "lookback_check": held.checks.order_by("position")[0].pk,
        "lookback_place": blind.checks.order_by("position")[0].pk,
        "effect_evaluation": evaluation.pk,
        "closed_again": hazards[1].pk,
    }

"""Pages of `accidents`, judged as tests/matrix/pages.py judges the others.

One accident of the noodle shop is reported and waits to be verified; another is settled as far as its measures, which
the shop and the housing department owe. Lists are seen by everybody who oversees, and by the enterprise for itself. A
protected name is opened, for a reason on record, by whoever may open personal data of the place: as telephone numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
accidents:list                | GET      | list      | OL OO DL DO LL LO EM IS |
accidents:export              | GET POST | list      | OL OO DL DO LL LO IS |
accidents:cases               | GET      | list      | OL OO DL DO LL LO EM IS |
accidents:create              | GET POST | list      | OO DO LO EM         |
accidents:statistics          | GET      | list      | OL OO DL DO LL LO EM IS |
accidents:situation           | GET      | list      | OL OO DL DO LL LO EM IS |
accidents:situation_docx      | GET      | list      | OL OO DL DO LL LO EM IS |
accidents:controls            | GET      | list      | OL OO DL DO LL LO EM IS |
accidents:controls post       | POST     | list      | OO                  |
accidents:measures            | GET      | list      | OL OO DL DO LL LO EM IS |
accidents:measure             | GET      | street    | OL OO DL DO LL LO EM IS | IN EX
accidents:measure_act         | POST     | street    | EM                  | IN EX
accidents:measure_name        | GET POST | street    | OL OO DO LO         |
accidents:casualty_name       | GET POST | street    | OL OO DO LO         |
accidents:send                | POST     | street    | OO                  |
accidents:detail              | GET      | street    | OL OO DL DO LL LO EM IS |
accidents:follow              | GET POST | street    | OO DO LO EM         |
accidents:correct             | GET POST | street    | OO                  |
accidents:act                 | POST     | street    | OO                  |
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "accidents:measure": {"pk": "accident_measure"},
    "accidents:measure_act": {"pk": "accident_measure", "key": "=report_done"},
    "accidents:measure_name": {"pk": "accident_person"},
    "accidents:casualty_name": {"pk": "casualty"},
    "accidents:send": {"pk": "accident_forward"},
    "accidents:detail": {"pk": "accident"},
    "accidents:follow": {"pk": "accident"},
    "accidents:correct": {"pk": "accident"},
    "accidents:act": {"pk": "accident", "key": "=verify"},
}
QUERIES: dict[str, dict[str, str]] = {}
BODIES: dict[str, dict[str, str]] = {"accidents:controls post": {"what": "=control"}}
MARKS: dict[str, str] = {"accidents:list": "好味来面馆燃气爆燃事故"}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    from django.utils import timezone

    from bihuan.accidents import actions
    from bihuan.accidents.tests.factories import approved, reported

    world = stage.world
    accident = reported(world)
    person = actions.add_casualty(
        accident, name="某某", outcome="death", changed_on=timezone.localdate(), by=world.people.shop
    )
    inquiry = approved(world, title="面馆上次的事故", punishing=world.organizations.housing)
    return {
        "accident": accident.pk,
        "accident_forward": accident.forwards.get().pk,
        "casualty": person.pk,
        "accident_measure": inquiry.measures.get(kind="rectify").pk,
        "accident_person": inquiry.measures.get(kind="person").pk,
    }

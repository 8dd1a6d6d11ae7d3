"""Several senders at one moment: one inspection, one coverage, one number."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from bihuan.accounts.tests.world import make_world
from bihuan.hazards.models import Hazard
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Coverage, Inspection
from bihuan.papers.models import Paper
from bihuan.tally.models import Delta

from .factories import deadline, fixed, make_campaign, visit


def at_once(number: int, act: Callable[[int], object]) -> tuple[list[object], list[Exception]]:
    """Run `act` in as many threads, starting together; returns what they returned and raised."""
    barrier = threading.Barrier(number)
    results: list[object] = []
    errors: list[Exception] = []

    def one(no: int) -> None:
        try:
            barrier.wait()
            results.append(act(no))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(no,)) for no in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, errors


@pytest.mark.django_db(transaction=True)
def test_four_senders_of_one_visit_record_it_once():
    world = make_world()
    gas = make_campaign(world)
    me = world.people.inspector
    given = visit(world, gas, me, "pffp", findings={2: fixed(me), 3: deadline(me)})
    results, errors = at_once(4, lambda no: submit_inspection(given, by=me).pk)
    assert errors == []
    assert len(set(results)) == 1
    assert (Inspection.objects.count(), Hazard.objects.count(), Paper.objects.count()) == (1, 2, 2)
    assert Delta.objects.filter(inspected=1).count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_visits_to_one_place_cover_it_once():
    world = make_world()
    gas = make_campaign(world)
    me = world.people.inspector
    visits = [visit(world, gas, me) for _ in range(4)]
    _, errors = at_once(4, lambda no: submit_inspection(visits[no], by=me))
    assert errors == []
    assert Coverage.objects.count() == 1
    assert sum(Delta.objects.values_list("covered", flat=True)) == 1
    assert sorted(Paper.objects.values_list("case_seq", flat=True)) == [1, 2, 3, 4]

"""What a process knows of a replica's freshness, without one."""

from __future__ import annotations

import pytest
from django.db import connections

from bihuan.core import replica
from bihuan.core.replica import ReplicaRouter, Watch


def seen(*positions: tuple[float, int]) -> Watch:
    watch = Watch()
    watch._seen.extend(positions)
    return watch


def test_until_it_has_once_caught_up_its_lag_is_unknown():
    assert seen((10.0, 500))._lag(10.0, 400) == float("inf")


def test_a_replica_that_has_everything_does_not_lag_however_idle_the_primary():
    watch = seen((10.0, 500))
    assert watch._lag(11.0, 500) == 0
    assert watch._lag(9000.0, 500) == 0


def test_the_lag_is_the_age_of_the_oldest_position_not_replayed():
    watch = seen((10.0, 500), (11.0, 600), (12.0, 700))
    assert watch._lag(12.5, 600) == 0.5
    assert watch._lag(20.0, 699) == 8.0
    assert watch._lag(21.0, 700) == 0


def test_reading_without_a_replica_changes_nothing(db):
    assert not replica.is_configured()
    with replica.reading() as uses_replica:
        assert uses_replica is False
        assert replica.connection_for_reading() is connections["default"]


def test_a_write_ends_the_use_of_the_replica_for_the_rest_of_the_block(monkeypatch):
    monkeypatch.setattr(replica, "is_configured", lambda: True)
    monkeypatch.setattr(replica.watch, "is_usable", lambda after: True)
    router = ReplicaRouter()
    with replica.noticing_writes() as written, replica.reading():
        assert router.db_for_read(None) == "replica"
        assert written == []
        assert router.db_for_write(None) == "default"
        assert router.db_for_read(None) == "default"
    assert written == [True]
    assert router.db_for_read(None) == "default"


@pytest.mark.django_db
def test_a_transaction_reads_what_it_wrote(monkeypatch):
    monkeypatch.setattr(replica, "is_configured", lambda: True)
    monkeypatch.setattr(replica.watch, "is_usable", lambda after: True)
    # The test itself runs in a transaction.
    with replica.reading():
        assert ReplicaRouter().db_for_read(None) == "default"


def test_nothing_is_migrated_on_a_replica():
    assert ReplicaRouter().allow_migrate("replica", "hazards") is False
    assert ReplicaRouter().allow_migrate("default", "hazards") is True

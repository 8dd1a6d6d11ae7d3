"""Recording: one chain per record, complete under eight simultaneous writers, inside the act's transaction."""

import contextlib
import threading

import pytest
from django.db import connection, transaction

from bihuan.accounts.models import Region
from bihuan.audit.actions import hash_of, link_hash, record
from bihuan.audit.models import Event, Head
from bihuan.audit.verification import verify


@pytest.fixture
def region(db):
    return Region.objects.create(code="5388", name="试验市", short_name="试验", kind="city")


def test_links_carry_the_one_before(region):
    with transaction.atomic():
        first = record("test.one", region, by=None, summary="一")
        second = record("test.two", region, by=None, summary="二", payload={"数": 1})
    assert (first.seq, second.seq) == (1, 2)
    assert first.previous_hash == ""
    assert second.previous_hash == first.hash == link_hash(first)
    head = Head.objects.get(pk="accounts.region:5388")
    assert (head.seq, head.hash) == (2, second.hash)


def test_what_rolls_back_was_never_recorded(region):
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        record("test.one", region, by=None, summary="一")
        raise ZeroDivisionError
    assert not Event.objects.exists()
    assert not Head.objects.exists()


def test_the_reader_gets_back_what_was_hashed(region):
    with transaction.atomic():
        record("test.one", region, by=None, summary="一", payload={"b": [1, "二", None], "a": {"x": 1.5}})
    event = Event.objects.get()
    assert link_hash(event) == event.hash


def test_a_record_without_signed_content_has_no_content_hash(region):
    assert hash_of(region) == ""


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded():
    region = Region.objects.create(code="5388", name="试验市", short_name="试验", kind="city")
    with pytest.raises(RuntimeError, match="transaction"):
        record("test.one", region, by=None, summary="一")


def _eight_writers():
    region = Region.objects.create(code="5388", name="试验市", short_name="试验", kind="city")
    start, errors = threading.Barrier(8), []

    def write(number):
        try:
            start.wait()
            with transaction.atomic():
                record("test.race", region, by=None, summary=f"第{number}个")
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    events = list(Event.objects.order_by("seq"))
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {event.summary for event in events} == {f"第{number}个" for number in range(8)}
    assert verify().is_clean


@pytest.mark.django_db(transaction=True)
def test_eight_writers_on_one_record():
    _eight_writers()

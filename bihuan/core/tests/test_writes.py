"""The writes of one act: everything, or nothing. On accounts, because core has no tables of its own."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from bihuan.audit.models import Event, Head
from bihuan.core.statements import whole_act
from bihuan.core.writes import Writes
from bihuan.notifications.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def head():
    return Head.objects.create(chain="x:1", seq=3, hash="sm3:aa")


def message_to(person, key="k"):
    at = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)
    return {
        "recipient_id": person.pk, "category": "system", "title": "标题 %s $1", "body": "", "url": "", "key": key,
        "created_at": at,
    }  # fmt: skip


def test_rows_change_and_come_in_together(head, people):
    writes = Writes()
    writes.swap(Head, "x:1", seen={"seq": 3}, values={"seq": 4, "hash": "sm3:bb"})
    writes.insert(Head, {"chain": "x:2", "seq": 1, "hash": ""})
    writes.insert(Message, message_to(people.office))
    with whole_act():
        assert writes.send() is True
    assert list(Head.objects.filter(chain__startswith="x:").order_by("chain").values_list("seq", "hash")) == [
        (4, "sm3:bb"), (1, ""),
    ]  # fmt: skip
    message = Message.objects.get()
    assert (message.title, message.read_at) == ("标题 %s $1", None)
    assert message.created_at == dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)


def test_nothing_is_written_when_one_row_is_not_as_seen(head, people):
    Head.objects.create(chain="x:2", seq=7, hash="")
    writes = Writes()
    writes.swap(Head, "x:1", seen={"seq": 3}, values={"seq": 4})
    writes.swap(Head, "x:2", seen={"seq": 6}, values={"seq": 7})
    writes.update(Head, where={"hash": "sm3:aa"}, values={"hash": "sm3:cc"})
    writes.insert(Message, message_to(people.office))
    with whole_act():
        assert writes.send() is False
    assert list(Head.objects.order_by("chain").values_list("chain", "seq", "hash")) == [
        ("x:1", 3, "sm3:aa"), ("x:2", 7, ""),
    ]  # fmt: skip
    assert not Message.objects.exists()


def test_a_broken_constraint_undoes_the_rows_before_it(head, people):
    writes = Writes()
    writes.swap(Head, "x:1", seen={"seq": 3}, values={"seq": 4})
    writes.insert(Message, message_to(people.office))
    writes.insert(Message, message_to(people.office))  # the same person, the same key
    with pytest.raises(IntegrityError), transaction.atomic():
        writes.send()
    assert Head.objects.get(chain="x:1").seq == 3
    assert not Message.objects.exists()


def test_what_is_known_is_passed_over_when_allowed(people):
    for _ in range(2):
        writes = Writes()
        writes.insert(Message, message_to(people.office), unless_known=True)
        with whole_act():
            writes.send()
    assert Message.objects.count() == 1


def test_too_long_a_text_is_refused_and_not_cut(people, django_db_blocker):
    from django.db import DataError, connection

    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no lengths")
    writes = Writes()
    writes.insert(Message, message_to(people.office) | {"title": "长" * 121})
    with pytest.raises(DataError), transaction.atomic():
        writes.send()


def test_null_is_a_value_one_can_rely_on(people):
    message = Message.objects.create(**message_to(people.office))
    for seen, expected in (({"read_at": None}, True), ({"read_at": None}, False)):
        writes = Writes()
        writes.swap(Message, message.pk, seen=seen, values={"read_at": message.created_at})
        with whole_act():
            assert writes.send() is expected


def test_a_choice_is_a_word_of_the_statement_and_any_other_text_a_value(people):
    from django.db import connection

    kept = Message.objects.create(**message_to(people.office, "a") | {"category": "duty"})
    changed = Message.objects.create(**message_to(people.office, "b"))
    writes = Writes()
    writes.update(
        Message,
        where={"recipient_id": people.office.pk, "category": Message.Category.SYSTEM, "title": "标题 %s $1"},
        values={"body": "已改"},
    )
    with whole_act(), CaptureQueriesContext(connection) as queries:
        assert writes.send() is True
    kept.refresh_from_db()
    changed.refresh_from_db()
    assert (kept.body, changed.body) == ("", "已改")
    assert "= 'system'" in queries[0]["sql"]


def test_a_condition_may_be_a_choice_alone(people):
    message = Message.objects.create(**message_to(people.office))
    writes = Writes()
    writes.update(Message, where={"category": Message.Category.SYSTEM}, values={"body": "已改"})
    with whole_act():
        writes.send()
    message.refresh_from_db()
    assert message.body == "已改"


def test_an_act_of_one_person_is_one_statement_on_postgresql(head, people):
    from django.db import connection

    writes = Writes()
    writes.swap(Head, "x:1", seen={"seq": 3}, values={"seq": 4})
    writes.insert(Message, message_to(people.office))
    with CaptureQueriesContext(connection) as queries, whole_act():
        writes.send()
    assert len(queries) == {"postgresql": 1, "sqlite": 3}[connection.vendor]
    assert Event.objects.count() == 0

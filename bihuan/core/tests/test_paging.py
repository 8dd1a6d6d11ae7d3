import base64
import datetime as dt

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext, isolate_apps

from bihuan.core.paging import BadCursor, paginate

ORDER = ("-found_on", "-id")


@pytest.fixture
def entry(db):
    with isolate_apps("bihuan.core"):

        class Entry(models.Model):
            id = models.BigIntegerField(primary_key=True)
            found_on = models.DateField()
            closed_on = models.DateField(null=True)

            class Meta:
                app_label = "core"

        with connection.cursor() as cursor:  # rolled back with the test's transaction
            cursor.execute(
                "CREATE TABLE core_entry (id bigint PRIMARY KEY, found_on date NOT NULL, closed_on date)"
            )
        yield Entry


def fill(model, n=23):
    day = dt.date(2026, 11, 1)
    model.objects.bulk_create(
        model(
            id=i,
            found_on=day + dt.timedelta(days=i * 7 % 5),
            closed_on=None if i % 3 == 0 else day + dt.timedelta(days=i % 4),
        )
        for i in range(1, n + 1)
    )


def by_hand(model, order):
    """Sort in Python, None last."""

    def key(row, name):
        value = getattr(row, name.lstrip("-"))
        if value is None:
            return (1, 0)
        number = value.toordinal() if isinstance(value, dt.date) else value
        return (0, -number if name.startswith("-") else number)

    return [row.id for row in sorted(model.objects.all(), key=lambda row: [key(row, name) for name in order])]


@pytest.mark.parametrize(
    "order", [ORDER, ("found_on", "id"), ("-closed_on", "-id"), ("closed_on", "-found_on", "id")]
)
@pytest.mark.parametrize("size", [1, 4, 23, 50])
def test_forward_and_back_again(entry, order, size):
    fill(entry)
    expected = by_hand(entry, order)
    pages, cursor = [], None
    while True:
        page = paginate(entry.objects.all(), order=order, cursor=cursor, size=size)
        pages.append(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [row.id for page in pages for row in page.items] == expected
    assert pages[0].previous_cursor is None

    back, cursor = [], pages[-1].previous_cursor
    while cursor:
        page = paginate(entry.objects.all(), order=order, cursor=cursor, size=size)
        back = [row.id for row in page.items] + back
        assert page.next_cursor
        cursor = page.previous_cursor
    assert back == expected[: len(expected) - len(pages[-1].items)]


def test_one_query_per_page_and_no_count(entry):
    fill(entry)
    with CaptureQueriesContext(
        connection,
    ) as first:
        page = paginate(entry.objects.all(), order=ORDER, size=5)
    with CaptureQueriesContext(connection) as second:
        paginate(entry.objects.all(), order=ORDER, cursor=page.next_cursor, size=5)
    assert (len(first), len(second)) == (1, 1)
    assert "COUNT" not in second[0]["sql"].upper()


def test_rows_added_before_do_not_shift_the_next_page(entry):
    fill(entry, 10)
    first = paginate(entry.objects.all(), order=("-id",), size=4)
    entry.objects.create(id=99, found_on=dt.date(2026, 12, 1))
    second = paginate(entry.objects.all(), order=("-id",), cursor=first.next_cursor, size=4)
    assert [row.id for row in second.items] == [6, 5, 4, 3]


def test_empty_list_and_vanished_rows(entry):
    page = paginate(entry.objects.all(), order=ORDER)
    assert (page.items, page.has_other_pages) == ([], False)
    fill(entry, 4)
    first = paginate(entry.objects.all(), order=("id",), size=2)
    assert first.has_other_pages
    entry.objects.filter(id__gt=2).delete()
    gone = paginate(entry.objects.all(), order=("id",), cursor=first.next_cursor, size=2)
    assert (gone.items, gone.next_cursor) == ([], None)


def test_bad_cursors_are_refused(entry):
    fill(entry, 6)
    good = paginate(entry.objects.all(), order=("id",), size=2).next_cursor
    flipped = good[:-2] + ("AA" if good[-2:] != "AA" else "BB")
    forged = base64.urlsafe_b64encode(b"x" * 9 + b'["n",["id"],[1]]').decode()
    for cursor in ["乱码", "x", "!!!!", "a" * 2000, flipped, forged, good + "AAAA"]:
        with pytest.raises(BadCursor, match="请回到第一页"):
            paginate(entry.objects.all(), order=("id",), cursor=cursor)
    with pytest.raises(BadCursor, match="排序方式已变化"):
        paginate(entry.objects.all(), order=("-id",), cursor=good)


def test_misuse_is_a_programming_error(entry):
    with pytest.raises(ValueError, match="unique"):
        paginate(entry.objects.all(), order=("-found_on",))
    with pytest.raises(ValueError, match="no field"):
        paginate(entry.objects.all(), order=("-nonsense", "id"))
    with pytest.raises(ValueError, match="每页条数"):
        paginate(entry.objects.all(), order=("id",), size=0)

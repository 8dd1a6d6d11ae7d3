"""Finding rows equals looking at each of them: rare and frequent words, any direction, any branch, after any change."""

import datetime as dt
import random

import pytest
from django.db import IntegrityError
from django.db.models import Q

from bihuan.core.paging import BadCursor
from bihuan.hazards.models import Hazard
from bihuan.registry.models import Enterprise
from bihuan.search import actions, finding
from bihuan.search.finding import find, narrowed
from bihuan.search.grams import terms_of
from bihuan.search.models import Among, Entry, Kind
from bihuan.search.sources import Text, source_of

ORDER = ("-found_on", "-id")
FIRST_DAY = dt.date(2026, 3, 1)
PARTS = [
    "连接软管",
    "超过２米",
    "管道软化",
    "隐患整改",
    "整改隐患",
    "灭火器DN15",
    "a1-b2",
    "閥門漏氣",
    "软",
    "管",
]


def enter(world, texts: list[tuple[str, int]]) -> list[Hazard]:
    """Hazards with these descriptions, found so many days after the first."""
    shop = world.enterprises.shop
    rows = Hazard.objects.bulk_create(
        Hazard(
            enterprise=shop, kind_id=shop.kind_id, city_id=shop.city_id, county_id=shop.county_id,
            locality_id=shop.locality_id, source="inspection", status="reported", description=text,
            found_on=FIRST_DAY + dt.timedelta(days=day), found_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
            found_by=world.people.inspector, found_organization=world.organizations.qingshi,
            reviewing_organization=world.organizations.qingshi,
        )
        for text, day in texts
    )  # fmt: skip
    actions.refresh(Kind.HAZARD, [row.pk for row in rows])
    return rows


def newest_first(rows: list[Hazard]) -> list[int]:
    return [row.pk for row in sorted(rows, key=lambda row: (row.found_on, row.pk), reverse=True)]


def walk(branches, terms, size: int) -> tuple[list[int], list[int]]:
    """Every key going forward to the end, and again going back to the beginning."""
    page = find(branches, Kind.HAZARD, terms, order=ORDER, size=size)
    forward, pages = [row.pk for row in page.items], [page]
    while page.next_cursor:
        page = find(branches, Kind.HAZARD, terms, order=ORDER, size=size, cursor=page.next_cursor)
        forward += [row.pk for row in page.items]
        pages.append(page)
    back = [row.pk for row in page.items]
    while page.previous_cursor:
        page = find(branches, Kind.HAZARD, terms, order=ORDER, size=size, cursor=page.previous_cursor)
        back = [row.pk for row in page.items] + back
    return forward, back


@pytest.mark.parametrize("windows", [(1500, 20_000, (1000,)), (3, 8, (2, 5)), (1, 1, (1,))])
@pytest.mark.parametrize("split", [False, True])
def test_pages_hold_exactly_what_brute_force_finds(world, monkeypatch, windows, split):
    """With whole windows, with small ones that overflow into the index, and with the index alone."""
    for name, value in zip(("FIRST_WINDOW", "LAST_WINDOW", "CHUNKS"), windows, strict=True):
        monkeypatch.setattr(finding, name, value)
    draw = random.Random(4)
    rows = enter(
        world,
        [("，".join(draw.sample(PARTS, draw.randint(1, 3))), draw.randint(0, 9)) for _ in range(40)],
    )
    everything = Hazard.objects.all()
    branches = [everything]
    if split:
        branches = [everything.filter(found_on__day__lte=6), everything.filter(found_on__day__gt=4)]
    plain = {
        "软管": ["连接软管"], "隐患整改": ["隐患整改"], "整改": ["隐患整改", "整改隐患"], "2米": ["超过２米"],
        "管": ["连接软管", "管道软化", "管"], "dn15": ["灭火器DN15"], "阀门漏气": ["閥門漏氣"], "A1": ["a1-b2"],
        "无此": [], "软": ["连接软管", "管道软化", "软"],
    }  # fmt: skip
    for query, parts in plain.items():
        wanted = newest_first(
            [row for row in rows if set(row.description.split("，")) & set(parts)],
        )
        forward, back = walk(branches, terms_of(query), 7)
        assert (query, forward) == (query, wanted)
        assert (query, back) == (query, wanted)
        assert set(narrowed(everything, Kind.HAZARD, terms_of(query)).values_list("pk", flat=True)) == set(
            wanted
        )


def test_several_words_may_stand_in_different_columns(world):
    (row,) = enter(world, [("软管老化", 0)])
    shop = world.enterprises.shop
    for query, is_found in (
        (f"软管 {shop.name[:3]}", True),
        (f"{shop.name[-2:]}　老化", True),
        (f"软管{shop.name[:3]}", False),
        ("软管 不存在", False),
    ):
        page = find([Hazard.objects.all()], Kind.HAZARD, terms_of(query), order=ORDER)
        assert [each.pk for each in page.items] == ([row.pk] if is_found else []), query


def test_a_place_narrows_the_index(world):
    (row,) = enter(world, [("软管老化", 0)])
    entries = Entry.objects
    here, there = row.locality_id, "539799999"
    assert entries.matching(Kind.HAZARD, terms_of("软管"), place=here).count() == 1
    assert entries.matching(Kind.HAZARD, terms_of("软管"), place=there).count() == 0
    assert entries.matching(Kind.PAPER, terms_of("软管")).count() == 0
    assert entries.matching(Kind.HAZARD, terms_of(here)).count() == 0


def test_a_changed_text_is_found_by_its_new_words_only(world):
    (row,) = enter(world, [("软管老化", 0)])
    Hazard.objects.filter(pk=row.pk).update(description="阀门锈蚀")
    actions.refresh(Kind.HAZARD, [row.pk])
    assert not Entry.objects.matching(Kind.HAZARD, terms_of("软管")).exists()
    assert Entry.objects.matching(Kind.HAZARD, terms_of("阀门")).exists()
    Entry.objects.all().delete()
    assert not Entry.objects.matching(Kind.HAZARD, terms_of("阀门")).exists()


def test_a_renamed_enterprise_takes_its_hazards_along(world):
    enter(world, [("软管老化", 0)])
    shop = world.enterprises.shop
    Enterprise.objects.filter(pk=shop.pk).update(name="锦绣山庄")
    actions.refresh(Kind.ENTERPRISE, [shop.pk])
    assert Entry.objects.matching(Kind.HAZARD, terms_of("锦绣")).count() == 1
    assert Entry.objects.matching(Kind.ENTERPRISE, terms_of("锦绣")).count() == 1


def test_the_same_record_is_not_entered_twice(world):
    text = Text(7, None, ("5397",), ("软管",))
    actions.add(Kind.PAPER, [text])
    with pytest.raises(IntegrityError):
        actions.add(Kind.PAPER, [text])


def test_nothing_to_look_for_finds_nothing(world):
    enter(world, [("软管老化", 0)])
    assert find([Hazard.objects.all()], Kind.HAZARD, terms_of("，"), order=ORDER).items == []
    assert not narrowed(Hazard.objects.all(), Kind.HAZARD, terms_of("，")).exists()


def test_a_cursor_of_another_list_is_refused(world):
    enter(world, [("软管", 0), ("软管", 1)])
    page = find([Hazard.objects.all()], Kind.HAZARD, terms_of("软管"), order=ORDER, size=1)
    with pytest.raises(BadCursor):
        find([Hazard.objects.all()], Kind.HAZARD, terms_of("软管"), order=("-id",), cursor=page.next_cursor)


def test_every_kind_has_a_source(world):
    assert [source_of(kind).kind for kind in Kind] == list(Kind)


def test_keys_written_out(world, django_assert_num_queries):
    rows = enter(world, [("软管", 0), ("软管", 1), ("软管", 2)])
    wanted = [rows[0].pk, rows[2].pk]
    assert set(Hazard.objects.filter(Q(Among("pk", wanted))).values_list("pk", flat=True)) == set(wanted)
    keys = [Kind.HAZARD.key(pk) for pk in wanted]
    assert Entry.objects.filter(Q(Among("id", keys))).count() == 2
    with django_assert_num_queries(0):
        assert list(Hazard.objects.filter(Q(Among("pk", [])))) == []

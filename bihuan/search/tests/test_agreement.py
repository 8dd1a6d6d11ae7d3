"""The check names what differs, the rebuild repairs exactly that, and what acts wrote needs no repair."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bihuan.hazards.actions import record_hazard
from bihuan.hazards.models import Hazard
from bihuan.search import agreement
from bihuan.search.models import Entry, Kind


@pytest.fixture
def hazard(world):
    call_command("search", "rebuild", stdout=StringIO())
    return record_hazard(
        enterprise=world.enterprises.shop, source="inspection", description="软管老化", location="后厨",
        found_on=timezone.localdate(), by=world.people.inspector, found_organization=world.organizations.qingshi,
    )  # fmt: skip


def by_kind():
    return {each.kind: each for each in agreement.check()}


def test_what_an_act_wrote_agrees(hazard):
    assert all(each.is_exact for each in agreement.check())
    assert by_kind()[Kind.HAZARD].records == 1


@pytest.mark.parametrize("batch", [1, 2, 5000])
def test_each_difference_is_named_and_repaired(hazard, monkeypatch, batch):
    monkeypatch.setattr(agreement, "BATCH", batch)
    key = Kind.HAZARD.key(hazard.pk)
    Hazard.objects.filter(pk=hazard.pk).update(description="阀门锈蚀")
    Entry.objects.create(id=Kind.PAPER.key(99), words=" @paper 无此 此 ")
    gone = Entry.objects.of(Kind.ENTERPRISE).order_by("id").first()
    Entry.objects.filter(pk=gone.pk).delete()
    found = by_kind()
    assert (found[Kind.HAZARD].outdated, found[Kind.HAZARD].named) == (1, [hazard.pk])
    assert (found[Kind.PAPER].surplus, found[Kind.PAPER].named) == (1, [99])
    assert (found[Kind.ENTERPRISE].missing, found[Kind.ENTERPRISE].named) == (1, [gone.pk_of_record])
    assert "过时 1 条" in str(found[Kind.HAZARD])
    with pytest.raises(SystemExit):
        call_command("search", "check", stdout=StringIO())
    call_command("search", "rebuild", stdout=StringIO())
    call_command("search", "check", stdout=StringIO())
    assert " 阀门 " in Entry.objects.get(pk=key).words


def test_an_empty_index_is_filled(hazard):
    Entry.objects.all().delete()
    out = StringIO()
    call_command("search", "rebuild", stdout=out)
    assert "缺 1 条" in out.getvalue()
    assert all(each.is_exact for each in agreement.check())


def test_a_fill_that_broke_off_is_taken_up(hazard):
    assert not agreement.fill_if_incomplete()
    Entry.objects.filter(id=Kind.HAZARD.key(hazard.pk)).delete()
    assert agreement.fill_if_incomplete()
    assert all(each.is_exact for each in agreement.check())
    assert not agreement.fill_if_incomplete()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps its index by triggers")
def test_an_index_that_a_broken_fill_left_out_is_built(hazard):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX search_words")
    assert agreement.fill_if_incomplete()
    assert not agreement.fill_if_incomplete()

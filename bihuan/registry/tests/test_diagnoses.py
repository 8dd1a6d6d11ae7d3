"""Experts look at the whole of an enterprise every three years; who must be looked at and is not stands in the list."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.registry import diagnoses, merging, risks
from bihuan.registry.filters import RegistryFilter
from bihuan.registry.models import Diagnosis, DuplicatePair, Enterprise, EnterpriseChange, EnterpriseGrading

pytestmark = pytest.mark.django_db


@pytest.fixture
def station(world):
    return world.enterprises.station


@pytest.fixture
def today():
    return timezone.localdate()


def found(world, station, on, score="82", direct=(), **more):
    given = {"experts": "纪明理、裴细究", "by": world.people.office} | more
    return diagnoses.record_diagnosis(station, on=on, score=Decimal(score), direct=list(direct), **given)


def names(world, query):
    rows = RegistryFilter(QueryDict(query), world.people.office).queryset
    return sorted(rows.values_list("name", flat=True))


def test_what_experts_found_sets_the_grade(world, station, today):
    made = found(world, station, today)
    assert (made.grade, made.colour, made.next_on) == (
        "B",
        "yellow",
        dt.date(today.year + 3, today.month, today.day),
    )
    current = EnterpriseGrading.objects.get(enterprise=station, is_current=True)
    assert (current.grade, current.is_override) == ("B", True)
    assert "评估诊断82分，B级（应急〔2018〕19号），专家：纪明理、裴细究" in current.reason
    assert EnterpriseChange.objects.filter(enterprise=station, what="risk").count() == 2


def test_one_circumstance_of_the_guide_means_the_worst(world, station, today):
    made = found(world, station, today, "91.5", ["staff"])
    assert diagnoses.words_of(made) == "91.5分，因特种作业人员没有取证，或学历达不到高中，直接判为D级"
    assert EnterpriseGrading.objects.get(is_current=True).grade == "D"


def test_a_new_one_follows_and_an_older_one_is_history(world, station, today):
    first = found(world, station, today - dt.timedelta(days=400), "95")
    second = found(world, station, today - dt.timedelta(days=10), "70")
    older = found(world, station, today - dt.timedelta(days=900), "58")
    first.refresh_from_db()
    assert [first.is_current, second.is_current, older.is_current] == [False, True, False]
    assert EnterpriseGrading.objects.get(is_current=True).grade == "C"  # 70: from 60 on
    with pytest.raises(IntegrityError), transaction.atomic():
        Diagnosis.objects.filter(pk=first.pk).update(is_current=True)


def test_what_cannot_be_is_refused(world, station, today):
    with pytest.raises(Refused, match="不能晚于今天"):
        found(world, station, today + dt.timedelta(days=1))
    with pytest.raises(Refused, match="参加评估的专家"):
        found(world, station, today, experts=" ")
    with pytest.raises(Refused, match="没有生效的版本"):
        found(world, station, dt.date(2018, 1, 1))
    with pytest.raises(PermissionDenied):
        found(world, station, today, by=world.people.inspector)
    assert not Diagnosis.objects.exists()


def test_who_must_be_looked_at_and_was_not(world, station, today):
    """The station holds a chemical of the national list; the shop has nothing of the kind."""
    by = world.people.office
    assert [row["count"] for row in diagnoses.coverage(by)] == [0, 0, 0, 0]
    risks.save_chemical(
        station,
        {"name": "液化石油气", "state": "liquid", "categories": [], "design_maximum": Decimal(9)},
        by=by,
    )
    assert [(row["label"], row["count"]) for row in diagnoses.coverage(by)] == [
        ("应评估", 1), ("评估有效", 0), ("未做评估", 1), ("评估到期", 0),
    ]  # fmt: skip
    assert names(world, "diagnosis=none") == [station.name]
    found(world, station, today - dt.timedelta(days=1200))  # more than three years ago
    assert [row["count"] for row in diagnoses.coverage(by)] == [1, 0, 0, 1]
    assert names(world, "diagnosis=late") == [station.name]
    found(world, station, today)
    assert [row["count"] for row in diagnoses.coverage(by)] == [1, 1, 0, 0]
    assert names(world, "diagnosis=valid") == [station.name]
    assert names(world, "diagnosis=perhaps") == []


def test_through_the_pages(client, world, station, today):
    client.force_login(world.people.office)
    url = reverse("registry:diagnosis", args=[station.pk])
    form = {
        "diagnosis-on": today.isoformat(), "diagnosis-score": "57.5", "diagnosis-experts": "纪明理",
        "diagnosis-institution": "云溪安全技术服务中心", "diagnosis-conclusion": "联锁未投用",
    }  # fmt: skip
    assert client.post(url, form | {"diagnosis-score": "-1"}).status_code == 422
    assert client.post(url, form).url == reverse("registry:risks", args=[station.pk])
    page = client.get(reverse("registry:risks", args=[station.pk])).content.decode()
    for words in ("57.5分，D级", "云溪安全技术服务中心，专家：纪明理", "联锁未投用", "前重新评估"):
        assert words in page
    grades = client.get(reverse("registry:grades")).content.decode()
    assert "专家评估诊断" in grades
    client.force_login(world.people.inspector)
    assert client.post(url, form).status_code == 404  # the station lies in another town


def test_of_two_records_that_are_one_place_the_later_finding_stays(world, station, today):
    shop = world.enterprises.shop
    earlier = found(world, station, today - dt.timedelta(days=300), "95")
    later = found(world, shop, today - dt.timedelta(days=20), "61")
    Enterprise.objects.filter(pk__in=[shop.pk, station.pk]).update(organization=None)
    first, second = sorted((shop.pk, station.pk))
    pair = DuplicatePair.objects.create(first=first, second=second, score=90, found_at=timezone.now())
    station.refresh_from_db()
    merging.merge(pair, station, taken={}, reason="同一门面", by=world.people.office)
    assert list(station.diagnoses.values_list("pk", "is_current")) == [(later.pk, True), (earlier.pk, False)]

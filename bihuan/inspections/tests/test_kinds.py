"""Kinds of visits kept apart: who may conduct which, what earlier versions send, and what was signed before."""

import importlib
import uuid

import pytest
from django.apps import apps

from bihuan.archive import layout
from bihuan.attachments import queries as attachments
from bihuan.audit.verification import verify
from bihuan.core.digest import matches
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.checks import problems_of
from bihuan.inspections.kinds import CONDUCTED_BY, OWN, conducted_by, kind_in_force
from bihuan.inspections.models import Inspection
from bihuan.tally.models import Delta

from .factories import deadline, visit

pytestmark = pytest.mark.django_db


def test_every_kind_is_somebodys():
    assert {kind for kinds in CONDUCTED_BY.values() for kind in kinds} == set(Inspection.Kind)


def test_a_body_conducts_its_own_kinds(world):
    housing, street = world.organizations.housing, world.organizations.qingshi
    assert [kind.label for kind in conducted_by(street)][:2] == ["属地检查", "联合检查"]
    assert conducted_by(housing)[0] == "department"
    assert "township" not in conducted_by(housing)


def test_words_of_earlier_versions_become_the_ordinary_visit(world):
    assert kind_in_force("routine", world.organizations.qingshi) == "township"
    assert kind_in_force("campaign", world.organizations.housing) == "department"
    assert kind_in_force("campaign", world.organizations.office) == "upper_level"
    assert kind_in_force("look_back", world.organizations.qingshi) == "look_back"


def test_a_visit_of_an_earlier_phone_is_kept_and_may_be_sent_again(world, people, gas):
    given = visit(world, gas, people.inspector, kind="campaign")
    first = submit_inspection(given, by=people.inspector)
    assert (first.kind, first.task) == ("township", gas.task)
    assert submit_inspection(given, by=people.inspector).pk == first.pk


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("department", "不开展部门检查，请改选：属地检查、联合检查"),
        ("upper_level", "不开展上级督查"),
        ("self_check", "检查类别不正确"),
        ("delivery", "检查类别不正确"),
        ("outing", "检查类别不正确"),
    ],
)
def test_a_kind_of_somebody_else_is_refused_with_a_remedy(world, people, gas, kind, message):
    given = visit(world, gas, people.inspector, kind=kind)
    problems = problems_of(
        given, items=gas.items, organization=world.organizations.qingshi, by=people.inspector,
        now=given.finished_at,
    )  # fmt: skip
    assert any(message in problem.message for problem in problems if problem.where == "kind")


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("upper_level", "oversight"),
        ("expert", "expert"),
        ("unannounced", "inspection"),
        ("look_back", "inspection"),
    ],
)
def test_the_ledger_says_whose_find_it_is(world, people, gas, kind, source):
    given = visit(
        world, gas, people.housing, verdicts="ppfp", findings={3: deadline(people.housing)}, kind=kind,
    )  # fmt: skip
    inspection = submit_inspection(given, by=people.housing)
    assert (inspection.kind, inspection.answers.get(position=3).hazard.source) == (kind, source)


def test_joint_visits_bring_inspectors_of_several_bodies(world, people, gas):
    given = visit(world, gas, people.inspector)
    assert not given.is_joint_visit
    assert visit(world, gas, people.inspector, kind="joint").is_joint_visit


def test_what_was_signed_under_an_earlier_word_still_fits(world, people, gas):
    """The row is made as earlier versions made it, then told apart: signature and record stay whole."""
    inspection = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    Inspection.objects.filter(pk=inspection.pk).update(kind="department", signed_kind="township")
    inspection.refresh_from_db()
    assert inspection.get_kind_display() == "部门检查"
    assert all(
        matches(inspection.signed_content(), each.content_hash)
        for each in attachments.signatures_of(inspection)
    )
    assert verify().findings == []


def test_the_migration_tells_earlier_visits_apart_by_who_made_them(world, people, gas):
    of_street = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    of_housing = submit_inspection(
        visit(world, gas, people.housing, kind="department", client_id=uuid.uuid4()), by=people.housing
    )
    Inspection.objects.filter(pk=of_street.pk).update(kind="campaign")
    Inspection.objects.filter(pk=of_housing.pk).update(kind="routine")
    migration = importlib.import_module("bihuan.inspections.migrations.0003_earlier_kinds")
    migration.keep_apart(apps, None)
    migration.keep_apart(apps, None)  # again after an interruption: nothing more to do
    kinds = list(Inspection.objects.order_by("pk").values_list("kind", "signed_kind"))
    assert kinds == [("township", "campaign"), ("department", "routine")]
    assert sum(Delta.objects.values_list("inspected", flat=True)) == 2
    migration.as_signed(apps, None)
    assert list(Inspection.objects.order_by("pk").values_list("kind", flat=True)) == ["campaign", "routine"]


def test_the_archive_counts_own_checks_as_no_visit():
    assert {kind.strip("' ") for kind in layout._OWN.split(",")} == OWN


def test_a_joint_visit_offers_the_inspectors_of_the_other_bodies(client, world, people, gas):
    client.force_login(people.inspector)
    walk = f"/inspections/walk/?task={gas.task.pk}&enterprise={world.enterprises.shop.pk}"
    assert people.housing.full_name not in client.get(walk).content.decode()
    page = client.get(f"{walk}&kind=joint").content.decode()
    assert people.housing.full_name in page
    assert '<option value="joint" selected>' in page

"""Who answers for a place, and what a name means."""

import datetime as dt

import pytest

from bihuan.accounts import queries
from bihuan.accounts.models import Holding, Organization, OrganizationAlias

ON = dt.date(2026, 11, 21)


def test_office_of_a_township_is_the_nearest_above(world):
    o = world.organizations
    assert queries.office_of("539702001") == o.county_office
    assert queries.office_of("539702") == o.county_office
    assert queries.office_of("539721100") == o.office
    assert queries.office_of("5397") == o.office


def test_office_that_was_dissolved_no_longer_answers(world):
    Organization.objects.filter(pk=world.organizations.county_office.pk).update(valid_to=dt.date(2026, 6, 30))
    assert queries.office_of("539702001", on=dt.date(2026, 7, 1)) == world.organizations.office
    assert queries.office_of("539702001", on=dt.date(2026, 6, 30)) == world.organizations.county_office


def test_default_post_is_the_named_one_or_none(world):
    assert queries.default_post(world.organizations.housing) == world.posts["housing"]
    assert queries.default_post(world.organizations.system) is None


def test_holders_come_before_stand_ins_and_only_on_their_days(world):
    post = world.posts["inspector"]
    Holding.objects.create(
        user=world.people.inspector2, post=post, kind="stand_in", from_on=ON, to_on=ON + dt.timedelta(days=2)
    )
    assert queries.holders_of(post, ON) == [world.people.inspector, world.people.inspector2]
    assert queries.holders_of(post, ON + dt.timedelta(days=3)) == [world.people.inspector]
    world.people.inspector.is_active = False
    world.people.inspector.save()
    assert queries.holders_of(post, ON) == [world.people.inspector2]


def test_leaders_of(world):
    assert queries.leaders_of(world.organizations.qingshi, ON) == [world.people.qingshi_leader]
    assert queries.leaders_of(world.organizations.shop, ON) == []


@pytest.mark.parametrize(
    "name", ["市住建局", "市住房城乡建设局", "市 住建局", "云溪市住房和城乡建设局", "住房和城乡建设局"]
)
def test_names_of_one_department(world, name):
    assert queries.resolve_unit(name, "5397", ON) == world.organizations.housing


def test_names_of_localities_and_unknown_names(world):
    assert queries.resolve_unit("青石街道", "5397", ON) == world.organizations.qingshi
    assert queries.resolve_unit("青石街道", "539702", ON) == world.organizations.qingshi
    assert queries.resolve_unit("青石街道", "539721", ON) is None
    assert queries.resolve_unit("市审计局", "5397", ON) is None
    assert queries.resolve_unit("", "5397", ON) is None


def test_a_county_document_may_mean_a_city_department(world):
    assert queries.resolve_unit("市住建局", "539702", ON) == world.organizations.housing


def test_two_bodies_equally_near_are_not_guessed(world):
    for body in (world.organizations.qingshi, world.organizations.baita):
        OrganizationAlias.objects.create(organization=body, name="应急所", key="应急所")
    assert queries.resolve_unit("应急所", "5397", ON) is None
    assert queries.resolve_unit("应急所", "539702001", ON) == world.organizations.qingshi


def test_a_former_name_still_resolves_unless_somebody_bears_it_now(world):
    former = {"name": "市建设局", "key": "市建设局", "source": "history", "valid_to": dt.date(2026, 3, 1)}
    OrganizationAlias.objects.create(organization=world.organizations.housing, **former)
    assert queries.resolve_unit("市建设局", "5397", ON) == world.organizations.housing
    OrganizationAlias.objects.create(organization=world.organizations.market, name="市建设局", key="市建设局")
    assert queries.resolve_unit("市建设局", "5397", ON) == world.organizations.market


def test_localities_under(world):
    o = world.organizations
    assert queries.localities_under("5397") == [o.qingshi, o.baita, o.heyan]
    assert queries.localities_under("539702") == [o.qingshi, o.baita]


def test_service_user_cannot_log_in(world, client):
    world.people.robot.delete()
    robot = queries.service_user()
    assert robot.is_service
    assert not robot.has_usable_password()
    assert queries.service_user() == robot


def test_regions_to_choose_are_all_below_where_they_fit_a_list(world):
    offered = [region.code for region in queries.regions_to_choose([world.regions.yunxi.code])]
    assert offered == ["539702", "539702001", "539702101"]


def test_regions_to_choose_go_down_level_by_level_where_they_do_not(world, monkeypatch):
    monkeypatch.setattr(queries, "MOST_REGIONS", 1)
    assert [each.code for each in queries.regions_to_choose(["5397"])] == ["5397", "539702", "539721"]
    assert [each.code for each in queries.regions_to_choose(["5397"], chosen="539702")] == [
        "5397", "539702", "539702001", "539702101", "539721",
    ]  # fmt: skip


def test_nobody_without_an_area_is_offered_regions(world):
    assert queries.regions_to_choose([]) == []

"""Reform (R275): bodies are renamed, merged and split; old names resolve, posts and duties move, all is on record."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts import hooks
from bihuan.accounts.actions import organizations as act
from bihuan.accounts.actions import regions
from bihuan.accounts.models import Organization, OrganizationAlias, OrganizationChange, Post, Region
from bihuan.accounts.queries import default_post, holders_of, resolve_unit
from bihuan.accounts.roles import Role
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused

TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)


@pytest.fixture
def moved(monkeypatch):
    """What the hooks of higher apps were told."""
    heard = []
    monkeypatch.setattr(hooks, "_MOVERS", [lambda *args: heard.append(args)])
    return heard


def test_a_renamed_body_answers_to_both_names(world):
    housing, by = world.organizations.housing, world.people.sysadmin
    act.rename(
        housing,
        name="云溪市住房和城乡建设委员会",
        short_name="市住建委",
        on=TODAY,
        document="云编〔2026〕9号",
        by=by,
    )
    assert resolve_unit("市住建委", "5397") == housing
    assert resolve_unit("市住建局", "5397") == housing
    assert resolve_unit("云溪市住房和城乡建设局", "5397") == housing
    former = OrganizationAlias.objects.get(organization=housing, name="云溪市住房和城乡建设局")
    assert (former.source, former.valid_to) == ("history", TODAY - DAY)
    change = OrganizationChange.objects.get()
    assert (change.kind, change.former_name, change.after) == ("rename", "云溪市住房和城乡建设局", housing)
    assert "云编〔2026〕9号" in Event.objects.get(act="accounts.rename_organization").summary


def test_a_rename_needs_a_document_a_day_and_a_new_name(world):
    housing, by = world.organizations.housing, world.people.sysadmin
    with pytest.raises(ReasonRequired):
        act.rename(housing, name="新名", short_name="新", on=TODAY, document=" ", by=by)
    with pytest.raises(Refused, match="不能晚于今天"):
        act.rename(housing, name="新名", short_name="新", on=TODAY + DAY, document="文", by=by)
    with pytest.raises(Refused, match="须晚于"):
        act.rename(housing, name="新名", short_name="新", on=dt.date(2026, 1, 1), document="文", by=by)
    with pytest.raises(Refused, match="相同"):
        act.rename(housing, name=housing.name, short_name="新", on=TODAY, document="文", by=by)
    with pytest.raises(PermissionDenied):
        act.rename(housing, name="新名", short_name="新", on=TODAY, document="文", by=world.people.office)


def test_merging_moves_posts_people_and_names(world, moved):
    housing, market, by = world.organizations.housing, world.organizations.market, world.people.sysadmin
    act.merge([market], housing, on=TODAY, document="机构改革方案", by=by)
    market.refresh_from_db()
    assert (market.valid_to, market.successor) == (TODAY - DAY, housing)
    post = Post.objects.get(pk=world.posts["market"].pk)
    assert post.organization == housing
    assert not post.is_default
    assert default_post(housing) == world.posts["housing"]
    assert holders_of(post) == [world.people.market]
    assert resolve_unit("市市场监管局", "5397") == housing
    assert moved == [(market, housing, [post], by, "机构改革方案")]
    assert Event.objects.filter(act="accounts.move_post", chain=f"accounts.post:{post.pk}").exists()
    with pytest.raises(IllegalMove):
        act.merge([market], housing, on=TODAY, document="再来", by=by)


def test_merging_refuses_what_makes_no_sense(world):
    o, by = world.organizations, world.people.sysadmin
    with pytest.raises(Refused, match="它自己"):
        act.merge([o.housing], o.housing, on=TODAY, document="文", by=by)
    with pytest.raises(Refused, match="不能并入"):
        act.merge([o.qingshi], o.housing, on=TODAY, document="文", by=by)
    with pytest.raises(Refused, match="请选择"):
        act.merge([], o.housing, on=TODAY, document="文", by=by)


def test_splitting_sends_posts_where_they_belong(world, moved):
    housing, by = world.organizations.housing, world.people.sysadmin
    gas = act.create_organization(
        name="云溪市燃气管理局",
        short_name="市燃气局",
        kind="department",
        region=world.city,
        valid_from=TODAY,
        by=by,
    )
    act.split(housing, {world.posts["housing"].pk: gas}, on=TODAY, document="分设方案", by=by)
    post = Post.objects.get(pk=world.posts["housing"].pk)
    assert post.organization == gas
    assert default_post(gas) == post
    assert default_post(housing) is None
    assert housing.is_current(TODAY)
    assert [args[:2] for args in moved] == [(housing, gas)]
    assert resolve_unit("市住建局", "5397") == housing


def test_a_dissolved_body_leaves_nothing_behind(world, moved):
    housing, market, by = world.organizations.housing, world.organizations.market, world.people.sysadmin
    first, second = world.posts["housing"], world.posts["housing_leader"]
    with pytest.raises(Refused, match="局长"):
        act.split(housing, {first.pk: market}, on=TODAY, document="文", successor=market, by=by)
    act.split(
        housing, {first.pk: market, second.pk: market}, on=TODAY, document="文", successor=market, by=by
    )
    housing.refresh_from_db()
    assert housing.successor == market
    assert not housing.posts.exists()
    assert resolve_unit("市住建局", "5397") == market


def test_a_split_must_split_something(world):
    with pytest.raises(Refused, match="至少"):
        act.split(world.organizations.housing, {}, on=TODAY, document="文", by=world.people.sysadmin)
    with pytest.raises(Refused, match="不属于"):
        act.split(
            world.organizations.housing, {world.posts["market"].pk: world.organizations.market}, on=TODAY,
            document="文", by=world.people.sysadmin,
        )  # fmt: skip


def test_a_new_body_is_found_by_both_its_names(world):
    made = act.create_organization(
        name="云溪市消防救援支队",
        short_name="市消防支队",
        kind="department",
        region=world.city,
        by=world.people.sysadmin,
    )
    assert resolve_unit("市消防支队", "5397") == made
    with pytest.raises(Refused, match="已有"):
        act.create_organization(
            name="云溪市消防救援支队",
            short_name="x",
            kind="department",
            region=world.city,
            by=world.people.sysadmin,
        )


def test_aliases_come_and_go_but_former_names_stay(world):
    housing, by = world.organizations.housing, world.people.sysadmin
    alias = act.add_alias(housing, "市建设局", by=world.people.office, source="matched")
    assert resolve_unit("市建设局", "5397") == housing
    with pytest.raises(Refused, match="已有"):
        act.add_alias(housing, "市 建设局", by=by)
    with pytest.raises(Refused, match="不能为空"):
        act.add_alias(housing, "，。", by=by)
    act.remove_alias(alias, by=by)
    assert resolve_unit("市建设局", "5397") is None
    act.rename(housing, name="云溪市建设委", short_name="建委", on=TODAY, document="文", by=by)
    with pytest.raises(Refused, match="曾用名"):
        act.remove_alias(OrganizationAlias.objects.filter(source="history").first(), by=by)


def test_a_new_post_can_do_nothing_until_it_is_granted(world):
    post = act.create_post(
        world.organizations.qingshi, title="安全岗", is_default=True, by=world.people.sysadmin
    )
    assert post.role == Role.UNASSIGNED
    assert default_post(world.organizations.qingshi) == post
    with pytest.raises(Refused, match="已有岗位"):
        act.create_post(world.organizations.qingshi, title="安全岗", by=world.people.sysadmin)


def test_a_post_closes_only_when_nobody_and_nothing_is_in_it(world, monkeypatch):
    by = world.people.sysadmin
    with pytest.raises(Refused, match="冯走访"):
        act.close_post(world.posts["inspector"], reason="撤岗", by=by)
    empty = act.create_post(world.organizations.qingshi, title="空岗", by=by)
    monkeypatch.setattr(hooks, "_LOADS", [("待办", lambda ids: dict.fromkeys(ids, 2))])
    with pytest.raises(Refused, match="2 件待办"):
        act.close_post(empty, reason="撤岗", by=by)
    monkeypatch.setattr(hooks, "_LOADS", [])
    act.close_post(empty, reason="撤岗", by=by)
    assert not Post.objects.get(pk=empty.pk).is_active


# --- regions -------------------------------------------------------------------------------------

CSV = """code,name
530000,虚构省
539900,远山市
539901,市辖区
539902,近水区
539902001,石桥街道办事处
539902002,柳林镇
539902002001,柳林村委会
539971,远山经济开发区
"""


def test_a_published_list_is_loaded_once(world):
    robot = world.people.robot
    report = regions.load_regions(CSV.encode(), by=robot)
    assert (report.created, report.renamed, report.unchanged, report.skipped) == (6, 0, 0, 2)
    assert regions.load_regions(CSV.encode(), by=robot).created == 0
    bridge = Region.objects.get(code="539902001")
    assert (bridge.parent_id, bridge.kind, bridge.short_name) == ("539902", "township", "石桥街道")
    assert Region.objects.get(code="539971").kind == "zone"
    assert Region.objects.get(code="5399").parent_id == "53"
    again = regions.load_regions(CSV.replace("柳林镇", "柳林街道").encode("gb18030"), by=robot)
    assert (again.renamed, again.unchanged) == (1, 5)
    assert Event.objects.filter(act="accounts.load_regions").count() == 2


def test_only_one_branch_may_be_loaded(world):
    report = regions.load_regions(CSV.encode(), under="539902", by=world.people.robot)
    assert report.created == 5
    assert not Region.objects.filter(code="539971").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "没有区划"),
        ("code,name\n53990,远山市\n", "第 2 行.*应为2、4、6"),
        ("code,name\n539900,\n", "第 2 行没有名称"),
        ("539900,远山市\n539900,远山市\n", "第 2 行的代码 5399 与第 1 行重复"),
        ("539902001,石桥街道\n", "没有上级"),
        ("编号,叫法\n1,2\n", "表头"),
        ("539902,近水区,5388\n", "上级 5388 不存在"),
    ],
)
def test_a_bad_list_changes_nothing_and_names_the_line(world, text, words):
    before = Region.objects.count()
    with pytest.raises(regions.BadRegionFile, match=words):
        regions.load_regions(text.encode(), by=world.people.robot)
    assert Region.objects.count() == before


def test_a_zone_is_added_by_hand(world):
    zone = regions.create_region("539771", "云溪高新区", parent=None, kind="zone", by=world.people.sysadmin)
    assert zone.parent == world.city
    with pytest.raises(Refused, match="已存在"):
        regions.create_region("539771", "又一个", parent=None, kind="zone", by=world.people.sysadmin)
    with pytest.raises(Refused, match="2、4、6"):
        regions.create_region("53977", "短", parent=None, kind="zone", by=world.people.sysadmin)
    regions.close_region(zone, on=TODAY, reason="撤并", by=world.people.sysadmin)
    with pytest.raises(IllegalMove):
        regions.close_region(zone, on=TODAY, reason="撤并", by=world.people.sysadmin)


def test_organization_dates_are_kept_by_the_database(world):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.filter(pk=world.organizations.housing.pk).update(valid_to=dt.date(2020, 1, 1))

"""What a department supervised when the department is no more (R275)."""

import datetime as dt

import pytest
from django.db import connection

from bihuan.accounts.actions.organizations import merge
from bihuan.accounts.models import Post
from bihuan.registry.models import Enterprise, EnterpriseChange
from bihuan.registry.succession import pass_supervision

pytestmark = pytest.mark.django_db


def test_a_merged_departments_enterprises_go_along(world):
    housing, market, shop = world.organizations.housing, world.organizations.market, world.enterprises.shop
    world.kinds.restaurant.default_department = housing
    world.kinds.restaurant.save()

    merge([housing], market, on=dt.date(2026, 11, 1), document="示例改〔2026〕1号", by=world.people.sysadmin)

    shop.refresh_from_db()
    world.kinds.restaurant.refresh_from_db()
    assert shop.department == market
    assert world.kinds.restaurant.default_department == market
    line = shop.changes.get()
    assert line.changes == [["主管部门", "云溪市住房和城乡建设局", "云溪市市场监督管理局"]]
    assert "示例改〔2026〕1号" in line.reason


def test_a_department_that_goes_on_keeps_its_enterprises(world):
    housing, shop = world.organizations.housing, world.enterprises.shop
    moved = Post.objects.filter(organization=housing)[:1]
    pass_supervision(housing, world.organizations.market, list(moved), world.people.sysadmin, "分设")
    shop.refresh_from_db()
    assert shop.department == housing


def test_however_many_there_are_each_table_is_written_once(world, django_assert_num_queries):
    housing, market, shop = world.organizations.housing, world.organizations.market, world.enterprises.shop
    Post.objects.filter(organization=housing).update(is_active=False)
    kept = Enterprise.objects.exclude(department=housing).values_list("pk", "department_id")
    kept = dict(kept)
    for number in range(30):
        shop.pk, shop.credit_code, shop.organization, shop.name = None, None, None, f"第{number}号面馆"
        shop.save()
    passed = set(Enterprise.objects.filter(department=housing).values_list("pk", flat=True))
    assert len(passed) == 31
    with django_assert_num_queries(5 if connection.vendor == "postgresql" else 6):  # savepoints and posts too
        pass_supervision(housing, market, [], world.people.sysadmin, "撤并")
    assert set(Enterprise.objects.filter(department=market).values_list("pk", flat=True)) >= passed
    assert not Enterprise.objects.filter(department=housing).exists()
    assert dict(Enterprise.objects.filter(pk__in=kept).values_list("pk", "department_id")) == kept
    lines = EnterpriseChange.objects.all()
    assert {line.enterprise_id for line in lines} == passed
    line = lines[0]
    assert (line.what, line.reason, line.by, line.changes) == (
        "assigned",
        "机构改革：撤并",
        world.people.sysadmin,
        [["主管部门", "云溪市住房和城乡建设局", "云溪市市场监督管理局"]],
    )
    assert line.at == Enterprise.objects.get(pk=line.enterprise_id).updated_at

"""What a department supervised when the department is no more (R275)."""

import datetime as dt

import pytest

from bihuan.accounts.actions.organizations import merge
from bihuan.accounts.models import Post
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

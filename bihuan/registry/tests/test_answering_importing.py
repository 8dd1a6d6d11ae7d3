"""Leaders and watchers from a table: people are met by name or post, never guessed, and again changes nothing."""

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Holding, Post, User
from bihuan.attachments.imports import begin, start_batch
from bihuan.registry.answeringimporting import AnsweringImporter
from bihuan.registry.models import Responsibility

from .sheets import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(world, django_capture_on_commit_callbacks):
    def run(*rows, by="office"):
        book = openpyxl.Workbook()
        book.active.append(["单位名称", "包保领导", "专盯人", "起始日期"])
        for row in rows:
            book.active.append(list(row))
        out = io.BytesIO()
        book.save(out)
        officer = getattr(world.people, by)
        batch = start_batch(AnsweringImporter.target, upload(out.getvalue(), "责任清单.xlsx"), by=officer)
        with django_capture_on_commit_callbacks(execute=True):
            begin(batch, batch.mapping, by=officer)
        batch.refresh_from_db()
        return batch

    return run


def test_people_are_named_by_name_or_by_post(world, bring):
    shop, station = world.enterprises.shop, world.enterprises.station
    rows = [
        (shop.name, "王同心", "青石街道 检查员一", "2026-11-01"),
        (station.name, "白塔镇镇长", "", ""),
    ]
    batch = bring(*rows)
    assert (batch.created, batch.errors) == (2, {})
    named = Responsibility.objects.values_list("enterprise", "kind", "post", "from_on")
    today = timezone.localdate()
    assert set(named) == {
        (shop.pk, "leader", world.posts["qingshi_leader"].pk, dt.date(2026, 11, 1)),
        (shop.pk, "watcher", world.posts["inspector"].pk, dt.date(2026, 11, 1)),
        (station.pk, "leader", world.posts["baita_leader"].pk, today),
    }
    again = bring(*rows)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)


def test_another_person_ends_the_one_before(world, bring):
    shop = world.enterprises.shop
    bring((shop.name, "", "冯走访", "2026-11-01"))
    batch = bring((shop.name, "", "陈细看", "2026-11-10"))
    assert (batch.created, batch.updated) == (0, 1)
    assert list(Responsibility.objects.order_by("id").values_list("post", "to_on")) == [
        (world.posts["inspector"].pk, dt.date(2026, 11, 9)),
        (world.posts["inspector2"].pk, None),
    ]


def test_whom_nobody_can_mean_is_said(world, bring):
    twin = Post.objects.create(organization=world.organizations.baita, title="消防干事", role="inspector")
    namesake = User.objects.create_user("fengzoufang", None, full_name="冯走访")
    Holding.objects.create(user=namesake, post=twin, from_on=dt.date(2026, 1, 1))
    shop, station = world.enterprises.shop, world.enterprises.station
    batch = bring(
        (shop.name, "冯走访", "", ""),
        (shop.name, "", "冯走访", ""),
        (shop.name, "查无此人", "", ""),
        (shop.name, "", "", ""),
        (station.name, "", "褚别处", "2099-01-01"),
        ("没有这家", "王同心", "", ""),
    )
    said = {row: issues[0][1] for row, issues in batch.errors.items()}
    assert batch.created == 0
    assert "请写明单位和岗位" in said["2"]
    assert "请写明单位和岗位" in said["3"]
    assert "对不上您辖区内的岗位" in said["4"]
    assert "至少填一个" in said["5"]
    assert "晚于今天" in said["6"]
    assert "底册里没有" in said["7"]


def test_an_inspector_is_no_leader_and_a_street_names_for_its_own(world, bring):
    batch = bring((world.enterprises.shop.name, "陈细看", "", ""))
    assert "不是领导岗位" in batch.errors["2"][0][1]
    batch = bring((world.enterprises.station.name, "", "褚别处", ""), by="qingshi_officer")
    assert "底册里没有您看得到的" in batch.errors["2"][0][1]


def test_the_table_is_asked_for_where_gaps_are_shown(client, world):
    client.force_login(world.people.qingshi_officer)
    assert reverse("registry:answering_import") in client.get(reverse("registry:owners")).content.decode()
    assert "责任清单" in client.get(reverse("registry:answering_import")).content.decode()

"""A long list of enterprises leaves in pieces: every row once, in list order, in as many queries however long it is."""

import datetime as dt
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from bihuan.audit.models import Event
from bihuan.jobs import exports, running
from bihuan.jobs.models import Job
from bihuan.registry.exporting import COLUMNS, RegistrySource
from bihuan.registry.models import Contact, Enterprise, Permit

pytestmark = pytest.mark.django_db


@pytest.fixture
def five(world):
    """Five eating houses of Qingshi street, the newest last, and nobody else's."""
    shop = world.enterprises.shop
    shop.risk = "blue"
    for number in range(5):
        shop.pk, shop.credit_code, shop.organization, shop.name = None, None, None, f"第{number}号面馆"
        shop.save()
    return "risk=blue"


def whole(source, limit):
    rows, position = [], source.begin()
    while True:
        piece, position = source.after(position, limit)
        if not piece:
            return rows
        rows += piece


def test_pieces_are_the_list(world, five):
    source = RegistrySource(world.people.office, five)
    assert [row[0] for row in whole(source, 2)] == [f"第{number}号面馆" for number in (4, 3, 2, 1, 0)]
    assert whole(source, 2) == whole(source, 100)
    assert (source.total(), source.is_longer_than(4), source.is_longer_than(5)) == (5, True, False)


def test_a_piece_takes_three_queries_however_long(world, five, django_assert_num_queries):
    for enterprise in Enterprise.objects.all():
        Contact.objects.create(enterprise=enterprise, role="safety", name="李某某")
    source = RegistrySource(world.people.office, "")
    position = source.begin()
    with django_assert_num_queries(3):
        source.after(position, 100)


def test_a_row_says_what_the_record_says(world, five):
    enterprise = Enterprise.objects.get(name="第4号面馆")
    Enterprise.objects.filter(pk=enterprise.pk).update(
        risk="red", status="idle", employees=7, remark="夜间营业"
    )
    for role, name in [("other", "甲"), ("safety", "乙"), ("legal", "丙"), ("safety", "丁")]:
        Contact.objects.create(enterprise=enterprise, role=role, name=name, phone="19900001234")
    for kind, end in [("食品经营许可证", dt.date(2027, 5, 1)), ("燃气用户证", dt.date(2026, 12, 31))]:
        Permit.objects.create(enterprise=enterprise, kind=kind, number="云1", valid_to=end)
    [row], _ = RegistrySource(world.people.office, "risk=red").after(10**9, 1)
    said = dict(zip((column.label for column in COLUMNS), row, strict=True))
    assert (said["企业名称"], said["风险等级"], said["状态"]) == ("第4号面馆", "红", "停产停业")
    assert (said["法定代表人"], said["安全管理人"], said["从业人数"]) == ("丙", "乙", 7)
    assert said["许可证"] == "燃气用户证 云1；食品经营许可证 云1"
    assert (said["许可证最早到期"], said["备注"]) == (dt.date(2026, 12, 31), "夜间营业")


def test_stopped_and_gone_on_with_it_holds_every_row_once(
    world, five, client, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr("bihuan.jobs.handing.DIRECT_ROWS", 1)
    monkeypatch.setattr(exports, "CHUNK", 2)
    monkeypatch.setattr(exports, "MARK_SECONDS", 0)
    monkeypatch.setattr(running, "WRITE_SECONDS", 0)
    client.force_login(world.people.office)
    url = f"{reverse('registry:export')}?{five}"
    page = client.get(url).content.decode()
    assert "在后台写出" in page
    assert "风险：蓝" in page
    real = RegistrySource.after

    def stops_after_the_first_piece(self, position, limit):
        found = real(self, position, limit)
        Job.objects.update(cancel_wanted=True)
        return found

    monkeypatch.setattr(RegistrySource, "after", stops_after_the_first_piece)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(url, {"form": "xlsx"})
    job = Job.objects.get()
    assert (job.state, job.message) == ("stopped", "已写出 2 行，保留着；继续时从这里接着写，不会重复")
    monkeypatch.setattr(RegistrySource, "after", real)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("jobs:resume", args=[job.pk]))
    answer = client.get(reverse("jobs:result", args=[job.pk]))
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    names = [row[0].value for row in sheet.iter_rows(min_row=3)]
    assert names == [f"第{number}号面馆" for number in (4, 3, 2, 1, 0)]
    assert Event.objects.get(act="registry.export").payload["rows"] == 5

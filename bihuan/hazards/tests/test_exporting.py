"""A long export is background work: stopped and gone on with it holds every row once, and only its owner takes it."""

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from bihuan.accounts.models import Holding
from bihuan.accounts.tests.world import make_world
from bihuan.audit.models import Event
from bihuan.core.sheets.streaming import open_rows
from bihuan.hazards.exporting import COLUMNS, LEDGER, LedgerSource
from bihuan.hazards.models import Hazard
from bihuan.jobs import exports, running
from bihuan.jobs.models import Job

from .factories import make_hazard

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def five(world, monkeypatch):
    """Five hazards, pieces of two, a mark after every piece."""
    monkeypatch.setattr(exports, "CHUNK", 2)
    monkeypatch.setattr(exports, "MARK_SECONDS", 0)
    monkeypatch.setattr(running, "WRITE_SECONDS", 0)
    monkeypatch.setattr("bihuan.jobs.handing.DIRECT_ROWS", 1)
    return [make_hazard(world, description=f"隐患{number}") for number in range(5)]


def ask(client, capture, form="xlsx", query=""):
    with capture(execute=True):
        answer = client.post(f"{reverse('hazards:export')}?{query}", {"form": form})
    assert answer.status_code == 302
    job = Job.objects.get()
    assert answer.url == f"/jobs/{job.pk}/"
    return job


def descriptions(client, job):
    answer = client.get(reverse("jobs:result", args=[job.pk]))
    page = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    return [row[11].value for row in page.iter_rows(min_row=3)]


def test_a_long_export_is_offered_as_background_work(world, five, client, django_capture_on_commit_callbacks):
    client.force_login(world.people.office)
    page = client.get(reverse("hazards:export")).content.decode()
    assert "在后台写出" in page
    assert "CSV 文本" in page
    job = ask(client, django_capture_on_commit_callbacks)
    assert (job.state, job.done, job.total, job.message) == ("done", 5, 5, "导出 5 行，筛选：全部")
    assert descriptions(client, job) == ["隐患4", "隐患3", "隐患2", "隐患1", "隐患0"]
    assert Event.objects.get(act="hazards.export").payload == {"query": "", "rows": 5}
    assert Event.objects.filter(act="jobs.download").count() == 1


def test_an_unknown_form_is_refused(world, five, client):
    client.force_login(world.people.office)
    answer = client.post(reverse("hazards:export"), {"form": "pdf"})
    assert answer.status_code == 422
    assert "请选择导出为" in answer.content.decode()


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_stopped_and_gone_on_with_it_holds_every_row_once(
    world, five, client, monkeypatch, form, django_capture_on_commit_callbacks
):
    client.force_login(world.people.office)
    real = LedgerSource.after

    def stops_after_the_first_piece(self, position, limit):
        if "found_on" in position:
            Job.objects.update(cancel_wanted=True)
        return real(self, position, limit)

    monkeypatch.setattr(LedgerSource, "after", stops_after_the_first_piece)
    job = ask(client, django_capture_on_commit_callbacks, form)
    assert (job.state, job.message) == ("stopped", "已写出 4 行，保留着；继续时从这里接着写，不会重复")
    late = make_hazard(world, description="导出期间登记的")
    monkeypatch.setattr(LedgerSource, "after", real)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("jobs:resume", args=[job.pk]))
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 5)
    taken = b"".join(client.get(reverse("jobs:result", args=[job.pk])).streaming_content)
    if form == "csv":
        lines = taken.decode("utf-8-sig").splitlines()
        assert len(lines) == 7
        assert [line.split(",")[11] for line in lines[2:]] == [f"隐患{number}" for number in (4, 3, 2, 1, 0)]
    else:
        assert descriptions(client, job) == [f"隐患{number}" for number in (4, 3, 2, 1, 0)]
    assert Hazard.objects.filter(pk=late.pk).exists()


def test_the_result_is_its_owners_while_the_permission_lasts(
    world, five, client, django_capture_on_commit_callbacks
):
    client.force_login(world.people.office)
    job = ask(client, django_capture_on_commit_callbacks)
    url = reverse("jobs:result", args=[job.pk])
    client.force_login(world.people.housing)
    assert client.get(url).status_code == 404
    Holding.objects.filter(user=world.people.office).delete()
    client.force_login(world.people.office)
    assert client.get(url).status_code == 403


def test_rows_say_the_same_as_the_page_of_the_record(world):
    hazard = make_hazard(world, description="=软管", responsible_person="蒋好味")
    source = LedgerSource(world.people.office, "")
    [row], _ = source.after(source.begin(), 10)
    said = dict(zip((column.label for column in COLUMNS), row, strict=True))
    assert said["编号"] == hazard.number
    assert said["企业名称"] == "云溪区好味来面馆"
    assert said["发现人"] == hazard.found_by.full_name
    assert said["乡镇街道"] == hazard.locality.short_name
    assert said["状态"] == "整改中"
    assert (said["整改期限"], said["逾期天数"], said["整改责任人"]) == (hazard.due_on, None, "蒋好味")
    assert said["隐患描述"] == "=软管"


def test_memory_does_not_grow_with_the_rows(tmp_path):
    import tracemalloc

    file = open_rows(tmp_path / "a.xlsx", "xlsx", LEDGER.columns, title="台账", watermark="水印")
    row = [f"文字{number}" for number in range(len(LEDGER.columns))]
    file.write([row] * 500)
    tracemalloc.start()
    for piece in range(8):
        file.write([[f"{piece}-{number}", *row[1:]] for number in range(500)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    file.close()
    assert peak < 8_000_000


def test_what_the_figures_do_not_keep_is_not_counted_beforehand(
    world, five, client, django_capture_on_commit_callbacks
):
    assert LEDGER.open(world.people.office, "q=隐患").total() == 0
    client.force_login(world.people.office)
    job = ask(client, django_capture_on_commit_callbacks, query="q=隐患3")
    assert (job.state, job.done, job.total) == ("done", 1, 1)

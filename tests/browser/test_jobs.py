"""Long work as people see it, at a desk and on a phone: progress, stop, go on, take the file away."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import expect

from bihuan.campaigns.models import PlanDocument
from bihuan.campaigns.tests.test_importing import COLLECTION
from bihuan.campaigns.tests.test_readings import Reader, scan
from bihuan.hazards.tests.factories import make_hazard
from bihuan.jobs import running
from bihuan.jobs.models import Job
from bihuan.plans.reading import ocr
from bihuan.registry.models import Enterprise
from bihuan.registry.tests.sheets import good_row, workbook

from .people import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SCREENS = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture
def queue(monkeypatch):
    """The queue without a worker: what was handed in, run when the test says so."""
    waiting = []

    class Handed:
        id = "handed-in"

    class Queued:
        call = running.run_job.call

        @staticmethod
        def enqueue(job_id):
            waiting.append(job_id)
            return Handed

    monkeypatch.setattr(running, "run_job", Queued)
    return waiting


@SCREENS
def test_an_import_is_watched_stopped_and_gone_on_with(world, enter, queue, viewport):
    office = enter("office", viewport)
    page = office.page
    page.goto(f"{office.base}/registry/import/")
    page.set_input_files(
        "input[type=file]", {"name": "名单.xlsx", "mimeType": "application/octet-stream", "buffer": workbook([good_row(n) for n in range(1, 31)])}
    )  # fmt: skip
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="开始导入").click()
    expect(page.locator(".job-outlook")).to_contain_text("排队等候")
    Job.objects.update(
        state="running", stage="写入", done=12, total=30, moved_at=timezone.now(), started_at=timezone.now()
    )
    expect(page.locator(".job-outlook")).to_contain_text("剩余时间正在估算")
    expect(page.locator(".job-count")).to_have_text("12 / 30 行")
    Job.objects.update(remaining=131.0, rate=0.14, moved_at=timezone.now())
    expect(page.locator(".job-outlook")).to_contain_text("还需约 2 分钟")
    expect(page).to_have_title(re.compile("^40% "))
    assert office.overflow() == 0
    page.get_by_role("button", name="停止").click()
    expect(page.locator(".job-outlook")).to_contain_text("正在停止")
    Job.objects.update(state="waiting")
    running.run_job.call(queue[0])
    expect(page.get_by_text("已按您的要求停止")).to_be_visible()
    assert not Enterprise.objects.filter(name__contains="号面馆").exists()
    page.get_by_role("button", name="继续").click()
    expect(page.locator(".job-outlook")).to_contain_text("排队等候")
    running.run_job.call(queue[-1])
    expect(page.locator("#batch").get_by_text("已完成")).to_be_visible()
    assert Enterprise.objects.filter(name__contains="号面馆").count() == 30


@SCREENS
@pytest.mark.parametrize(
    ("address", "file", "lines"),
    [("/hazards/export/", "隐患台账", 5), ("/registry/", "企业与场所底册", 6)],
    ids=["ledger", "registry"],
)
def test_a_long_export_is_asked_for_and_taken_away(
    world, enter, queue, viewport, monkeypatch, address, file, lines
):
    monkeypatch.setattr("bihuan.jobs.handing.DIRECT_ROWS", 1)
    if file == "隐患台账":
        for number in range(3):
            make_hazard(world, description=f"隐患{number}")
    else:
        shop = world.enterprises.shop
        for number in range(4 - Enterprise.objects.count()):
            shop.pk, shop.credit_code, shop.organization, shop.name = None, None, None, f"第{number}号面馆"
            shop.save()
    office = enter("office", viewport)
    page = office.page
    page.goto(f"{office.base}{address}")
    if file == "企业与场所底册":
        page.get_by_role("link", name="导出本表").click()
        expect(page.get_by_text("在后台写出")).to_be_visible()
    page.get_by_label("CSV 文本").check()
    assert office.overflow() == 0
    page.get_by_role("button", name="开始导出").click()
    expect(page.locator(".job-outlook")).to_contain_text("排队等候")
    running.run_job.call(queue[0])
    link = page.get_by_role("link", name=f"下载{file}")
    expect(link).to_be_visible()
    with page.expect_download() as taken:
        link.click()
    assert len(taken.value.path().read_text("utf-8-sig").splitlines()) == lines
    page.goto(f"{office.base}/jobs/")
    expect(page.get_by_role("link", name=f"导出{file}（全部）")).to_be_visible()


@SCREENS
def test_a_scanned_plan_is_followed_page_by_page_stopped_and_gone_on_with(
    world, enter, queue, viewport, monkeypatch
):
    data, pages = scan(COLLECTION, pages=2)
    reader, shown, go_on = Reader(), threading.Event(), threading.Event()
    reader.pages = pages

    def wait():
        shown.set()
        assert go_on.wait(30)

    reader.at[2] = wait
    monkeypatch.setattr(ocr, "tesseract", lambda: "/bin/tesseract")
    monkeypatch.setattr(ocr, "_words", reader.words)
    monkeypatch.setattr(running, "WRITE_SECONDS", 0)
    office = enter("office", viewport)
    page = office.page
    page.goto(f"{office.base}/campaigns/plans/import/")
    page.set_input_files(
        "input[type=file]", {"name": "合集扫描.pdf", "mimeType": "application/pdf", "buffer": data}
    )
    page.get_by_role("button", name="导入并拆解").click()
    expect(page.locator(".job-outlook")).to_contain_text("排队等候")
    worker = in_the_background(queue[0])
    assert shown.wait(30)
    expect(page.locator(".job-count")).to_have_text("1 / 2 页")
    expect(page.locator(".job-outlook")).to_contain_text("剩余时间正在估算")
    assert office.overflow() == 0
    page.get_by_role("button", name="停止").click()
    expect(page.locator(".job-outlook")).to_contain_text("正在停止")
    go_on.set()
    worker.join(30)
    expect(page.get_by_text("已识别 1 页")).to_be_visible()
    assert office.overflow() == 0
    page.get_by_role("button", name="继续").click()
    expect(page.locator(".job-outlook")).to_contain_text("排队等候")
    in_the_background(queue[-1]).join(30)
    expect(page.get_by_role("heading", name="这个文件里有 2 份方案")).to_be_visible()
    assert reader.read == [1, 2, 2]
    assert office.overflow() == 0
    page.get_by_role("button", name="导入选中的").click()
    expect(page.get_by_text("请逐项核对后发布")).to_be_visible()
    assert PlanDocument.objects.count() == 1


def in_the_background(job_id):
    """A worker that runs one job and goes."""

    def run():
        try:
            running.run_job.call(job_id)
        finally:
            connections.close_all()

    worker = threading.Thread(target=run)
    worker.start()
    return worker

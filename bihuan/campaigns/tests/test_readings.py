"""A plan file that takes long is a job: its pages are counted, it stops between them and goes on, and acts once."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from bihuan.attachments.models import Attachment
from bihuan.campaigns import actions, readings
from bihuan.campaigns.models import Amendment, PlanDocument
from bihuan.jobs import results, running
from bihuan.jobs.actions import cancel, resume
from bihuan.jobs.models import Job
from bihuan.plans.reading import ocr

from .plans import TEXT
from .test_amending import REVISED
from .test_importing import COLLECTION

pytestmark = pytest.mark.django_db


def scan(text, pages=3):
    """A PDF of so many pictures, and what the recognizer finds on each: the text, dealt out line by line."""
    shades = [Image.new("L", (600, 800), 40 * number) for number in range(1, pages + 1)]
    buffer = io.BytesIO()
    shades[0].save(buffer, "PDF", save_all=True, append_images=shades[1:])
    lines = [line for line in text.splitlines() if line.strip()]
    size = -(-len(lines) // pages)
    dealt = [
        [
            ((1, 1, at), 0, min(20 * len(line), 900), 95.0, line)
            for at, line in enumerate(lines[n * size : (n + 1) * size])
        ]
        for n in range(pages)
    ]
    return buffer.getvalue(), dealt


class Reader:
    """In place of the recognizer: `pages` what it finds, `read` which it has read, `at` what happens at a page."""

    def __init__(self):
        self.pages, self.read, self.at = [], [], {}

    def words(self, picture, seconds, waiting):
        number = round(picture.getpixel((300, 400)) / 40)
        self.read.append(number)
        if act := self.at.pop(number, None):
            act()
        waiting()
        return self.pages[number - 1]


@pytest.fixture
def reader(monkeypatch):
    found = Reader()
    monkeypatch.setattr(ocr, "tesseract", lambda: "/bin/tesseract")
    monkeypatch.setattr(ocr, "_words", found.words)
    monkeypatch.setattr(running, "WRITE_SECONDS", 0)
    return found


@pytest.fixture
def office(client, world):
    client.force_login(world.people.office)
    return client


def drop(client, data, name="扫描.pdf", url=None, execute=None):
    file = SimpleUploadedFile(name, data)
    with execute(execute=True):
        return client.post(url or reverse("campaigns:import_plan"), {"file": file})


def test_a_quick_file_is_answered_at_once_by_the_same_job(office, world):
    answer = office.post(reverse("campaigns:import_plan"), {"text": TEXT})
    job = Job.objects.get()
    assert (job.kind, job.state, job.attempts) == ("plan.draft", "done", 1)
    assert answer["Location"] == PlanDocument.objects.get().get_absolute_url()
    assert office.get(job.get_absolute_url())["Location"] == answer["Location"]


def test_a_scan_is_background_work_and_its_page_leads_to_the_draft(
    office, reader, django_capture_on_commit_callbacks
):
    data, reader.pages = scan(TEXT)
    with django_capture_on_commit_callbacks() as queued:
        answer = office.post(reverse("campaigns:import_plan"), {"file": SimpleUploadedFile("扫描.pdf", data)})
    job = Job.objects.get()
    assert answer["Location"] == reverse("campaigns:reading", args=[job.pk])
    page = office.get(answer["Location"])
    assert (page.status_code, "排队等候" in page.text) == (200, True)
    assert not PlanDocument.objects.exists()
    assert not Attachment.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        for run in queued:
            run()
    job.refresh_from_db()
    draft = PlanDocument.objects.get()
    assert (job.state, job.message) == ("done", f"已导入《{draft.title}》，请逐项核对后发布")
    assert reader.read == [1, 2, 3]
    assert draft.notices[0].startswith("PDF 是扫描件，没有文字层")
    assert office.get(job.get_absolute_url())["Location"] == draft.get_absolute_url()
    assert not (results.directory(job) / readings.ORIGINAL).exists()


def test_stopped_between_pages_it_goes_on_with_the_next(
    office, world, reader, django_capture_on_commit_callbacks
):
    data, reader.pages = scan(TEXT)
    reader.at[2] = lambda: Job.objects.update(cancel_wanted=True)
    drop(office, data, execute=django_capture_on_commit_callbacks)
    job = Job.objects.get()
    assert (job.state, job.stage, job.done, job.total, job.unit) == ("stopped", "识别文字", 1, 3, "页")
    assert "已识别 1 页" in job.message
    assert job.expires_at is not None
    page = office.get(job.get_absolute_url()).text
    assert ("继续" in page, "换一个文件" in page) == (True, True)
    with django_capture_on_commit_callbacks(execute=True):
        resume(job, by=world.people.office)
    job.refresh_from_db()
    assert (job.state, reader.read) == ("done", [1, 2, 2, 3])
    assert PlanDocument.objects.count() == 1


def test_waiting_it_is_stopped_at_once_and_its_file_does_not_stay_for_ever(
    office, world, reader, django_capture_on_commit_callbacks
):
    data, reader.pages = scan(TEXT)
    with django_capture_on_commit_callbacks():
        office.post(reverse("campaigns:import_plan"), {"file": SimpleUploadedFile("扫描.pdf", data)})
    job = Job.objects.get()
    cancel(job, by=world.people.office)
    job.refresh_from_db()
    assert (job.state, job.message) == ("stopped", "还没有导入任何内容，可以继续")
    assert job.expires_at is not None


def test_whoever_is_overtaken_makes_nothing(office, reader, django_capture_on_commit_callbacks, monkeypatch):
    data, reader.pages = scan(TEXT)
    make = readings.PURPOSES["draft"].make

    def slowly(file, wanted, by):
        Job.objects.update(runner="another")
        return make(file, wanted, by)

    monkeypatch.setitem(readings.PURPOSES, "draft", readings.Purpose("draft", "导入方案", slowly))
    drop(office, data, execute=django_capture_on_commit_callbacks)
    assert not PlanDocument.objects.exists()
    assert Job.objects.get().state == "running"


def test_a_worker_that_dies_after_the_act_does_not_act_again(office, world, reader):
    office.post(reverse("campaigns:import_plan"), {"text": TEXT})
    Job.objects.update(state="running", message="", finished_at=None)
    job = Job.objects.get()
    running.run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message[:3]) == ("done", "已导入")
    assert PlanDocument.objects.count() == 1


def test_a_scan_that_cannot_be_read_says_why_and_keeps_nothing_in_the_ledger(
    office, reader, django_capture_on_commit_callbacks
):
    data, reader.pages = scan("", pages=2)
    drop(office, data, execute=django_capture_on_commit_callbacks)
    job = Job.objects.get()
    assert (job.state, "没有识别出文字" in job.message) == ("failed", True)
    assert "换一个文件" in office.get(job.get_absolute_url()).text
    assert not PlanDocument.objects.exists()
    assert not Attachment.objects.exists()


def test_several_plans_in_a_scan_are_asked_for_afterwards_and_not_recognized_again(
    office, reader, django_capture_on_commit_callbacks
):
    data, reader.pages = scan(COLLECTION, pages=2)
    question = drop(office, data, execute=django_capture_on_commit_callbacks)["Location"]
    assert Job.objects.get().message == "文件里有 2 份方案，请选择导入哪几份"
    assert "这个文件里有 2 份方案" in office.get(question).text
    with django_capture_on_commit_callbacks(execute=True):
        answer = office.post(question, {"pick": ["1"]})
    draft = PlanDocument.objects.get()
    assert answer["Location"] == draft.get_absolute_url()
    assert "瓶装企业" in draft.text
    assert reader.read == [1, 2]


def test_what_cannot_be_kept_is_refused_before_it_is_converted(office, monkeypatch):
    monkeypatch.setattr("bihuan.plans.reading.effort.soffice", lambda: "/bin/soffice")
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument Macros".encode("utf-16-le")
    answer = office.post(reverse("campaigns:import_plan"), {"file": SimpleUploadedFile("旧.doc", data)})
    assert (answer.status_code, "文件含有宏" in answer.text) == (422, True)
    assert not Job.objects.exists()


def test_after_its_time_the_file_is_asked_for_again(office, django_capture_on_commit_callbacks, reader):
    data, reader.pages = scan(COLLECTION, pages=2)
    question = drop(office, data, execute=django_capture_on_commit_callbacks)["Location"]
    results.discard(Job.objects.get())
    answer = office.post(question, {"pick": ["0"]})
    assert (answer.status_code, "原文件已过保留期" in answer.text) == (422, True)


def test_a_scanned_revision_is_laid_beside_what_runs(
    office, campaign, reader, django_capture_on_commit_callbacks
):
    data, reader.pages = scan(REVISED)
    url = reverse("campaigns:import_amendment", args=[campaign.pk])
    drop(office, data, url=url, execute=django_capture_on_commit_callbacks)
    job = Job.objects.get(kind="plan.amendment")
    assert job.state == "done", job.message
    assert office.get(job.get_absolute_url())["Location"] == Amendment.objects.get().get_absolute_url()


def test_it_is_not_made_for_somebody_who_lost_the_seat(
    office, world, reader, django_capture_on_commit_callbacks
):
    data, reader.pages = scan(TEXT)
    reader.at[3] = lambda: world.people.office.holdings.all().delete()
    drop(office, data, execute=django_capture_on_commit_callbacks)
    job = Job.objects.get()
    assert (job.state, job.message) == ("failed", "您的岗位现在不能办理此事，没有导入")
    assert not PlanDocument.objects.exists()


def test_which_plan_is_read_is_nobody_elses_business(office, client, world):
    office.post(reverse("campaigns:import_plan"), {"text": TEXT})
    url = Job.objects.get().get_absolute_url()
    client.force_login(world.people.county_office)
    assert client.get(url).status_code == 404


def test_a_sub_plan_is_read_the_same_way(campaign, world, client):
    due = campaign.tasks.first().due_on
    (asked,) = actions.require_subplans(
        campaign, [world.organizations.qingshi], due_on=due, due_source="会议要求", by=world.people.office
    )
    client.force_login(world.people.qingshi_officer)
    file = SimpleUploadedFile("a.docx", b"PK\x03\x04broken")
    answer = client.post(reverse("campaigns:import_subplan", args=[asked.pk]), {"file": file}, follow=True)
    assert "损坏" in answer.text
    file = SimpleUploadedFile("青石.txt", TEXT.encode())
    answer = client.post(reverse("campaigns:import_subplan", args=[asked.pk]), {"file": file})
    assert answer["Location"] == asked.get_absolute_url()
    assert asked.tasks.exists()
    assert set(Job.objects.values_list("kind", "state")) == {
        ("plan.subplan", "failed"),
        ("plan.subplan", "done"),
    }

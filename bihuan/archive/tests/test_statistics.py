"""The shipped questions: readable heads, right answers over a few known lives, only one's own area."""

import csv
import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Region
from bihuan.archive import asking
from bihuan.archive.asking import answer
from bihuan.archive.catalogue import Asked, CampaignDates, campaigns_sql, statistics
from bihuan.archive.engine import database
from bihuan.archive.presenting import NUMBERS
from bihuan.archive.process import prepare
from bihuan.archive.working import regions_of
from bihuan.audit.models import Event
from bihuan.core.errors import Refused
from bihuan.jobs.models import Job

duckdb = pytest.importorskip("duckdb")


@pytest.fixture(autouse=True)
def in_process(request, monkeypatch, tmp_path):
    """Ask here; only tests marked so start the process the product starts."""
    if request.node.get_closest_marker("slow"):
        return

    def ask(question, *_):
        with database(tmp_path) as duck:
            prepare(
                duck, question["files"], **{name: question[name] for name in ("events", "asked", "campaigns")}
            )
            return [list(row) for row in duck.execute(question["sql"]).fetchall()]

    monkeypatch.setattr(asking, "_run", ask)


@pytest.fixture
def asked():
    today = timezone.localdate()
    return Asked(today.replace(year=today.year - 1, day=1), today, "5397")


def by_name(name, asked):
    statistic = statistics()[name]
    return [
        dict(zip([heading.name for heading in statistic.headings], row, strict=True))
        for row in answer(statistic, asked)
    ]


@pytest.mark.parametrize("name", statistics())
def test_every_file_says_what_it_is(name):
    statistic = statistics()[name]
    kinds = NUMBERS | {
        "region", "organization", "kind", "campaign", "enterprise", "month", "quarter", "ordinal", "bucket", "stage",
        "level", "source", "visit",
    }  # fmt: skip
    assert {heading.kind for heading in statistic.headings} <= kinds
    names = {heading.name for heading in statistic.headings}
    assert {statistic.chart.key, *statistic.chart.columns} <= names
    assert statistic.about.endswith("。")


def test_every_statistic_answers_with_its_columns(archived, asked):
    for statistic in statistics().values():
        for row in answer(statistic, asked):
            assert len(row) == len(statistic.headings)


@pytest.mark.slow
def test_the_process_of_its_own_gives_the_same(archived, asked):
    (row,) = by_name("departments", asked)
    assert (row["found"], row["found_major"], row["closed"], row["enterprises"]) == (6, 1, 1, 1)


def test_months_and_stock(archived, asked):
    """Six found (one twice closed? no: one closed late, one closed and reopened): six found, one closed, five open."""
    rows = by_name("months", asked)
    last = [row for row in rows if row["month"] == asked.last_day.year * 100 + asked.last_day.month]
    assert sum(row["found"] for row in rows) == 6
    assert sum(row["closed"] for row in rows) == 1
    assert sum(row["stock"] for row in last) == 5


def test_departments_add_up(archived, asked):
    (row,) = by_name("departments", asked)
    assert (row["found"], row["found_major"], row["closed"], row["enterprises"]) == (6, 1, 1, 1)


def test_rebound_counts_reopenings(archived, asked):
    (row,) = by_name("rebound", asked)
    assert (row["closed"], row["reopened"], row["rate"]) == (2, 1, 500)


def test_time_to_close(archived, asked):
    """Closed after twelve days and after two: buckets 8—15 and 1—3, means in tenths of a day."""
    rows = by_name("time-to-close", asked)
    assert [(row["bucket"], row["closed"], row["share"], row["mean"]) for row in rows] == [
        (1, 1, 500, 20),
        (3, 1, 500, 120),
    ]


def test_an_area_sees_its_own_part(archived, asked):
    elsewhere = Asked(asked.first_day, asked.last_day, archived.regions.linjiang.pk)
    assert by_name("departments", elsewhere) == []
    street = Asked(asked.first_day, asked.last_day, archived.regions.qingshi.pk)
    assert by_name("departments", street)[0]["found"] == 6


def test_without_an_archive_there_is_nothing(world, archive_dir, asked):
    assert by_name("departments", asked) == []


def test_an_answer_is_kept_until_the_archive_changes(archived, asked, monkeypatch):
    first = by_name("sources", asked)
    monkeypatch.setattr(asking, "_run", lambda *_: pytest.fail("asked again"))
    assert by_name("sources", asked) == first


@pytest.mark.slow
def test_too_long_is_said(archived, asked, monkeypatch):
    monkeypatch.setattr(asking, "SECONDS", 0.001)
    with pytest.raises(Refused, match="请缩小地区或年份"):
        answer(statistics()["major"], asked)


def test_campaigns_without_rows_keep_their_columns():
    with duckdb.connect() as database:
        assert database.sql(campaigns_sql([])).columns == [
            "campaign", "starts_on", "ends_on", "before_from", "after_to", "length",
        ]  # fmt: skip
    one = CampaignDates(7, dt.date(2026, 4, 1), dt.date(2026, 4, 30))
    with duckdb.connect() as database:
        assert database.sql(campaigns_sql([one])).fetchall() == [
            (7, dt.date(2026, 4, 1), dt.date(2026, 4, 30), dt.date(2026, 1, 1), dt.date(2026, 7, 29), 30)
        ]


class TestPage:
    @pytest.fixture(autouse=True)
    def _signed_in(self, client, archived):
        self.client, self.world = client, archived
        client.force_login(archived.people.office)

    def test_the_list_says_how_far_it_reaches(self):
        text = self.client.get(reverse("archive:index")).content.decode()
        assert "各地逐月查出、整改与存量" in text
        assert "归档至" in text

    def test_chart_table_and_downloads(self):
        text = self.client.get(reverse("archive:statistic", args=["departments"])).content.decode()
        assert "<svg" in text
        assert "逾期整改率" in text
        assert "100.0%" in text

    def test_what_takes_long_is_worked_out_in_the_background(
        self, monkeypatch, django_capture_on_commit_callbacks
    ):
        url = reverse("archive:statistic", args=["departments"])
        quick = asking._run
        monkeypatch.setattr(asking, "_run", lambda *_: None)
        text = self.client.get(url).content.decode()
        assert "在后台统计" in text
        assert "100.0%" not in text
        assert self.client.get(reverse("archive:download", args=["departments"])).status_code == 302

        def stops(request, until, watcher):
            Job.objects.update(cancel_wanted=True)
            watcher.begin("统计", total=0)
            watcher.step(0)

        monkeypatch.setattr(asking, "_run", stops)
        with django_capture_on_commit_callbacks(execute=True):
            page = self.client.post(url)["Location"]
        job = Job.objects.get()
        assert (job.state, job.url) == ("stopped", page)
        assert "继续时从头算" in self.client.get(page).content.decode()
        monkeypatch.setattr(asking, "_run", quick)
        with django_capture_on_commit_callbacks(execute=True):
            self.client.post(reverse("jobs:resume", args=[job.pk]))
        monkeypatch.setattr(asking, "_run", lambda *_: None)
        job.refresh_from_db()
        assert job.state == "done"
        assert "100.0%" in self.client.get(page).content.decode()

    def test_download_is_recorded_and_watermarked(self):
        response = self.client.get(reverse("archive:download", args=["departments"]), {"as": "csv"})
        lines = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
        assert "导出" in lines[0][0]
        assert lines[1][:3] == ["主管部门", "查出", "其中重大"]
        assert lines[2][1] == "6"
        assert Event.objects.filter(act="archive.export").count() == 1
        sheet = self.client.get(reverse("archive:download", args=["departments"]))
        assert sheet.content[:4] == b"PK\x03\x04"

    def test_another_region_is_not_found(self):
        far = Region.objects.create(code="5398", name="远山市", short_name="远山", kind="city")
        url = reverse("archive:statistic", args=["months"])
        assert self.client.get(url, {"region": far.pk}).status_code == 404
        assert self.client.get(url, {"region": "5' OR 1=1"}).status_code == 404
        assert self.client.get(reverse("archive:statistic", args=["no-such"])).status_code == 404

    def test_a_wrong_month_is_named(self):
        text = self.client.get(
            reverse("archive:statistic", args=["months"]), {"from": "三月"}
        ).content.decode()
        assert "月份应写作 2026-03" in text

    def test_a_department_may_not(self):
        self.client.force_login(self.world.people.housing)
        assert self.client.get(reverse("archive:index")).status_code == 403


def test_regions_are_the_own_subtree(world):
    codes = [region.pk for region in regions_of(world.people.office)]
    assert all(
        code.startswith(codes[0]) or Region.objects.get(pk=code).parent_id == codes[0] for code in codes
    )
    assert regions_of(world.people.housing) == []


class TestCommand:
    def test_run_verify_and_ask(self, lives, archive_dir, monkeypatch, tomorrow):
        monkeypatch.setattr(timezone, "now", lambda: tomorrow)
        out = io.StringIO()
        call_command("archive", "run", stdout=out)
        call_command("archive", "verify", stdout=out)
        call_command("archive", "stats", stdout=out)
        call_command("archive", "stats", "sources", stdout=out)
        text = out.getvalue()
        assert "已归档：隐患流转" in text
        assert "未发现问题" in text
        assert "time-to-close" in text
        assert "年份,来源,查出" in text

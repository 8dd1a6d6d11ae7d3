"""An old ledger from a sheet: good rows land on their own dates, bad ones say why, twice changes nothing."""

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from bihuan.attachments import imports, storage
from bihuan.attachments.models import ImportBatch
from bihuan.audit import verification as audit_verification
from bihuan.audit.models import Event
from bihuan.duties.models import Duty
from bihuan.hazards.importing import TARGET
from bihuan.hazards.models import Hazard, HazardTransition
from bihuan.tally.models import Delta
from bihuan.tally.queries import totals

pytestmark = pytest.mark.django_db(transaction=True)

HEADINGS = [
    "单位名称",
    "信用代码",
    "存在问题",
    "检查日期",
    "隐患级别",
    "要求完成时间",
    "整改状态",
    "完成时间",
    "责任人",
    "整改资金",
]
SHOP, STATION = "云溪区好味来面馆", "云溪平安液化气充装有限公司"
GOOD = [
    [
        SHOP,
        "",
        "灶具无熄火保护",
        "2026-05-06",
        "一般",
        "2026-05-16",
        "已销号",
        "2026-05-20",
        "蒋好味",
        "1,200元",
    ],
    [SHOP, "", "软管超长", "2026年5月6日", "", "", "整改中", "", "", ""],
    [STATION, "", "储罐未注水", "2026.6.1", "重大", "", "未整改", "", "", ""],
    ["", "91539702MA6K00027X", "静电接地断开", "2026/6/1", "一般", "", "待复查", "", "", ""],
]
BAD = [
    ["云溪区没有的店", "", "软管老化", "2026-05-06", "", "", "", "", "", ""],
    [SHOP, "", "", "2026-05-06", "", "", "", "", "", ""],
    [SHOP, "", "阀门锈蚀", "去年", "特大", "", "不知道", "", "", "很多"],
    [SHOP, "", "阀门漏气", "2026-05-06", "", "2026-05-01", "已销号", "", "", ""],
    [SHOP, "", "软管超长", "2026-05-06", "", "", "", "", "", ""],
    [SHOP, "91539702MA6K00027X", "名实不符", "2026-05-06", "", "", "", "", "", ""],
    [SHOP, "", "未来的隐患", "2099-01-01", "", "", "", "", "", ""],
]


def sheet(rows):
    book = Workbook()
    for row in [HEADINGS, *rows]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("旧台账.xlsx", out.getvalue())


def run(world, rows):
    batch = imports.start_batch(TARGET, sheet(rows), by=world.people.office)
    imports.begin(batch, batch.mapping, by=world.people.office)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def world():
    from bihuan.accounts.tests.world import make_world

    return make_world()


def test_good_rows_land_on_their_own_dates(world):
    batch = run(world, GOOD)
    assert (batch.status, batch.created, batch.errors) == ("done", 4, {})
    old, running, major, waiting = Hazard.objects.order_by("pk")
    assert (old.status, old.found_on, old.closed_on) == ("closed", dt.date(2026, 5, 6), dt.date(2026, 5, 20))
    assert (old.responsible_person, str(old.funds)) == ("蒋好味", "1200.00")
    assert "原台账" in old.clock["source"]
    assert (running.status, running.due_on) == ("rectifying", dt.date(2026, 5, 21))
    assert (major.status, major.level) == ("planning", "major")
    assert (waiting.status, waiting.enterprise) == ("reinspecting", world.enterprises.station)
    assert running.reviewing_organization == world.organizations.qingshi
    assert list(HazardTransition.objects.values_list("move", flat=True)) == ["import"] * 4
    assert Event.objects.filter(act="hazards.import").count() == 8
    assert set(Duty.objects.open().values_list("kind", flat=True)) == {
        "hazard_rectify", "report", "major_plan", "hazard_review"
    }  # fmt: skip


def test_the_figures_know_the_old_days(world):
    run(world, GOOD[:2])

    def on(month, day):
        figures = totals(on=dt.date(2026, month, day), region="5397")
        return figures.found, figures.closed, figures.closed_late, figures.overdue

    assert on(5, 5) == (0, 0, 0, 0)
    assert on(5, 6) == (2, 0, 0, 0)
    assert on(5, 17) == (2, 0, 0, 1)  # the first was due on the 16th
    assert on(5, 20) == (2, 1, 1, 0)
    assert on(5, 22) == (2, 1, 1, 1)  # the second was due on the 21st


def test_bad_rows_say_why_in_a_copy_of_the_sheet(world):
    batch = run(world, GOOD + BAD)
    assert batch.created == 4
    said = {int(number): "；".join(words for _, words in issues) for number, issues in batch.errors.items()}
    assert set(said) == {6, 7, 8, 9, 10, 11, 12}
    assert "底册中没有“云溪区没有的店”" in said[6]
    assert "隐患描述为空" in said[7]
    assert "特大" in said[8]
    assert "很多" in said[8]
    assert "不知道" in said[8]
    assert "早于发现日期" in said[9]
    assert "须填销号日期" in said[9]
    assert "与第3行是同一条隐患" in said[10]
    assert "信用代码属于" in said[11]
    assert "今天之后" in said[12]
    copy = load_workbook(io.BytesIO(storage.read(batch.result.path))).active
    assert "底册中没有" in str([cell.value for cell in copy[6]])


def test_twice_changes_nothing(world):
    run(world, GOOD)
    deltas, events = Delta.objects.count(), Event.objects.filter(act="hazards.import").count()
    again = run(world, GOOD)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 4)
    assert Hazard.objects.count() == 4
    assert Delta.objects.count() == deltas
    assert Event.objects.filter(act="hazards.import").count() == events


def test_through_the_pages(world, client):
    client.force_login(world.people.office)
    response = client.post(reverse("hazards:import"), {"file": sheet(GOOD)})
    page = client.get(response["Location"]).content.decode()
    assert "灶具无熄火保护" in page
    batch = ImportBatch.objects.get()
    done = client.post(response["Location"], batch.mapping, follow=True).content.decode()
    assert "已完成" in done
    assert Hazard.objects.count() == 4
    client.force_login(world.people.county_office)
    assert client.get(response["Location"]).status_code == 404


def test_a_file_that_is_no_table_is_refused(world, client):
    client.force_login(world.people.office)
    answer = client.post(
        reverse("hazards:import"), {"file": SimpleUploadedFile("旧台账.xlsx", b"not a sheet")}
    )
    assert answer.status_code == 200
    assert answer.context["errors"]


def test_what_came_in_bulk_proves_itself(world):
    """Hashes, heads and figures of imported rows are what acts one by one would have written."""
    run(world, GOOD)
    assert audit_verification.verify().findings == []
    line = HazardTransition.objects.filter(hazard__status="closed").get()
    assert (line.edition, line.level, str(line.counted_on)) == (2, "general", "2026-05-20")
    event = Event.objects.get(chain=f"hazards.hazardtransition:{line.pk}")
    assert (event.seq, event.act, event.payload, event.previous_hash) == (1, "hazards.import", {}, "")
    assert event.summary == f"历史导入：{line.hazard.number} 灶具无熄火保护"

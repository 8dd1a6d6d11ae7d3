"""Enterprises from a table: good rows land, bad rows say why, again changes nothing (invariant 6)."""

import io
from unittest import mock

import openpyxl
import pytest

from bihuan.attachments import imports, storage
from bihuan.attachments.models import ImportBatch
from bihuan.registry.importing import EnterpriseImporter
from bihuan.registry.models import Contact, Enterprise, EnterpriseChange, Permit

from .sheets import HEADINGS, code, good_row, run_import, upload, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks


# Title, an empty line, headings in row 3: data begin in row 4. Eight rows are bad, by hand.
BAD = {
    7: ({"单位名称": ""}, "单位名称", "企业名称为空"),
    12: ({"统一社会信用代码": "92539702MA70000091"}, "统一社会信用代码", "校验码"),
    17: ({"企业类型": "火锅城"}, "企业类型", "无法识别"),
    22: ({"所属乡镇（街道）": "黑石镇"}, "所属乡镇（街道）", "没有名为“黑石镇”"),
    27: ({"所属乡镇（街道）": "白塔镇"}, "所属乡镇（街道）", "不在您的管理范围内"),
    32: ({"有效期至": "9999-12-31"}, "有效期至", "年份不合理"),
    37: ({"统一社会信用代码": code(1)}, "统一社会信用代码", "与第4行重复"),
    42: ({"从业人员": "若干"}, "从业人员", "不是整数"),
}


def sixty_rows():
    return [good_row(number, **BAD.get(number + 3, ({},))[0]) for number in range(1, 61)]


def test_sixty_rows_eight_bad(world, run):
    batch = run_import(workbook(sixty_rows()), by=world.people.qingshi_officer, run=run)

    assert batch.status == ImportBatch.Status.DONE
    assert (batch.total, batch.created, batch.updated, batch.unchanged) == (60, 52, 0, 0)
    assert {int(number) for number in batch.errors} == set(BAD)
    for number, (_, heading, words) in BAD.items():
        ((column, sentence),) = batch.errors[str(number)]
        assert column == heading
        assert words in sentence
    shop = Enterprise.objects.get(credit_code=code(2))
    assert (shop.name, shop.kind_id, shop.locality_id, shop.county_id, shop.city_id) == (
        "云溪区第2号面馆", "restaurant", "539702001", "539702", "5397",
    )  # fmt: skip
    assert shop.department == world.organizations.housing
    assert {(c.role, c.name, c.phone) for c in shop.contacts.all()} == {
        ("legal", "王某某", ""),
        ("safety", "李某某", "19900000002"),
    }
    assert shop.permits.get().valid_to.isoformat() == "2028-06-30"


def test_the_marked_copy_holds_the_messages_at_the_sheets_own_rows(world, run):
    batch = run_import(workbook(sixty_rows()), by=world.people.qingshi_officer, run=run)

    page = openpyxl.load_workbook(io.BytesIO(storage.read(batch.result.path))).active
    assert page.cell(1, 1).value == "青石街道企业名单"
    assert page.cell(3, 17).value == "导入问题"
    marked = {row: page.cell(row, 17).value for row in range(4, 64) if page.cell(row, 17).value}
    assert set(marked) == set(BAD)
    for number, (_, heading, words) in BAD.items():
        assert words in marked[number]
        assert page.cell(number, HEADINGS.index(heading) + 1).fill.start_color.rgb == "FFF8D7DA"


def test_a_second_run_changes_nothing(world, run):
    by = world.people.qingshi_officer
    run_import(workbook(sixty_rows()), by=by, run=run)
    before = list(Enterprise.objects.order_by("id").values())
    lines = EnterpriseChange.objects.count()

    again = run_import(workbook(sixty_rows()), by=by, run=run)

    assert (again.created, again.updated, again.unchanged) == (0, 0, 52)
    assert len(again.errors) == 8
    assert list(Enterprise.objects.order_by("id").values()) == before
    assert EnterpriseChange.objects.count() == lines
    assert (Contact.objects.count(), Permit.objects.count()) == (104, 52)


def test_the_marked_copy_can_be_corrected_and_sent_again(world, run):
    by = world.people.qingshi_officer
    batch = run_import(workbook(sixty_rows()), by=by, run=run)
    book = openpyxl.load_workbook(io.BytesIO(storage.read(batch.result.path)))
    book.active.cell(42, HEADINGS.index("从业人员") + 1).value = 7
    out = io.BytesIO()
    book.save(out)

    again = run_import(out.getvalue(), by=by, run=run)

    assert (again.created, again.updated, again.unchanged) == (1, 0, 52)
    assert len(again.errors) == 7


def test_a_change_updates_and_an_empty_cell_leaves_alone(world, run):
    by = world.people.qingshi_officer
    run_import(workbook([good_row(1)]), by=by, run=run)

    row = good_row(
        1, 单位名称="云溪区第一面馆", 经营地址="", 从业人员="", 联系电话="19900009999", 风险级别="较大"
    )
    batch = run_import(workbook([row]), by=by, run=run)

    assert (batch.created, batch.updated) == (0, 1)
    shop = Enterprise.objects.get(credit_code=code(1))
    assert (shop.name, shop.address, shop.employees, shop.risk) == (
        "云溪区第一面馆",
        "幸福路1号",
        5,
        "orange",
    )
    assert shop.contacts.get(role="safety").phone == "19900009999"
    line = shop.changes.first()
    assert line.what == "imported"
    assert ["名称", "云溪区第1号面馆", "云溪区第一面馆"] in line.changes
    assert ["安全管理人", "李某某", "李某某（电话已修改）"] in line.changes
    assert "19900009999" not in str(line.changes)


def test_a_successor_does_not_inherit_the_phone(world, run):
    by = world.people.qingshi_officer
    run_import(workbook([good_row(1)]), by=by, run=run)
    run_import(workbook([good_row(1, 安全负责人="赵某某", 联系电话="")]), by=by, run=run)

    safety = Contact.objects.get(enterprise__credit_code=code(1), role="safety")
    assert (safety.name, safety.phone) == ("赵某某", "")


def test_a_record_without_code_is_completed_by_its_code(world, run):
    by = world.people.qingshi_officer
    run_import(workbook([good_row(1, 统一社会信用代码="")]), by=by, run=run)
    batch = run_import(workbook([good_row(1)]), by=by, run=run)

    assert (batch.created, batch.updated) == (0, 1)
    assert Enterprise.objects.get(name="云溪区第1号面馆").credit_code == code(1)


def test_a_namesake_with_another_code_is_refused(world, run):
    by = world.people.qingshi_officer
    run_import(workbook([good_row(1)]), by=by, run=run)
    batch = run_import(workbook([good_row(1, 统一社会信用代码=code(2))]), by=by, run=run)

    assert "已有同名对象" in batch.errors["4"][0][1]
    assert Enterprise.objects.filter(name="云溪区第1号面馆").count() == 1


def test_an_enterprise_elsewhere_is_not_touched_nor_named(world, run):
    station = world.enterprises.station
    row = [*good_row(1, 单位名称="改名", 统一社会信用代码=station.credit_code), "执照如此"]
    batch = run_import(_with_reason(row), by=world.people.qingshi_officer, run=run)

    assert "管理范围之外" in batch.errors["2"][0][1]
    assert station.name not in batch.errors["2"][0][1]
    station.refresh_from_db()
    assert station.name == "云溪平安液化气充装有限公司"


def _with_reason(row):
    book = openpyxl.Workbook()
    book.active.append([*HEADINGS, "放行理由"])
    book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_department_registers_its_own_line_only(world, run):
    rows = [
        good_row(1, 行业主管部门=""),
        good_row(2, 行业主管部门="市市场监管局"),
        good_row(
            3, 单位名称="云溪平安液化气充装有限公司", 统一社会信用代码="", **{"所属乡镇（街道）": "白塔镇"}
        ),
        good_row(4, **{"所属乡镇（街道）": "河沿镇"}),
    ]
    batch = run_import(workbook(rows), by=world.people.housing, run=run)

    assert batch.created == 2
    assert Enterprise.objects.get(credit_code=code(1)).department == world.organizations.housing
    assert "不归口本部门" in batch.errors["5"][0][1]
    assert "管理范围之外" in batch.errors["6"][0][1]


def test_a_closed_enterprise_does_not_slip_back_to_idle(world, run):
    by = world.people.qingshi_officer
    run_import(workbook([good_row(1, 经营状态="关闭")]), by=by, run=run)
    batch = run_import(workbook([good_row(1, 经营状态="停业")]), by=by, run=run)

    assert "只能改为：在产在营" in batch.errors["4"][0][1]


def test_csv_in_the_encoding_of_chinese_office_programs(world, run):
    lines = [",".join(HEADINGS), ",".join(str(cell) for cell in good_row(1))]
    batch = run_import(
        "\r\n".join(lines).encode("gb18030"), name="名单.csv", by=world.people.qingshi_officer, run=run
    )

    assert batch.created == 1


def test_formula_cells_count_with_their_stored_result(world, run):
    """A formula that no program has calculated has no value: its cell is empty, never evaluated."""
    row = good_row(1, 单位名称='=HYPERLINK("http://127.0.0.1","面馆")')
    batch = run_import(workbook([row]), by=world.people.qingshi_officer, run=run)

    assert batch.created == 0
    assert "企业名称为空" in batch.errors["4"][0][1]


def test_text_that_looks_like_a_formula_or_a_script_stays_text(world, run):
    rows = [good_row(1, 单位名称="'=1+1面馆", 经营地址="<script>alert(1)</script>")]
    run_import(workbook(rows), by=world.people.qingshi_officer, run=run)

    shop = Enterprise.objects.get(credit_code=code(1))
    assert (shop.name, shop.address) == ("=1+1面馆", "<script>alert(1)</script>")


def test_a_number_cell_that_lost_digits_is_refused(world, run):
    batch = run_import(
        workbook([good_row(1, 统一社会信用代码=915397020000012345)]), by=world.people.qingshi_officer, run=run
    )
    assert "超过15位" in batch.errors["4"][0][1]


def test_ten_thousand_rows_parse_in_bounded_queries(world, run, django_assert_max_num_queries):
    rows = [
        imports.SheetRow(number, {"name": f"第{number}号店", "kind": "餐饮", "locality": "青石街道"})
        for number in range(2, 10_002)
    ]
    # Localities, kinds, scope, and one look per 400 keys.
    with django_assert_max_num_queries(40):
        prepared = EnterpriseImporter().prepare(imports.SheetRows.of(rows), world.people.qingshi_officer)
    assert len(prepared.rows) == 10_000


def _prepared(world, count, start=0):
    rows = [
        imports.SheetRow(
            number + 2,
            {"name": f"第{number}号店", "kind": "餐饮", "locality": "青石街道", "legal_name": "王某某",
             "permit_kind": "许可证", "permit_number": str(number)},
        )
        for number in range(start, start + count)
    ]  # fmt: skip
    return [
        row
        for _, row in EnterpriseImporter()
        .prepare(imports.SheetRows.of(rows), world.people.qingshi_officer)
        .rows
    ]


@pytest.mark.parametrize("count", [10, 100])
def test_the_queries_of_a_chunk_do_not_grow_with_its_rows(world, count, django_assert_max_num_queries):
    by = world.people.qingshi_officer
    chunk = _prepared(world, count)
    # SQLite takes some 40 rows of this width per statement; everything else is one query each.
    with django_assert_max_num_queries(26):
        assert EnterpriseImporter().save_rows(chunk, by) == (count, 0, 0)
    again = _prepared(world, count)
    with django_assert_max_num_queries(6):
        assert EnterpriseImporter().save_rows(again, by) == (0, 0, count)


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing after it runs."""


def test_killed_after_a_chunk_the_rest_follows_and_the_totals_are_right(world, run, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 200)
    by = world.people.qingshi_officer
    rows = [good_row(number) for number in range(1, 451)]
    rows[449][HEADINGS.index("从业人员")] = "若干"
    batch = imports.start_batch(EnterpriseImporter.target, upload(workbook(rows)), by=by)
    imports.begin(batch, batch.mapping, by=by)

    importer, calls = EnterpriseImporter(), []
    real = importer.save_rows

    def dies_in_the_second(rows, by):
        calls.append(len(rows))
        result = real(rows, by)
        if len(calls) == 2:
            raise Killed
        return result

    with mock.patch.object(importer, "save_rows", dies_in_the_second), pytest.raises(Killed):
        imports.run_batch(batch, importer, by=by)

    batch = ImportBatch.objects.get(pk=batch.pk)
    assert (batch.processed, batch.created) == (200, 200)
    assert Enterprise.objects.filter(credit_code__startswith="92539702MA7").count() == 200

    imports.run_batch(batch, EnterpriseImporter(), by=by)

    batch.refresh_from_db()
    assert batch.status == ImportBatch.Status.DONE
    assert (batch.processed, batch.created, batch.updated, batch.unchanged) == (450, 449, 0, 0)
    assert list(batch.errors) == ["453"]
    assert Enterprise.objects.filter(credit_code__startswith="92539702MA7").count() == 449


def test_a_permit_comes_with_its_level_and_both_its_ends(world, run):
    by = world.people.qingshi_officer
    names = [*HEADINGS, "发证级别", "有效期起"]
    book = openpyxl.Workbook()
    book.active.append(names)
    for number, level, begin in (
        (1, "县（区）级", "2023-07-01"),
        (2, "村级", ""),
        (3, "", "2029-01-01"),
        (4, "省", ""),
    ):
        book.active.append([*good_row(number), level, begin])
    out = io.BytesIO()
    book.save(out)

    batch = run_import(out.getvalue(), by=by, run=run)

    assert batch.created == 2
    said = batch.errors
    assert said["3"] == [["发证级别", "发证级别“村级”无法识别，请填：国家级、省级、市级、县级"]]
    assert "有效期止早于有效期起" in said["4"][0][1]
    permit = Permit.objects.get(enterprise__credit_code=code(1))
    assert (permit.issuing_level, permit.valid_from.isoformat()) == ("county", "2023-07-01")
    line = permit.enterprise.changes.get()
    assert line.changes[-1][2] == "食品经营许可证 示例〔2024〕1号 （县级）（2023-07-01至2028-06-30）"
    assert Permit.objects.get(enterprise__credit_code=code(4)).issuing_level == "province"

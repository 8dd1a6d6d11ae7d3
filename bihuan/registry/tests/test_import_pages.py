"""The pages of an import, from the file to the marked copy."""

import io

import openpyxl
import pytest
import xlsxwriter
from django.urls import reverse

from bihuan.attachments.models import ColumnMapping, ImportBatch
from bihuan.registry.models import Enterprise

from .sheets import HEADINGS, code, good_row, upload, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client, world):
    client.force_login(world.people.qingshi_officer)
    return client


def send(client, data, name="名单.xlsx"):
    return client.post(reverse("registry:import"), {"sheet": upload(data, name)})


def confirm(client, batch, capture, **mapping):
    with capture(execute=True):
        return client.post(reverse("registry:columns", args=[batch.pk]), batch.mapping | mapping)


def test_from_the_file_to_the_result(officer, django_capture_on_commit_callbacks):
    answer = send(officer, workbook([good_row(1), good_row(2, 从业人员="若干")]))
    batch = ImportBatch.objects.get()
    assert answer.url == reverse("registry:columns", args=[batch.pk])
    page = officer.get(answer.url)
    assert "没有用到的列：序号" in page.text
    assert page.context["form"]["name"].value() == "单位名称"
    assert "199****0001" in page.text
    assert "19900000001" not in page.text
    assert not Enterprise.objects.filter(credit_code=code(1)).exists()

    answer = confirm(officer, batch, django_capture_on_commit_callbacks)

    result = officer.get(answer.url)
    assert "不是整数" in result.text
    assert "下载标注后的表" in result.text
    assert Enterprise.objects.filter(credit_code=code(1)).exists()
    assert officer.get(reverse("registry:columns", args=[batch.pk])).status_code == 302
    assert officer.get(reverse("registry:import")).context["recent"][0] == batch


def test_a_corrected_column_is_remembered(officer, django_capture_on_commit_callbacks):
    strange = [*HEADINGS]
    strange[HEADINGS.index("单位名称")] = "招牌"
    book = openpyxl.Workbook()
    book.active.append(strange)
    book.active.append(good_row(1))
    out = io.BytesIO()
    book.save(out)
    send(officer, out.getvalue())
    batch = ImportBatch.objects.get()
    refused = confirm(officer, batch, django_capture_on_commit_callbacks)
    assert refused.status_code == 422
    assert "缺少必填列：企业名称" in refused.text

    confirm(officer, batch, django_capture_on_commit_callbacks, name="招牌")

    assert Enterprise.objects.get(credit_code=code(1)).name == "云溪区第1号面馆"
    assert ColumnMapping.objects.get().mapping["name"] == "招牌"
    send(officer, out.getvalue())
    assert ImportBatch.objects.order_by("created_at").last().mapping["name"] == "招牌"


def test_one_column_cannot_fill_two_fields(officer, django_capture_on_commit_callbacks):
    send(officer, workbook([good_row(1)]))
    batch = ImportBatch.objects.get()
    refused = confirm(officer, batch, django_capture_on_commit_callbacks, address="单位名称")
    assert "一列只能对应一个字段" in refused.text


def test_a_batch_is_nobody_elses(officer, client, world):
    send(officer, workbook([good_row(1)]))
    batch = ImportBatch.objects.get()
    client.force_login(world.people.office)
    for name in ("registry:columns", "registry:batch"):
        assert client.get(reverse(name, args=[batch.pk])).status_code == 404
    assert client.post(reverse("registry:resume", args=[batch.pk])).status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.xlsx", "空"),
        (b"%PDF-1.7 ...", "a.xlsx", "PDF"),
        (b"<html><table></table></html>", "a.xls", "表格"),
        (b"PK\x03\x04broken", "a.xlsx", "损坏"),
        ("企业名称\n".encode(), "a.csv", "没有数据"),
    ],
)
def test_files_that_are_no_tables_are_refused_with_a_remedy(officer, data, name, words):
    answer = send(officer, data, name)
    assert answer.status_code == 422
    assert words in answer.text
    assert not ImportBatch.objects.exists()


def test_ten_thousand_pasted_columns_are_refused(officer):
    data = ",".join(f"列{n}" for n in range(10_000)) + "\n" + ",".join("1" for _ in range(10_000))
    answer = send(officer, data.encode(), "粘贴.csv")
    assert answer.status_code == 422
    assert "512列" in answer.text


def test_a_formula_gives_its_stored_result(officer, django_capture_on_commit_callbacks):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    page.write_row(0, 0, ["企业名称", "类型", "乡镇街道"])
    page.write_formula(1, 0, '="云溪区"&"公式面馆"', None, "云溪区公式面馆")
    page.write_row(1, 1, ["餐饮", "青石街道"])
    book.close()
    send(officer, out.getvalue())
    confirm(officer, ImportBatch.objects.get(), django_capture_on_commit_callbacks)
    assert Enterprise.objects.filter(name="云溪区公式面馆").exists()


def test_the_template_is_understood_by_the_import(officer, world, django_capture_on_commit_callbacks):
    answer = officer.get(reverse("registry:template"))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["企业名单", "填写说明", "选项"]
    page = book["企业名单"]
    assert page["A1"].value == "企业名称*"
    assert {str(rule.sqref) for rule in page.data_validations.dataValidation} == {
        "D2:D5001", "E2:E5001", "G2:G5001", "H2:H5001", "I2:I5001", "S2:S5001",
    }  # fmt: skip
    assert [cell.value for cell in book["选项"]["B"] if cell.value] == ["所在乡镇（街道）", "青石街道"]

    send(officer, answer.content)
    batch = ImportBatch.objects.get()
    assert len(batch.mapping) == 25
    confirm(officer, batch, django_capture_on_commit_callbacks)
    batch.refresh_from_db()
    # The only row is the example, and the example says it is one.
    assert batch.errors["2"] == [["企业名称*", "这是模板里的示例行，请删去"]]


def test_a_filled_template_lands(officer, django_capture_on_commit_callbacks):
    book = openpyxl.load_workbook(io.BytesIO(officer.get(reverse("registry:template")).content))
    book["企业名单"]["A2"].value = "云溪区模板面馆"
    out = io.BytesIO()
    book.save(out)
    send(officer, out.getvalue())
    confirm(officer, ImportBatch.objects.get(), django_capture_on_commit_callbacks)
    made = Enterprise.objects.get(name="云溪区模板面馆")
    assert made.contacts.get(role="safety").phone == "19900001234"


def test_an_export_comes_back_unchanged(client, world, django_capture_on_commit_callbacks):
    client.force_login(world.people.office)
    exported = b"".join(client.get(reverse("registry:export")).streaming_content)
    Enterprise.objects.update(code_unchecked=False)
    send(client, exported)
    batch = ImportBatch.objects.get()
    confirm(client, batch, django_capture_on_commit_callbacks, credit_code="")
    batch.refresh_from_db()
    assert (batch.created, batch.updated, batch.unchanged, batch.errors) == (0, 0, 2, {})

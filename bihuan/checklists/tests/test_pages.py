"""Pages of the library: reading, writing a draft, forms in and out."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.queries import service_user
from bihuan.accounts.tests.world import make_world, sign_in
from bihuan.checklists import actions, packs
from bihuan.checklists.models import Book, BookVersion
from bihuan.checklists.storage import book_of
from bihuan.checklists.structure import Book as Content
from bihuan.checklists.xlsform import export_form

from .books import BOOK

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def office(world, client):
    return sign_in(client, world.people.office)


@pytest.fixture
def draft(world):
    return actions.create_book(world.organizations.office, BOOK, sector="gas", by=world.people.office)


def page(client, name, *args, **query):
    response = client.get(reverse(f"checklists:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def press(client, name, *args, **data):
    return client.post(reverse(f"checklists:{name}", args=args), data, follow=True)


# --- reading -----------------------------------------------------------------------------------------


def test_the_library_lists_books_by_sector_kind_and_words(office):
    actions.ensure_packs(by=service_user())
    whole = page(office, "library")
    assert all(packs.load(key).title in whole for key in packs.KEYS)
    assert "城镇燃气检查表" in page(office, "library", sector="gas")
    assert "消防安全检查表" not in page(office, "library", sector="gas")
    assert "没有符合这些条件的检查表" in page(office, "library", q="没有这样的话")
    assert "城镇燃气检查表" in page(office, "library", kind="restaurant")


def test_a_version_says_everything_of_its_items(world, office):
    actions.ensure_packs(by=service_user())
    gas = BookVersion.objects.get(book__key="gas")
    text = page(office, "version", gas.pk)
    for words in (
        "不合格即重大",
        "处置阶梯",
        "判定条款",
        "已核对原文",
        "城镇燃气管理条例",
        "复制为本单位的",
        "数值标准",
    ):
        assert words in text
    assert office.get(gas.book.get_absolute_url()).url == gas.get_absolute_url()
    less = page(office, "version", gas.pk, kind="restaurant")
    assert "GAS-OPS-01" not in less
    assert "□" in page(office, "print", gas.pk)


def test_the_form_that_is_taken_away_is_the_book(office):
    actions.ensure_packs(by=service_user())
    gas = BookVersion.objects.get(book__key="gas")
    answer = office.get(reverse("checklists:form", args=[gas.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["survey"]
    assert sheet.max_row > 100
    assert "filename*=UTF-8''" in answer["Content-Disposition"]


def test_criteria_without_items_are_named(world, office):
    text = page(office, "coverage")
    assert "没有检查项" in text
    actions.ensure_packs(by=service_user())
    text = page(office, "coverage")
    assert "GAS-OPS-01" in text


def test_a_draft_is_out_of_sight_for_others(world, draft, client):
    sign_in(client, world.people.housing)
    for name in ("version", "editor", "print", "form", "changes"):
        assert client.get(reverse(f"checklists:{name}", args=[draft.pk])).status_code == 404
    sign_in(client, world.people.shop)
    assert client.get(reverse("checklists:library")).status_code == 403


# --- writing -----------------------------------------------------------------------------------------


def test_a_book_is_written_from_nothing_and_published(world, office):
    answer = press(
        office, "new", owner=world.organizations.office.pk, title="送气工检查表", key="couriers", sector="gas"
    )
    assert "先加一节" in answer.content.decode()
    version = BookVersion.objects.get()
    press(office, "add_section", version.pk, title="送气", link="transport", seen=0)
    answer = press(
        office,
        "new_item",
        version.pk,
        "COURIERS-S1",
        seen=1,
        text="每车装瓶不多于 10 瓶",
        criterion="点数，不多于 10 瓶",
        measure_label="装瓶数",
        comparator="<=",
        number="10",
        unit="piece",
        method=["看", "量"],
        basis="城镇燃气管理条例||第二十七条",
        source="行政法规",
        dispositions="限期改正\n罚款（逾期不改正的）",
        severity="ordinary",
        photo="always",
    )
    assert "COURIERS-S1-01 已保存" in answer.content.decode()
    item = book_of(BookVersion.objects.select_related("book").get()).find("COURIERS-S1-01")
    assert (str(item.measure), item.photo, [str(each) for each in item.dispositions]) == (
        "装瓶数 不大于 10 个", "always", ["限期改正", "罚款（逾期不改正的）"],
    )  # fmt: skip
    answer = press(office, "publishing", version.pk, seen=2, effective_from=timezone.localdate().isoformat())
    assert "已发布" in answer.content.decode()
    version.refresh_from_db()
    assert version.status == "published"


def test_a_stale_page_saves_nothing_and_says_so(office, draft):
    press(office, "head", draft.pk, seen=0, title="新名", note="")
    answer = press(office, "head", draft.pk, seen=0, title="旧页面", note="")
    assert "已有新的改动" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.title == "新名"
    answer = press(
        office,
        "item",
        draft.pk,
        "GAS-USE-01",
        seen=0,
        text="改",
        source="法律",
        severity="minor",
        photo="failed",
    )
    assert "已有新的改动" in answer.content.decode()


@pytest.mark.parametrize(
    ("title", "words"), [("", "标题是空的"), ("燃" * 101, "超过100字"), ("有${变量}", "不能含")]
)
def test_a_book_always_has_a_name_that_can_be_written(office, draft, title, words):
    assert words in press(office, "head", draft.pk, seen=0, title=title, note="").content.decode()
    draft.refresh_from_db()
    assert (draft.title, draft.edits) == ("燃气检查表", 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"text": ""}, "必填"),
        ({"measure_label": "长度"}, "要填全"),
        ({"measure_label": "长度", "comparator": "<=", "number": "两米", "unit": "m"}, "不是数"),
        ({"measure_label": "长度", "comparator": "<=", "number": "-2", "unit": "m"}, "是负数"),
        ({"dispositions": "打屁股"}, "不在处置阶梯里"),
        ({"basis": "a|b|c|d"}, "须写成"),
        ({"text": "方法：看", "criterion": "方法：看"}, "检查方法另填"),
    ],
)
def test_an_item_that_does_not_hold_is_sent_back_with_the_reason(office, draft, data, words):
    given = {"seen": 0, "text": "软管完好", "source": "法律", "severity": "minor", "photo": "failed"} | data
    response = office.post(reverse("checklists:item", args=[draft.pk, "GAS-USE-01"]), given)
    assert response.status_code == 422
    assert words in response.content.decode()
    draft.refresh_from_db()
    assert draft.edits == 0


def test_the_form_of_an_item_gives_back_the_item(office, draft):
    """Opened and saved without a change, nothing changes."""
    text = page(office, "item", draft.pk, "GAS-USE-01")
    assert "连接软管长度不大于 2 m" in text
    form = office.get(reverse("checklists:item", args=[draft.pk, "GAS-USE-01"])).context["form"]
    data = {
        name: field.value() for name in form.fields if (field := form[name]).value() not in (None, "", False)
    }
    press(office, "item", draft.pk, "GAS-USE-01", seen=0, **data)
    draft.refresh_from_db()
    assert draft.edits == 1
    assert book_of(draft).sections == BOOK.sections


def test_items_and_sections_are_moved_and_taken_out(office, draft):
    press(office, "section", draft.pk, "GAS-USE", seen=0, act="up")
    assert [each.code for each in book_of(draft).sections] == ["GAS-USE", "GAS-OPS"]
    press(office, "item_act", draft.pk, "GAS-USE-01", seen=1, act="remove")
    press(office, "section", draft.pk, "GAS-USE", seen=2, act="remove")
    assert [each.code for each in book_of(draft).sections] == ["GAS-OPS"]
    answer = press(office, "section", draft.pk, "GAS-OPS", seen=3, act="remove")
    assert "还有 1 项" in answer.content.decode()
    press(office, "section", draft.pk, "GAS-OPS", seen=3, act="save", title="许可", link="trade")
    assert book_of(draft).sections[0].title == "许可"


def test_a_published_version_is_withdrawn_with_a_reason_and_the_next_compared(world, office, draft):
    press(office, "publishing", draft.pk, seen=0, effective_from=timezone.localdate().isoformat())
    answer = press(office, "draft", draft.book_id)
    second = BookVersion.objects.get(number=2)
    assert answer.redirect_chain[-1][0] == reverse("checklists:editor", args=[second.pk])
    press(office, "item_act", second.pk, "GAS-OPS-01", seen=0, act="remove")
    assert re.search("删去.*GAS-OPS-01", page(office, "changes", second.pk), re.DOTALL)
    assert "须填写理由" in press(office, "withdrawal", draft.pk, reason="").content.decode()
    assert "已撤回" in press(office, "withdrawal", draft.pk, reason="依据已废止").content.decode()


def test_a_shipped_book_is_copied_into_ones_own(world, client):
    actions.ensure_packs(by=service_user())
    sign_in(client, world.people.housing)
    gas = BookVersion.objects.get(book__key="gas")
    press(client, "copy", gas.pk)
    copy = Book.objects.get(owner=world.organizations.housing)
    assert book_of(copy.versions.get()) == packs.load("gas")
    assert client.post(reverse("checklists:draft", args=[gas.book_id])).status_code == 403


# --- forms -------------------------------------------------------------------------------------------


def upload(client, data: bytes, *args, name: str = "表单.xlsx"):
    view = "checklists:upload_draft" if args else "checklists:upload"
    return client.post(reverse(view, args=args), {"file": SimpleUploadedFile(name, data)}, follow=True)


def test_a_form_goes_out_and_comes_back_through_the_pages_unchanged(world, office):
    data = export_form(packs.load("fire"))
    answer = upload(office, data)
    text = answer.content.decode()
    assert "还没有写入" in text
    assert Book.objects.count() == 0
    answer = office.post(
        answer.redirect_chain[-1][0],
        {"owner": world.organizations.office.pk, "title": "消防", "key": "fire", "sector": "fire"},
        follow=True,
    )
    assert "已写入草稿" in answer.content.decode()
    assert book_of(BookVersion.objects.select_related("book").get()).sections == packs.load("fire").sections


def test_a_changed_form_is_shown_before_it_replaces_the_draft(office, draft):
    book = openpyxl.load_workbook(io.BytesIO(export_form(BOOK)))
    for row in book["survey"].iter_rows():
        for cell in row:
            if cell.value == "连接软管长度不大于 2 m":
                cell.value = "软管长度不大于 2 m"
    out = io.BytesIO()
    book.save(out)
    answer = upload(office, out.getvalue(), draft.pk)
    assert "连接软管长度不大于 2 m" in answer.content.decode()
    office.post(answer.redirect_chain[-1][0], {"seen": 0})
    draft.refresh_from_db()
    found = book_of(BookVersion.objects.select_related("book").get())
    assert (found.find("GAS-USE-01").text, found.key, found.version) == ("软管长度不大于 2 m", "gas", 1)


def test_every_row_that_cannot_be_read_is_named(office, draft):
    book = openpyxl.load_workbook(io.BytesIO(export_form(BOOK)))
    sheet = book["survey"]
    header = [cell.value for cell in sheet[1]]
    at = header.index("bind::bihuan:verified") + 1
    wrong = [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, at).value]
    for row in wrong:
        sheet.cell(row, at).value = "maybe"
    out = io.BytesIO()
    book.save(out)
    answer = upload(office, out.getvalue(), draft.pk)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "什么都没有改" in text
    assert all(f">{row}</td>" in text for row in wrong)
    assert office.post(answer.redirect_chain[-1][0], {"seen": 0}).status_code == 422
    draft.refresh_from_db()
    assert draft.edits == 0


def test_what_is_no_form_is_refused_in_words(office):
    assert "不是 XLSForm" in upload(office, _table()).content.decode()


def _table() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["名称", "地址"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_file_of_somebody_else_is_not_found(world, office, client):
    answer = upload(office, export_form(BOOK))
    address = answer.redirect_chain[-1][0]
    sign_in(client, world.people.county_office)
    assert client.get(address).status_code == 404


def test_an_empty_book_can_be_taken_up_again(world, office, draft):
    press(office, "discarding", draft.pk, seen=0)
    text = office.get(reverse("checklists:book", args=[draft.book_id])).content.decode()
    assert "重新起草" in text
    press(office, "draft", draft.book_id)
    assert BookVersion.objects.get().is_draft
    assert book_of(BookVersion.objects.select_related("book").get()) == Content("gas", "燃气检查表", 1, ())

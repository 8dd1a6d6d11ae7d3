"""What people typed is shown as they typed it, on every page, and never runs: not in a browser, not in a spreadsheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from lxml import etree

from bihuan.attachments import storage
from bihuan.attachments.imports import begin, run_batch, start_batch
from bihuan.attachments.models import ImportBatch
from bihuan.core.sheets import match_columns
from bihuan.registry.importing import EnterpriseImporter
from bihuan.registry.rows import FIELDS
from tests.hostile import values
from tests.hostile.poison import poison
from tests.matrix import visitor as house
from tests.matrix.lines import LINES, address
from tests.matrix.stage import Stage

db, stage, visitor = house.db, house.stage, house.visitor

ROLES = ("OO", "CO", "LO", "DO", "EM", "EX", "IS", "SY", "SE", "AU")
PAGES = [line for line in LINES if "GET" in line.methods]
FORMULA = '=HYPERLINK("http://127.0.0.1/","x")'
SHEETS = ["hazards:export", "registry:export", "campaigns:breakdown"]


@pytest.fixture(scope="module")
def scripted(stage: Stage, visitor: Any) -> Iterator[None]:
    """Script in every text of every record; undone when this module is through."""
    with transaction.atomic():
        assert poison((values.SCRIPT, '"><img src=x>', "<b>")) > 60
        yield
        transaction.set_rollback(True)


def test_no_page_runs_what_was_typed(stage, visitor, scripted):
    wrong, shown = [], set()
    for line in PAGES:
        for role in ROLES:
            if role not in line.let_in:
                continue
            answer = visitor.ask("GET", address(line, stage), stage.inside[role])
            if answer.status_code not in {200, 302}:
                wrong.append(
                    f"{line.key} {role}: {answer.status_code} {getattr(answer, 'exc_info', '')}"[:300]
                )
            if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
                continue
            text = answer.content.decode()
            wrong += [f"{line.key} {role}: {raw}" for raw in values.RAW if raw in text]
            if "&lt;script&gt;alert(1)" in text:
                shown.add(line.key)
    assert not wrong, "\n".join(wrong)
    # The words are there, as words: most pages show some text somebody typed.
    assert len(shown) > 40, sorted(shown)


def test_a_paper_is_sound_xml_whatever_was_typed(stage, visitor, scripted):
    line = next(each for each in LINES if each.name == "papers:docx")
    answer = visitor.ask("GET", address(line, stage), stage.inside["OO"])
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        text = archive.read("word/document.xml")
    assert b"<script" not in text
    assert "alert(1)" in "".join(etree.fromstring(text).itertext())


def cells(data: bytes) -> list[Any]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.parametrize("name", SHEETS)
def test_no_exported_cell_is_a_formula(name, stage, visitor):
    line = next(each for each in LINES if each.name == name)
    with transaction.atomic():
        poison((FORMULA, "@SUM(1)", "=1"))
        answer = sheet_of(visitor, address(line, stage), stage.inside["OO"])
        transaction.set_rollback(True)
    found = cells(answer)
    assert any(str(cell.value).startswith(("=", "'=")) for cell in found)
    assert {cell.data_type for cell in found} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in found)


def sheet_of(visitor: Any, url: str, user: Any) -> bytes:
    visitor.client.cookies[settings.SESSION_COOKIE_NAME] = visitor.keys[user.pk]
    answer = visitor.client.get(url)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_the_marked_copy_of_a_table_holds_no_formula(stage):
    """A csv of formulas comes back as the same words."""
    user = stage.inside["LO"]
    table = f"企业名称,类型,属地,地址\n{FORMULA.replace(',', ';')},餐饮,没有这个乡,=1+1\n"
    file = SimpleUploadedFile("名单.csv", table.encode())
    with transaction.atomic():
        batch = start_batch(EnterpriseImporter.target, file, by=user)
        mapping = match_columns(["企业名称", "类型", "属地", "地址"], FIELDS, {})
        begin(batch, {name: header or "" for name, header in mapping.items()}, by=user)
        run_batch(ImportBatch.objects.get(pk=batch.pk), EnterpriseImporter(), by=user)
        batch.refresh_from_db()
        assert batch.result is not None
        data = storage.read(batch.result.path)
        transaction.set_rollback(True)
    assert {cell.data_type for cell in cells(data)} == {"s"}

"""Imports land whole or say why, survive a killed worker, and change nothing the second time."""

import io
from dataclasses import dataclass, field

import openpyxl
import pytest

from bihuan.accounts.models import OrganizationAlias
from bihuan.attachments import imports, storage
from bihuan.attachments.errors import ImportRefused, UploadRefused
from bihuan.attachments.imports import Prepared, RowRefused
from bihuan.attachments.models import ColumnMapping, ImportBatch
from bihuan.core.errors import IllegalMove
from bihuan.core.sheets import Column, FieldSpec, write_rows

from .conftest import image_bytes, upload


class Killed(BaseException):
    """As a kill -9 would: nothing catches it."""


@dataclass
class AliasImporter:
    """Imports aliases of one body: enough of an importer to test with."""

    organization: object
    target: str = "test.alias"
    page: str = "registry:batch"
    fields: list = field(
        default_factory=lambda: [
            FieldSpec("name", "别名", ("名称",), required=True),
            FieldSpec("source", "来源"),
        ]
    )
    kill_at: str = ""
    prepared: int = 0

    def prepare(self, rows, by):
        self.prepared += 1
        result = Prepared()
        for row in rows:
            if row.values["name"].startswith("坏"):
                result.errors[row.number] = [("name", "名称不能以“坏”开头")]
            else:
                result.rows.append((row.number, row.values["name"]))
        return result

    def save_rows(self, rows, by):
        created = 0
        for name in rows:
            if name == self.kill_at:
                raise Killed
            if name.startswith("拒"):
                raise RowRefused("这个名称不收", field="name")
            _, made = OrganizationAlias.objects.get_or_create(
                organization=self.organization, key=name, defaults={"name": name}
            )
            created += made
        return created, 0, len(rows) - created


@pytest.fixture
def importer(world, monkeypatch):
    monkeypatch.setattr(imports, "_IMPORTERS", {})
    monkeypatch.setattr(imports, "CHUNK", 200)
    made = AliasImporter(world.organizations.housing)
    imports.register(made)
    OrganizationAlias.objects.all().delete()
    return made


def sheet(names, headings=("单位别名名称", "备注"), name="别名.xlsx"):
    rows = [[each, "x"] for each in names]
    return upload(write_rows([Column(h) for h in headings], rows, title="表", watermark="某人"), name)


def names(count, bad=()):
    return [f"坏{n}" if n in bad else f"名{n}" for n in range(count)]


def start(world, file, mapping=None, *, run=True, capture=None):
    batch = imports.start_batch("test.alias", file, by=world.people.office)
    if mapping is None:
        mapping = {"name": "单位别名名称"}
    if run:
        with capture(execute=True):
            imports.begin(batch, mapping, by=world.people.office)
        batch.refresh_from_db()
    return batch


def test_good_rows_land_and_bad_rows_come_back_marked(world, importer, django_capture_on_commit_callbacks):
    batch = start(world, sheet(names(450, bad={7, 250, 449})), capture=django_capture_on_commit_callbacks)
    assert (batch.status, batch.total, batch.processed) == ("done", 450, 450)
    assert (batch.created, batch.updated, batch.unchanged, len(batch.errors)) == (447, 0, 0, 3)
    assert OrganizationAlias.objects.count() == 447
    number = min(int(each) for each in batch.errors)
    assert batch.errors[str(number)] == [["单位别名名称", "名称不能以“坏”开头"]]
    page = openpyxl.load_workbook(io.BytesIO(storage.read(batch.result.path))).active
    assert page.cell(number, 1).value == "坏7"
    assert "名称不能以“坏”开头" in str(page.cell(number, page.max_column).value)


def test_the_second_time_changes_nothing(world, importer, django_capture_on_commit_callbacks):
    start(world, sheet(names(30)), capture=django_capture_on_commit_callbacks)
    again = start(world, sheet(names(30)), capture=django_capture_on_commit_callbacks)
    assert (again.created, again.unchanged, again.result) == (0, 30, None)


def test_columns_are_remembered(world, importer, django_capture_on_commit_callbacks):
    first = imports.start_batch("test.alias", sheet(["甲"]), by=world.people.office)
    assert first.mapping == {}
    with django_capture_on_commit_callbacks(execute=True):
        imports.begin(first, {"name": "单位别名名称", "source": ""}, by=world.people.office)
    second = imports.start_batch("test.alias", sheet(["乙"]), by=world.people.housing)
    assert second.mapping == {"name": "单位别名名称"}
    assert ColumnMapping.objects.count() == 1
    swapped = imports.remembered_mapping("test.alias", ["备注", "单位别名名称"])
    assert swapped == {"name": "单位别名名称"}


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({}, "缺少必填列：别名"),
        ({"name": "没有的列"}, "没有“没有的列”这一列"),
        ({"name": "备注", "source": "备注"}, "只能对应一个字段"),
        ({"name": "备注", "x": "单位别名名称"}, "没有名为“x”的字段"),
    ],
)
def test_a_wrong_mapping_is_explained(world, importer, mapping, words):
    batch = imports.start_batch("test.alias", sheet(["甲"]), by=world.people.office)
    with pytest.raises(ImportRefused, match=words):
        imports.begin(batch, mapping, by=world.people.office)
    batch.refresh_from_db()
    assert batch.status == "uploaded"


def test_pressing_twice_imports_once(world, importer, django_capture_on_commit_callbacks):
    batch = start(world, sheet(names(3)), capture=django_capture_on_commit_callbacks)
    with pytest.raises(IllegalMove):
        imports.begin(batch, {"name": "单位别名名称"}, by=world.people.office)


def test_one_refused_row_does_not_cost_its_chunk(world, importer, django_capture_on_commit_callbacks):
    batch = start(world, sheet(["甲", "拒一", "乙"]), capture=django_capture_on_commit_callbacks)
    assert (batch.created, list(batch.errors.values())) == (2, [[["单位别名名称", "这个名称不收"]]])


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_one_chunk_and_goes_on(world, importer):
    batch = imports.start_batch("test.alias", sheet(names(450, bad={3, 300})), by=world.people.office)
    ImportBatch.objects.filter(pk=batch.pk).update(status="running", mapping={"name": "单位别名名称"})
    batch.refresh_from_db()
    importer.kill_at = "名350"
    with pytest.raises(Killed):
        imports.run_batch(batch, importer, by=world.people.office)
    stopped = ImportBatch.objects.get(pk=batch.pk)
    assert (stopped.status, stopped.processed, stopped.created, len(stopped.errors)) == (
        "running",
        200,
        199,
        1,
    )
    assert OrganizationAlias.objects.count() == 199
    importer.kill_at = ""
    imports.run_batch(stopped, importer, by=world.people.office)
    stopped.refresh_from_db()
    assert (stopped.status, stopped.processed, stopped.created, len(stopped.errors)) == ("done", 450, 448, 2)
    assert OrganizationAlias.objects.count() == 448


def test_a_second_worker_at_the_same_place_stops(world, importer, django_capture_on_commit_callbacks):
    batch = imports.start_batch("test.alias", sheet(names(5)), by=world.people.office)
    ImportBatch.objects.filter(pk=batch.pk).update(status="running", mapping={"name": "单位别名名称"})
    stale = ImportBatch.objects.select_related("file", "by").get(pk=batch.pk)
    imports.run_batch(ImportBatch.objects.get(pk=batch.pk), importer, by=world.people.office)
    imports.run_batch(stale, importer, by=world.people.office)
    stale.refresh_from_db()
    assert (stale.status, stale.created, stale.processed) == ("done", 5, 5)


def test_a_broken_importer_fails_in_words_and_can_be_resumed(
    world, importer, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(importer, "prepare", lambda rows, by: 1 / 0)
    batch = start(world, sheet(names(3)), capture=django_capture_on_commit_callbacks)
    assert batch.status == "failed"
    assert "联系管理员" in batch.message
    monkeypatch.undo()
    imports.register(importer)
    with django_capture_on_commit_callbacks(execute=True):
        imports.resume(batch, by=world.people.office)
    batch.refresh_from_db()
    assert (batch.status, batch.created) == ("done", 3)
    with pytest.raises(IllegalMove):
        imports.resume(batch, by=world.people.office)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (upload(image_bytes(), "表.xlsx"), "需要表格"),
        (upload(b"", "表.xlsx"), "空的"),
        (upload("只有表头\n".encode(), "表.csv"), "没有数据"),
    ],
)
def test_what_is_no_table_is_refused(world, importer, file, words):
    with pytest.raises(UploadRefused, match=words):
        imports.start_batch("test.alias", file, by=world.people.office)
    assert not ImportBatch.objects.exists()


def test_an_unknown_target_is_refused(world, importer):
    with pytest.raises(ImportRefused):
        imports.start_batch("test.other", sheet(["甲"]), by=world.people.office)

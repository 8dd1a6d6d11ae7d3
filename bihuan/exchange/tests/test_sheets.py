"""Sheets of upper levels: filled with their formats kept, read back, tried before they are used, hostile files refused."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.attachments import storage
from bihuan.core.errors import IllegalMove, Refused
from bihuan.exchange import sheets
from bihuan.exchange.actions import profiling
from bihuan.exchange.models import SheetProfile
from bihuan.hazards.tests.factories import make_hazard
from bihuan.returns.models import Return
from bihuan.returns.tests.factories import make_period, return_of

WEEKLY = (Path(profiling.SAMPLES) / "weekly_sample.xlsx").read_bytes()
LEDGER = (Path(profiling.SAMPLES) / "ledger_sample.xlsx").read_bytes()


def book(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_figures_go_in_and_the_look_stays():
    filled = sheets.fill_cells(
        WEEKLY, "x.xlsx", "周报", {"D4": Decimal(12), "D7": Decimal("3.5"), "D9": None}
    )
    before, after = book(WEEKLY)["周报"], book(filled)["周报"]
    assert (after["D4"].value, after["D7"].value, after["D9"].value) == (12, 3.5, None)
    assert after["D13"].value == before["D13"].value == '=IF(D7=0,"",D9/D7)'
    assert after.merged_cells.ranges == before.merged_cells.ranges
    assert after.column_dimensions["B"].width == before.column_dimensions["B"].width
    for place in ("A1", "B4", "D4", "D13"):
        assert repr(after[place].font) == repr(before[place].font)
        assert after[place].number_format == before[place].number_format


def test_rows_look_like_the_first_row():
    filled, count = sheets.fill_rows(
        LEDGER,
        "x.xlsx",
        "台账",
        3,
        ["A", "F"],
        [["甲", dt.date(2026, 11, 1)], ["=cmd|'/c calc'!A1", None], ["丙", None]],
    )
    page = book(filled)["台账"]
    assert count == 3
    assert [page[f"A{at}"].value for at in (3, 4, 5)] == ["甲", "=cmd|'/c calc'!A1", "丙"]
    assert page["A4"].data_type == "s"
    for at in (4, 5):
        assert page[f"F{at}"].number_format == page["F3"].number_format
        assert repr(page[f"A{at}"].font) == repr(page["A3"].font)
        assert page.row_dimensions[at].height == page.row_dimensions[3].height


@pytest.mark.parametrize(("place", "said"), [("D13", "公式"), ("B1", "合并")])
def test_formulas_and_merged_cells_are_not_written_over(place, said):
    with pytest.raises(Refused, match=said):
        sheets.fill_cells(WEEKLY, "x.xlsx", "周报", {place: 1})


@given(
    st.dictionaries(
        st.sampled_from([f"D{row}" for row in range(4, 12)]), st.integers(-(10**9), 10**9), max_size=8
    )
)
@settings(max_examples=20, deadline=None)
def test_what_was_filled_is_read_back(values):
    filled = sheets.fill_cells(
        WEEKLY, "x.xlsx", "周报", {place: Decimal(value) for place, value in values.items()}
    )
    assert sheets.read_cells(filled, "x.xlsx", "周报", values) == values


@pytest.mark.parametrize("text", ["5", "C", "C0", "AAA1", "C5:D6", "=C5", "$C$5", "../x", ""])
def test_places_that_are_none(text):
    with pytest.raises(Refused):
        sheets.checked_place(text, by_row=False)


def test_hostile_files_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "b">]><workbook/>')
    for data, name in (
        (out.getvalue(), "x.xlsx"),
        (b"MZ\x90", "x.xlsx"),
        (b"", "x.xlsx"),
        (WEEKLY[:500], "x.xlsx"),
        (b"a,b\n1,2", "x.csv"),
    ):
        with pytest.raises(Refused):
            sheets.opened(data, name)


def test_text_where_a_number_should_be_is_named():
    with pytest.raises(Refused, match="B4"):
        sheets.read_cells(WEEKLY, "x.xlsx", "周报", ["B4"])


# --- profiles ---------------------------------------------------------------------------------


def made(
    world, *, way: str = "export", source: str = "return:test.month", data: bytes = WEEKLY
) -> SheetProfile:
    shape = "rows" if source == "hazards" else "cells"
    return profiling.create(
        name="省厅月报", system="省厅报表系统", way=way, shape=shape, source=source,
        template=SimpleUploadedFile("月报.xlsx", data), region=world.city, by=world.people.office,
    )  # fmt: skip


def test_a_profile_is_tried_before_it_is_used(world):
    office = world.people.office
    period = make_period(world, dt.date(2026, 9, 1))
    record = Return.objects.select_related(
        "period__version", "period__definition__campaign", "organization__region", "current"
    ).get(pk=return_of(period, world.organizations.qingshi).pk)
    profile = made(world)
    with pytest.raises(Refused, match="对应关系"):
        profiling.fill_return(profile, record, by=office)
    profiling.place(
        profile, sheet="周报", first_row=None, places={"found": "d7", "closed": " D9 "}, by=office
    )
    with pytest.raises(Refused, match="没有试过"):
        profiling.set_status(profile, "active", by=office)
    with pytest.raises(PermissionDenied):
        profiling.fill_return(profile, record, by=world.people.inspectorate)
    run = profiling.fill_return(profile, record, by=office)
    assert (run.is_trial, [each[:2] for each in run.figures]) == (True, [["D7", "found"], ["D9", "closed"]])
    assert book(storage.read(run.file.path))["周报"]["D7"].value == 0
    profiling.set_status(profile, "active", by=office)
    profiling.place(profile, sheet="周报", first_row=None, places={"found": "D8"}, by=office)
    assert profile.status == "draft"
    with pytest.raises(Refused, match="没有试过"):
        profiling.set_status(profile, "active", by=office)


def test_two_people_do_not_overwrite_each_other(world):
    make_period(world, dt.date(2026, 9, 1))
    profile = made(world)
    stale = SheetProfile.objects.get(pk=profile.pk)
    profiling.place(profile, sheet="周报", first_row=None, places={"found": "D7"}, by=world.people.office)
    with pytest.raises(IllegalMove):
        profiling.place(stale, sheet="周报", first_row=None, places={"found": "D8"}, by=world.people.office)


def test_bad_places_are_named(world):
    make_period(world, dt.date(2026, 9, 1))
    profile, office = made(world), world.people.office
    for places, said in (
        ({"found": "D13"}, "公式"),
        ({"found": "D7", "closed": "D7"}, "同一个位置"),
        ({}, "至少"),
        ({"found": "7D"}, "单元格"),
    ):
        with pytest.raises(Refused, match=said):
            profiling.place(profile, sheet="周报", first_row=None, places=places, by=office)
    with pytest.raises(Refused, match="没有工作表"):
        profiling.place(profile, sheet="别的", first_row=None, places={"found": "D7"}, by=office)


def test_a_ledger_holds_what_its_reader_may_see(world):
    make_hazard(world)
    office = world.people.office
    profile = made(world, source="hazards", data=LEDGER)
    profiling.place(
        profile,
        sheet="台账",
        first_row=3,
        places={"enterprise": "A", "description": "D", "found_on": "F"},
        by=office,
    )
    run = profiling.fill_table(profile, first=None, last=None, by=office)
    assert (run.rows, book(storage.read(run.file.path))["台账"]["A3"].value) == (1, "云溪区好味来面馆")
    profiling.set_status(profile, "active", by=office)
    far = profiling.fill_table(profile, first=None, last=dt.date(2020, 1, 1), by=world.people.inspectorate)
    assert far.rows == 0


def test_numbers_are_read_into_an_open_return_with_their_source(world):
    period = make_period(world, dt.date(2026, 9, 1), owers=["self"])
    record = return_of(period, world.organizations.office)
    office = world.people.office
    profile = made(world, way="import")
    profiling.place(profile, sheet="周报", first_row=None, places={"trained": "D5", "found": "D7"}, by=office)
    filled = sheets.fill_cells(WEEKLY, "x.xlsx", "周报", {"D5": 260, "D7": 9})
    run = profiling.read_back(profile, SimpleUploadedFile("省厅表.xlsx", filled), record_=record, by=office)
    assert [each[3] for each in run.figures] == ["9", "260"]
    record.refresh_from_db()
    assert [value for cell, value in record.draft["cells"].items() if cell.endswith("|trained")] == ["260"]
    assert not [cell for cell in record.draft["cells"] if cell.endswith("|found")]
    assert "省厅表.xlsx" in record.draft["words"]


def test_the_samples_are_made_once(world):
    robot = world.people.robot
    assert len(profiling.ensure_samples(world.city, by=robot)) == 2
    assert profiling.ensure_samples(world.city, by=robot) == []
    assert {profile.shape for profile in SheetProfile.objects.all()} == {"cells", "rows"}
    assert all(profile.is_sample and profile.places for profile in SheetProfile.objects.all())


def test_no_number_is_longer_written_out_than_it_was_in_the_sheet():
    page = openpyxl.Workbook()
    page.active["A1"], page.active["A2"], page.active["A3"] = "1E-9999999", "0E-9999999", 0.1 + 0.2
    out = io.BytesIO()
    page.save(out)
    found = sheets.read_cells(out.getvalue(), "x.xlsx", "Sheet", ["A1", "A2", "A3"])
    assert [f"{value:f}".rstrip("0") for value in found.values()] == ["0.", "0.", "0.3"]
    assert all(len(f"{value:f}") < 20 for value in found.values())


def test_formatting_to_the_edge_of_the_sheet_is_not_repeated_in_every_row():
    page = openpyxl.Workbook()
    page.active["XFD1"].number_format = "0.00"  # formatted, empty, and the last column there is
    written, edge = io.BytesIO(), io.BytesIO()
    page.save(written)
    with zipfile.ZipFile(written) as before, zipfile.ZipFile(edge, "w") as after:
        for part in before.namelist():  # as Excel writes an empty cell
            after.writestr(part, before.read(part).replace(b"></c>", b"/>"))
    filled, count = sheets.fill_rows(
        edge.getvalue(), "x.xlsx", "Sheet", 1, ["A"], [[str(at)] for at in range(100)]
    )
    assert count == 100
    assert len(book(filled)["Sheet"]._cells) < 100 * 201 + 2

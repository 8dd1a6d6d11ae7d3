"""The benchmark report: one table of measures, a section per suite, everything outside its markers left alone."""

import pytest

from bench import report


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "REPORT", tmp_path / "benchmarks.md")
    monkeypatch.setattr(report, "RESULTS", tmp_path / "benchmarks.json")
    return tmp_path / "benchmarks.md"


def outcome(rows, measured, met=True, suite="panels"):
    measure = {"what": "slowest panel", "target": "≤ 50 ms", "measured": measured, "met": met, "note": ""}
    result = {"title": "Panels", "markdown": "# Inside\ntext", "measures": [measure]}
    return report.Outcome(suite, "PostgreSQL", rows, 3.0, "2026-11-22 03:00", "2 cores", result)


def test_measures_growth_and_sections(place):
    book = report.Book()
    book.add(outcome(1_000_000, "4.0 ms"))
    book.add(outcome(10_000_000, "5.0 ms", met=False))
    report.write(book)
    text = place.read_text("utf-8")
    assert "| slowest panel | PostgreSQL, 10M | ≤ 50 ms | 5.0 ms | **no** |  |" in text
    assert "| slowest panel | PostgreSQL, 1M → 10M | 4.0 ms | 5.0 ms | 1.25 |" in text
    assert "Of 2 measures with a goal 1 meet it. Not met: slowest panel." in text
    assert "[Panels: PostgreSQL, 10M](#panels-postgresql-10m)" in text
    assert (
        "## Panels: PostgreSQL, 1M\nPostgreSQL, 1,000,000 rows; 2026-11-22 03:00 UTC, 3 s on 2 cores.\n\n### Inside\ntext"
        in text
    )


def test_one_suite_is_replaced_and_the_rest_stays(place):
    first = report.Book()
    first.add(outcome(1_000_000, "4.0 ms"))
    first.add(outcome(1_000_000, "9 ms", suite="lists"))
    report.write(first)
    place.write_text(place.read_text("utf-8") + "\nwritten by hand\n", "utf-8")
    again = report.read()
    again.add(outcome(1_000_000, "3.5 ms"))
    report.write(again)
    text = place.read_text("utf-8")
    assert "3.5 ms" in text
    assert "4.0 ms" not in text
    assert "9 ms" in text
    assert text.endswith("\nwritten by hand\n")


def test_a_failed_suite_is_named_with_what_it_said(place):
    book = report.Book()
    book.add(
        report.Outcome("users", "SQLite", 20_000, 1.0, "now", "2 cores", None, "ended with code 1: no | such")
    )
    report.write(book)
    assert "| users | SQLite, 20k | now | ended with code 1: no / such |" in place.read_text("utf-8")


def test_the_plan_compilers_section_survives_the_first_run(place):
    place.write_text(
        "# Benchmarks\nold\n\n<!-- plans: written by make bench-plans -->\n## Plan compiler\n", "utf-8"
    )
    report.write(report.Book())
    text = place.read_text("utf-8")
    assert text.startswith("# Benchmarks\n\n<!-- suites: written by make bench -->")
    assert text.endswith("<!-- plans: written by make bench-plans -->\n## Plan compiler\n")
    assert "old" not in text

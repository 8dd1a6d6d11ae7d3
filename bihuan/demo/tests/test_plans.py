"""Plans that stay current, and the terminal's table of logins."""

import datetime as dt

import pytest

from bihuan.demo.cast import LOGINS, PASSWORD, logins_text
from bihuan.demo.plan_documents import chemicals_text, dated, gas_text
from bihuan.plans import compile_plan

TEXT = "云安委〔2026〕7号\n2026年7月24日\n集中攻坚阶段（2026年8月1日至11月30日）。每月25日前报送，12月31日前建档。"


def test_the_month_of_writing_changes_nothing():
    assert dated(TEXT, dt.date(2026, 11, 3)) == TEXT


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (
            dt.date(2026, 12, 1),
            "云安委〔2026〕7号\n2026年8月24日\n集中攻坚阶段（2026年9月1日至12月31日）。每月25日前报送，2027年1月31日前建档。",
        ),
        (
            dt.date(2027, 2, 10),
            "云安委〔2026〕7号\n2026年10月24日\n集中攻坚阶段（2026年11月1日至2027年2月28日）。每月25日前报送，3月31日前建档。",
        ),
        (
            dt.date(2027, 11, 10),
            "云安委〔2027〕7号\n2027年7月24日\n集中攻坚阶段（2027年8月1日至11月30日）。每月25日前报送，12月31日前建档。",
        ),
    ],
)
def test_dates_move_by_whole_months(today, expected):
    assert dated(TEXT, today) == expected


def test_a_moved_plan_still_compiles_to_the_same_tasks():
    written = compile_plan(chemicals_text().encode(), "方案.txt")
    moved = compile_plan(chemicals_text(dt.date(2027, 4, 15)).encode(), "方案.txt")
    assert [task.heading for task in moved.tasks] == [task.heading for task in written.tasks]
    assert moved.phases[0].start == dt.date(2027, 2, 15)
    assert gas_text(dt.date(2026, 11, 30)) == gas_text()


def test_the_terminal_names_every_login_and_the_password():
    text = logins_text()
    assert PASSWORD in text
    assert all(login in text for _, login, _ in LOGINS)

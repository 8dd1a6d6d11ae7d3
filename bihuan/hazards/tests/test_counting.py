"""Figures counted again from the ledger equal those kept by the acts, whatever lives hazards led."""

import datetime as dt
import threading

import pytest
from django.core.management import call_command
from django.utils import timezone

from bihuan.core.tests.together import at_once
from bihuan.hazards import actions
from bihuan.hazards.models import HazardTransition
from bihuan.hazards.tests.factories import make_accepting, make_closed, make_hazard, make_submitted
from bihuan.tally.actions import fold, fold_all
from bihuan.tally.models import Cell, Delta, Mark
from bihuan.tally.queries import totals
from bihuan.tally.rebuild import rebuild, rebuild_if_stale, verify

DAY = dt.timedelta(days=1)


@pytest.fixture
def lives(world):
    """Found late, handed in, sent back, closed, reopened, made major, given more time, dismissed."""
    today, people = timezone.localdate(), world.people
    make_closed(world, found_on=today - 30 * DAY)
    make_submitted(world, found_on=today - 3 * DAY)
    back = make_submitted(world)
    actions.reinspect(back, passed=False, reason_type="photo_mismatch", by=people.inspector2)
    actions.reopen(make_closed(world), reason="又堆放了", by=people.qingshi_leader)
    actions.grade_major(make_hazard(world, found_on=today - DAY), reason="燃气泄漏", by=people.housing)
    make_accepting(world)
    tip = make_hazard(world, source="tip", by=people.qingshi_officer)
    actions.dismiss(tip, reason="查无此事", by=people.office)


@pytest.mark.parametrize("folded", ["pending", "half", "folded"])
def test_nothing_differs(lives, folded):
    {"pending": lambda: None, "half": lambda: fold(limit=4), "folded": fold_all}[folded]()
    report = verify()
    assert (report.count, report.differences) == (0, [])
    assert report.cells > 50


def test_a_changed_cell_is_named_and_put_right(lives):
    fold_all()
    Cell.objects.filter(span="all", region="5397", grain=11).update(found=99)
    report = verify()
    assert report.count == 1
    [difference] = report.differences
    assert (difference.region, difference.span, difference.metrics) == ("5397", "all", {"found": (6, 99)})
    assert rebuild() == 1
    assert verify().is_clean
    assert totals(on=timezone.localdate(), region="5397").found == 6  # the tip was none


def test_everything_can_be_counted_from_nothing(lives):
    fold_all()
    before = {
        tuple(row)
        for row in Cell.objects.filter(found__gt=0).values_list("grain", "span", "region", "found", "closed")
    }
    Cell.objects.all().delete()
    rebuild()
    assert verify().is_clean
    after = {
        tuple(row)
        for row in Cell.objects.filter(found__gt=0).values_list("grain", "span", "region", "found", "closed")
    }
    assert before == after


def test_a_line_changed_behind_its_back_shows(lives):
    fold_all()
    HazardTransition.objects.filter(to_status="closed").update(counted_on=timezone.localdate() - 5 * DAY)
    assert not verify().is_clean


def test_pending_deltas_that_were_lost_show(lives):
    Delta.objects.all().delete()
    assert not verify().is_clean
    rebuild()
    assert verify().is_clean


@pytest.mark.django_db(transaction=True)
def test_counting_again_while_people_write_and_the_folder_runs(world):
    """Damaged cells, writers, a folder and a rebuild at once: exact afterwards, nobody had to stop."""
    make_closed(world)
    fold_all()
    Cell.objects.filter(span="all").update(found=99)
    done = threading.Event()

    def act(number):
        if number == 0:
            while not done.is_set():
                fold(limit=5)
            return 0
        if number == 1:
            try:
                return rebuild() + rebuild()
            finally:
                done.set()
        return [make_hazard(world, description=f"第{number}人第{turn}项").pk for turn in range(4)]

    results = at_once(act, 4)
    assert [error for _, error in results] == [None] * 4
    assert results[1][0] > 0
    fold_all()
    assert verify().is_clean
    assert totals(on=timezone.localdate(), region="5397").found == 9


def test_the_command_names_what_differs_in_words(lives, capsys):
    fold_all()
    call_command("tally", "verify", "--quiet")
    assert "与台账和检查记录相符" in capsys.readouterr().out
    Cell.objects.filter(span="all", region="539702", grain=12).update(closed=8)
    with pytest.raises(SystemExit):
        call_command("tally", "verify", "--quiet")
    assert "，累计：整改应为 1，现为 8" in capsys.readouterr().out
    call_command("tally", "rebuild", "--quiet")
    assert "补正 1 个统计单元" in capsys.readouterr().out
    call_command("tally", "verify", "--quiet")


def test_every_way_of_migrating_ends_with_right_figures(lives):
    fold_all()
    Cell.objects.all().delete()
    Mark.objects.update(is_stale=True)
    call_command("migrate", "tally", "0003", verbosity=0)
    assert verify().is_clean
    assert not Mark.objects.get().is_stale


def test_an_upgrade_counts_again_once(lives):
    fold_all()
    Cell.objects.all().delete()
    assert not rebuild_if_stale()
    Mark.objects.update(is_stale=True)
    assert rebuild_if_stale()
    assert not rebuild_if_stale()
    assert verify().is_clean

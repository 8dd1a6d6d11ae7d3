import datetime as dt

import pytest
from django.utils import timezone

from bihuan.archive.writing import run
from bihuan.hazards import actions
from bihuan.hazards.tests.factories import make_accepting, make_closed, make_hazard, make_submitted

DAY = dt.timedelta(days=1)


@pytest.fixture
def archive_dir(settings, tmp_path):
    """An archive of its own for every test."""
    settings.ARCHIVE_DIR = tmp_path / "archive"
    return settings.ARCHIVE_DIR


@pytest.fixture
def lives(world):
    """Six hazards of the noodle shop: running, overdue, sent back, closed late, reopened, major."""
    today = timezone.localdate()
    make_hazard(world, description="通道堆物", due_on=today + 7 * DAY)
    make_hazard(world, description="软管老化", found_on=today - 20 * DAY, due_on=today - 5 * DAY)
    back = make_submitted(world, description="报警器失效", found_on=today - 9 * DAY)
    actions.reinspect(
        back, passed=False, reason_type="photo_mismatch", text="仍未接通", by=world.people.qingshi_officer
    )
    make_closed(world, description="阀门锈蚀", found_on=today - 12 * DAY, due_on=today - 4 * DAY)
    again = make_closed(world, description="气瓶间堆物", found_on=today - 2 * DAY)
    actions.reopen(again, reason="又堆放了", by=world.people.office)
    make_accepting(world, description="占压管道")
    return world


@pytest.fixture
def tomorrow():
    """Two days on, when everything of today is more than a day old."""
    return timezone.now() + 2 * DAY


@pytest.fixture
def archived(lives, archive_dir, tomorrow):
    run(tomorrow)
    return lives

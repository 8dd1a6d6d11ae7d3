"""The list in force, an office's own rows, and what the ledger proposes until a person decides."""

from __future__ import annotations

import datetime as dt
import unittest.mock

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import given as sampled
from hypothesis import strategies as st

from bihuan.core.errors import ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards.tests.factories import make_hazard, make_major
from bihuan.rules.calendar import Calendar
from bihuan.rules.records import is_in_force
from bihuan.submissions import actions
from bihuan.submissions.matters import EITHER, LEVELS, matter_for, matters_for, shipped
from bihuan.submissions.owing import open_matters
from bihuan.submissions.suggesting import suggestions
from bihuan.submissions.workflow import Form

from .factories import given, today


def row_of(world, **changes):
    values = {
        "organization": world.organizations.office, "name": "重点场所停业整顿", "form": "request", "days": 2,
        "unit": "working", "event": "拟作出决定之日", "level": "upper", "document": "云安办〔2026〕3号",
        "effective_from": today(), "by": world.people.office,
    }  # fmt: skip
    return actions.set_matter(**(values | changes))


def test_every_shipped_row_says_where_it_comes_from():
    assert len({each.key for each in shipped()}) == len(shipped())
    for each in shipped():
        assert each.source
        assert each.verified is False
        assert each.form in {*Form.values, EITHER}
        assert each.level in LEVELS
        assert is_in_force(each, dt.date(2026, 11, 23))


@sampled(st.sampled_from(shipped()), st.dates(dt.date(2024, 1, 1), dt.date(2026, 12, 1)))
def test_a_limit_never_lies_before_its_event(matter, start):
    with unittest.mock.patch("bihuan.duties.clock.calendar", return_value=Calendar({}, published_years=[])):
        found = matter.due(start)
    assert found.due_on >= start
    assert found.explanation["event"] == matter.event


def test_an_office_adds_replaces_and_takes_off(world):
    street = world.organizations.qingshi
    row_of(world)
    assert "重点场所停业整顿" in [each.name for each in matters_for(street, today())]
    row_of(world, key="funds", name="专项资金安排", days=8)
    assert matter_for("funds", street, today()).days == 8
    assert matter_for("funds", street, today() - dt.timedelta(days=1)).days == 5
    row_of(world, key="mass_risk", name="群体性风险", form="situation", is_dropped=True)
    assert matter_for("mass_risk", street, today()) is None
    # What the county sets counts for the county and below, before the city's.
    row_of(
        world, key="funds", name="专项资金安排", days=1, organization=world.organizations.county_office,
        by=world.people.county_office,
    )  # fmt: skip
    assert matter_for("funds", street, today()).days == 1
    assert matter_for("funds", world.organizations.housing, today()).days == 8
    assert matters_for(street, today())[-1].key == "other"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "名称"), ({"form": "letter"}, "请示还是报告"), ({"days": 400}, "365"), ({"document": ""}, "依据"),
        ({"effective_to": dt.date(2020, 1, 1)}, "早于"), ({"key": "nothing"}, "没有这一项"),
        ({"form": "situation", "ask": "妥否，请批示。"}, "妥否"),
        ({"key": "other", "is_dropped": True}, "要保留"),
    ],
)  # fmt: skip
def test_what_a_row_may_not_be(world, changes, words):
    with pytest.raises(Refused, match=words):
        row_of(world, **changes)


def test_only_an_office_keeps_the_list(world):
    with pytest.raises(PermissionDenied):
        row_of(world, organization=world.organizations.housing, by=world.people.housing)
    with pytest.raises(PermissionDenied):
        row_of(world, by=world.people.county_office)


def test_a_major_hazard_is_proposed_until_it_is_asked(world):
    make_hazard(world)
    hazard = make_major(world, description="彩钢棚压在燃气管道上")
    officer, street = world.people.qingshi_officer, world.organizations.qingshi
    found = suggestions(officer, street, on=today())
    assert [(each.matter.key, each.facts.subject) for each in found] == [
        ("major_listing", f"hazards.hazard:{hazard.pk}")
    ]
    facts = found[0].facts
    assert "好味来面馆" in facts.situation
    assert "彩钢棚压在燃气管道上" in facts.situation
    assert "subject=hazards.hazard" in found[0].draft_url
    assert suggestions(world.people.outsider, world.organizations.baita, on=today()) == []
    row = actions.draft_submission(
        given(
            world, matter="major_listing", addressee=world.organizations.county_office, subject=facts.subject,
            subject_words=facts.words,
        ),
        organization=street, by=officer,
    )  # fmt: skip
    assert suggestions(officer, street, on=today()) == []
    actions.discard_draft(row, reason="先不报", by=officer)
    assert len(suggestions(officer, street, on=today())) == 1


def test_set_aside_by_a_person_with_a_reason_once(world):
    hazard = make_major(world)
    officer, street = world.people.qingshi_officer, world.organizations.qingshi
    given_ = {"matter": "major_listing", "subject": f"hazards.hazard:{hazard.pk}"}
    with pytest.raises(ReasonRequired):
        actions.set_aside(**given_, reason=" ", organization=street, by=officer)
    actions.set_aside(**given_, reason="已由住建局上报", organization=street, by=officer)
    assert suggestions(officer, street, on=today()) == []
    with pytest.raises(Refused, match="已经有人"):
        actions.set_aside(**given_, reason="再来", organization=street, by=officer)
    with pytest.raises(PermissionDenied):
        actions.set_aside(**given_, reason="别的单位", organization=world.organizations.baita, by=officer)


def matters(status: str = "open"):
    return Duty.objects.filter(kind="important_matter", status=status)


def begun(world):
    """The street hands papers up: from now on it owes what the list says."""
    return actions.draft_submission(
        given(world, addressee=world.organizations.county_office), organization=world.organizations.qingshi,
        by=world.people.qingshi_officer,
    )  # fmt: skip


def test_what_falls_under_the_list_is_owed_once_with_its_clock(world):
    hazard = make_major(world)
    officer, street = world.people.qingshi_officer, world.organizations.qingshi
    assert open_matters(timezone.now()) == 0  # nobody there hands anything up yet
    begun(world)
    assert open_matters(timezone.now()) == 1
    assert open_matters(timezone.now()) == 0
    duty = matters().get()
    due = suggestions(officer, street, on=today())[0].due
    assert (duty.organization, duty.post, duty.due_on) == (street, world.posts["qingshi_officer"], due.due_on)
    assert duty.clock == due.explanation
    assert duty.subject == f"hazards.hazard:{hazard.pk}"
    assert "应请示：重大隐患挂牌督办" in duty.title
    assert "matter=major_listing" in duty.url


def test_a_draft_reports_nothing_the_signature_does(world):
    hazard = make_major(world)
    people, street = world.people, world.organizations.qingshi
    begun(world)
    open_matters(timezone.now())
    row = actions.draft_submission(
        given(
            world, matter="major_listing", addressee=world.organizations.county_office,
            subject=f"hazards.hazard:{hazard.pk}",
        ),
        organization=street, by=people.qingshi_officer,
    )  # fmt: skip
    open_matters(timezone.now())
    assert matters().count() == 1
    actions.submit_submission(row, by=people.qingshi_officer)
    row.refresh_from_db()
    actions.sign_submission(row, revision=row.revision, by=people.qingshi_leader)
    assert (matters().count(), matters("done").count()) == (0, 1)
    assert open_matters(timezone.now()) == 0
    # Taken back, it is not reported after all, and owed anew however late.
    row.refresh_from_db()
    actions.withdraw(row, reason="情况有变", by=people.qingshi_leader)
    late = timezone.make_aware(dt.datetime.combine(today() + dt.timedelta(days=40), dt.time(9)))
    with time_machine.travel(late, tick=False):
        assert open_matters(timezone.now()) == 1
    assert matters().get().due_on < timezone.localdate(late)


def test_set_aside_or_no_longer_under_the_list_it_is_not_owed(world):
    first, second = make_major(world), make_major(world, description="调压箱旁堆放杂物")
    officer, street = world.people.qingshi_officer, world.organizations.qingshi
    begun(world)
    assert open_matters(timezone.now()) == 2
    actions.set_aside(
        "major_listing",
        f"hazards.hazard:{first.pk}",
        reason="已由住建局上报",
        organization=street,
        by=officer,
    )
    assert [duty.subject for duty in matters()] == [f"hazards.hazard:{second.pk}"]
    type(second).objects.filter(pk=second.pk).update(is_supervised=True)
    assert open_matters(timezone.now()) == 1
    assert (matters().count(), matters("cancelled").count()) == (0, 2)
    assert open_matters(timezone.now()) == 0


def test_what_was_long_late_before_the_list_was_used_is_proposed_but_not_owed(world):
    make_major(world)
    begun(world)
    late = timezone.make_aware(dt.datetime.combine(today() + dt.timedelta(days=40), dt.time(9)))
    with time_machine.travel(late, tick=False):
        assert (
            len(
                suggestions(
                    world.people.qingshi_officer, world.organizations.qingshi, on=timezone.localdate()
                )
            )
            == 1
        )
        assert open_matters(timezone.now()) == 0


def test_whoever_opens_it_again_finds_the_paper_that_was_begun(client, world):
    hazard = make_major(world)
    officer, street = world.people.qingshi_officer, world.organizations.qingshi
    client.force_login(officer)
    url = suggestions(officer, street, on=today())[0].draft_url
    assert client.get(url).status_code == 200
    row = actions.draft_submission(
        given(
            world, matter="major_listing", addressee=world.organizations.county_office,
            subject=f"hazards.hazard:{hazard.pk}",
        ),
        organization=street, by=officer,
    )  # fmt: skip
    assert client.get(url)["Location"] == row.get_absolute_url()

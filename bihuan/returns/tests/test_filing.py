"""Filing: what is counted, what is frozen, what is shown when the ledger changes afterwards."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import IllegalMove, Overtaken, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major, make_submitted
from bihuan.returns import actions
from bihuan.returns.counting import fill
from bihuan.returns.figures import by_code, figures_of, rows_behind
from bihuan.returns.models import Return
from bihuan.returns.workflow import Status

from .factories import make_period, return_of

pytestmark = pytest.mark.django_db
SEPTEMBER = dt.datetime(2026, 9, 10, 10, tzinfo=dt.timezone(dt.timedelta(hours=8)))
OCTOBER = dt.datetime(2026, 10, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))
LATER = dt.datetime(2027, 10, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def september(world):
    """Three hazards of September in Qingshi street: one closed, one major, one running; one more in October."""
    with time_machine.travel(SEPTEMBER, tick=False):
        closed = make_closed(world)
        major = make_major(world)
        running = make_hazard(world, due_on=dt.date(2026, 9, 20))
    with time_machine.travel(OCTOBER, tick=False):
        make_hazard(world)
        period = make_period(world, dt.date(2026, 9, 1))
        yield period, closed, major, running


def sign(world, period, **more):
    record = return_of(period, world.organizations.qingshi)
    return actions.sign_return(record, by=world.people.qingshi_officer, **more)


def test_everybody_who_owes_it_gets_a_return_a_duty_and_a_clock(world, september):
    period = september[0]
    owed = {record.organization.short_name for record in period.returns.select_related("organization")}
    assert owed == {"青石街道", "白塔镇", "河沿镇", "市住建局", "市市场监管局"}
    duties = Duty.objects.open().filter(kind=Duty.Kind.RETURN)
    assert duties.count() == 5
    # Five working days after 30 September 2026: 1-7 October are holidays, 10 October (Saturday) is worked.
    assert {duty.due_on for duty in duties} == {dt.date(2026, 10, 13)}
    assert "工作日" in period.clock["source"] or period.clock["unit"] == "working"
    unheld = Duty.objects.unheld(on=timezone.localdate()).filter(kind=Duty.Kind.RETURN)
    assert {duty.organization.short_name for duty in unheld} == {"河沿镇"}  # nobody sits there: shown in red


def test_the_same_period_is_opened_once(world, september):
    period = september[0]
    with pytest.raises(IllegalMove):
        actions.open_period(period.definition, period.span, by=world.people.robot)
    assert actions.open_due(timezone.now()) == 0


def test_figures_of_the_period(world, september):
    record = return_of(september[0], world.organizations.qingshi)
    sheet = figures_of(record)
    values = {figure.item.key: figure.value for figure in sheet.figures()}
    assert values == {
        "found": 3, "major": 1, "closed": 1, "open": 2, "overdue": 1, "visits": 0, "rate": Decimal("33.3"), "trained": None,
    }  # fmt: skip
    housing = figures_of(return_of(september[0], world.organizations.housing))
    assert housing.whole("found").value == 3  # the shop belongs to housing
    assert figures_of(return_of(september[0], world.organizations.baita)).whole("found").value == 0


def test_signing_freezes_and_finishes_the_duty(world, september):
    period = september[0]
    filing = sign(world, period)
    record = return_of(period, world.organizations.qingshi)
    assert (record.status, record.current, record.filings_count, record.is_late) == (
        Status.SIGNED,
        filing,
        1,
        False,
    )
    assert not Duty.objects.open().filter(subject=f"returns.return:{record.pk}").exists()
    with pytest.raises(IllegalMove):
        sign(world, period)
    assert figures_of(record).whole("found").value == 3


def test_zero_is_signed_and_silence_is_not_zero(world, september):
    record = return_of(september[0], world.organizations.baita)
    with pytest.raises(actions.Incomplete, match="零报告"):
        actions.sign_return(record, by=world.people.baita_leader)
    filing = actions.sign_return(record, by=world.people.baita_leader, zero=True)
    assert filing.is_zero


def test_a_wrong_person_is_refused(world, september):
    record = return_of(september[0], world.organizations.qingshi)
    for login in ("outsider", "office", "housing", "inspector", "sysadmin"):
        with pytest.raises(PermissionDenied):
            actions.sign_return(record, by=getattr(world.people, login))


def test_nothing_is_signed_before_the_period_is_over(world):
    with time_machine.travel(SEPTEMBER, tick=False):
        period = make_period(world, dt.date(2026, 9, 1))
        with pytest.raises(Refused, match="期满"):
            sign(world, period, zero=True)


def test_later_changes_are_restatements_and_the_signed_text_stays(world, september):
    period, closed, _, running = september
    filing = sign(world, period)
    body, cutoff = filing.body, filing.cutoff
    # A visit of September recorded late, and a hazard closed since: only the first changes September.
    with time_machine.travel(OCTOBER + dt.timedelta(days=3), tick=False):
        make_hazard(world, found_on=dt.date(2026, 9, 29))
        hazards.submit_rectification(running, text="已更换软管", by=world.people.shop)
        hazards.reopen(closed, reason="又连通了", by=world.people.office)
    with time_machine.travel(LATER, tick=False):
        record = return_of(period, world.organizations.qingshi)
        filing = record.current
        filing.refresh_from_db()
        assert filing.body == body
        sheet = figures_of(record)
        # Counted again as of the moment of signing, the lines give the very figures that were signed.
        again = fill(sheet.filling, moment=cutoff, rows=sheet.rows).cells
        assert {cell: sheet.cells[cell] for cell in again} == again
        found = {each.figure.item.key: (each.then, each.now) for each in actions.differences(sheet)}
        assert found == {"found": (3, 4), "open": (2, 3)}
        actions.check_filing(record, filing, at=timezone.now())
        record.refresh_from_db()
        assert record.is_restated
        assert {each.label for each in filing.restatements.all()} == {"查出隐患", "期末未整改"}
        # Checking again writes nothing new.
        actions.check_filing(record, filing, at=timezone.now())
        assert filing.restatements.count() == 2


def test_the_rows_behind_a_figure_are_those_of_the_moment(world, september):
    period, closed, major, running = september
    sign(world, period)
    with time_machine.travel(OCTOBER + dt.timedelta(days=3), tick=False):
        late = make_hazard(world, found_on=dt.date(2026, 9, 29))
        sheet = figures_of(return_of(period, world.organizations.qingshi))
        office = world.people.office
        for key, expected in {
            "found": {closed, major, running}, "major": {major}, "closed": {closed}, "open": {major, running},
            "overdue": {running},
        }.items():  # fmt: skip
            behind = rows_behind(sheet, sheet.whole(key))
            assert set(behind.rows.seen_by(office)) == expected, key
        now = rows_behind(sheet, sheet.whole("found"), moment=timezone.now())
        assert late in set(now.rows.seen_by(office))
        rate = rows_behind(sheet, sheet.whole("rate"))
        assert rate.rows is None
        assert [figure.item.key for figure in rate.operands] == ["closed", "found"]
        assert rows_behind(sheet, sheet.whole("found")).rows.seen_by(world.people.outsider).count() == 0


def test_a_dismissal_takes_away_in_its_own_period(world):
    with time_machine.travel(SEPTEMBER, tick=False):
        reported = hazards.record_hazard(
            enterprise=world.enterprises.shop, source="tip", description="闻到气味", found_on=timezone.localdate(),
            by=world.people.inspector, found_organization=world.organizations.qingshi,
        )  # fmt: skip
    with time_machine.travel(OCTOBER, tick=False):
        hazards.dismiss(reported, reason="没有泄漏", by=world.people.qingshi_officer)
    with time_machine.travel(OCTOBER + dt.timedelta(days=31), tick=False):
        period = make_period(world, dt.date(2026, 10, 1))
        record = return_of(period, world.organizations.qingshi)
        sheet = figures_of(record)
        assert sheet.whole("found").value == -1
        rows = rows_behind(sheet, sheet.whole("found")).rows
        assert [(row.pk, rows.amount(row)) for row in rows.queryset] == [(reported.pk, Decimal(-1))]


def test_sending_back_needs_a_reason_and_the_correction_another(world, september):
    period = september[0]
    first = sign(world, period)
    record = return_of(period, world.organizations.qingshi)
    with pytest.raises(ReasonRequired):
        actions.send_back(record, "", {}, by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.send_back(record, "数不对", {}, by=world.people.county_office)
    actions.send_back(record, "", {"|found": "少报一项"}, by=world.people.office)
    record = return_of(period, world.organizations.qingshi)
    assert record.status == Status.SENT_BACK
    assert record.sent_back_count == 1
    duty = Duty.objects.open().get(kind=Duty.Kind.RETURN_CORRECTION)
    assert duty.organization == world.organizations.qingshi
    assert duty.clock["days"] == 2
    assert first.points.get().text == "少报一项"
    with pytest.raises(ReasonRequired):
        sign(world, period)
    second = sign(world, period, reason="补登一条")
    assert (second.number, second.reason) == (2, "补登一条")
    first.refresh_from_db()
    assert first.body
    assert not Duty.objects.open().filter(kind=Duty.Kind.RETURN_CORRECTION).exists()


def test_withdraw_accept_unlock_and_lock_again(world, september):
    period = september[0]
    sign(world, period)
    record = return_of(period, world.organizations.qingshi)
    actions.withdraw(record, "填错了培训人次", by=world.people.qingshi_officer)
    sign(world, period, reason="改正")
    record = return_of(period, world.organizations.qingshi)
    actions.accept(record, by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.withdraw(record, "再改", by=world.people.qingshi_officer)
    with pytest.raises(ReasonRequired):
        actions.unlock(record, " ", by=world.people.office)
    actions.unlock(record, "发现漏报", by=world.people.office)
    assert record.status == Status.UNLOCKED
    actions.relock(record, "核对后没有漏报", by=world.people.office)
    record = return_of(period, world.organizations.qingshi)
    assert record.status == Status.ACCEPTED
    assert record.filings_count == 2
    assert [line.move for line in record.transitions.all()] == [
        "open", "sign", "withdraw", "amend", "accept", "unlock", "relock",
    ]  # fmt: skip


def test_late_is_late_and_the_due_day_is_not(world, september):
    period = september[0]
    due = dt.datetime(2026, 10, 13, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    with time_machine.travel(due, tick=False):
        assert not sign(world, period).is_late
    with time_machine.travel(due + dt.timedelta(minutes=2), tick=False):
        record = return_of(period, world.organizations.baita)
        assert actions.sign_return(record, by=world.people.baita_leader, zero=True).is_late


def test_manual_figures_words_and_checks(world, september):
    period = september[0]
    record = return_of(period, world.organizations.qingshi)
    with pytest.raises(actions.BadFigure, match="不是数"):
        actions.save_draft(record, {"trained": "十二"}, "", {}, by=world.people.qingshi_officer)
    with pytest.raises(actions.BadFigure, match="整数"):
        actions.save_draft(record, {"trained": "1.5"}, "", {}, by=world.people.qingshi_officer)
    actions.save_draft(record, {"trained": "１，200"}, "本月组织培训", {}, by=world.people.qingshi_officer)
    sign(world, period)
    sheet = figures_of(return_of(period, world.organizations.qingshi))
    assert sheet.whole("trained").value == 1200
    assert sheet.words == "本月组织培训"
    record = return_of(period, world.organizations.qingshi)
    with pytest.raises(IllegalMove):
        actions.save_draft(record, {}, "", {}, by=world.people.qingshi_officer)


def test_compared_with_what_was_signed_before(world, september):
    period = september[0]
    sign(world, period)
    with time_machine.travel(OCTOBER + dt.timedelta(days=31), tick=False):
        make_hazard(world, found_on=dt.date(2026, 9, 29))
        assert actions.open_due(timezone.now()) == 1
        october = period.definition.periods.get(first=dt.date(2026, 10, 1))
        sheet = figures_of(return_of(october, world.organizations.qingshi))
        found = sheet.whole("found")
        assert (found.value, found.previous, sheet.before.source) == (1, 3, "signed")
        assert found.against_previous.words == "减少2项"
        assert sheet.year_ago.source == "ledger"
        assert found.against_last_year.words == "增加1项"


def test_a_short_address_opens_the_signed_figure_for_those_who_may(world, september):
    period = september[0]
    sign(world, period)
    sheet = figures_of(return_of(period, world.organizations.qingshi))
    code = sheet.whole("closed").code
    found = by_code(code, world.people.office)
    assert found is not None
    assert found[1].item.key == "closed"
    assert found[1].value == 1
    assert by_code(code, world.people.outsider) is None
    for wrong in ("", "x", code + "9", code.split("-")[0], f"{code.split('-')[0]}-9999", "a" * 300 + "-1"):
        assert by_code(wrong, world.people.office) is None


def test_urging_reaches_whoever_holds_the_chair_once_a_day(
    world, september, django_capture_on_commit_callbacks
):
    period = september[0]
    records = list(Return.objects.filter(period=period).select_related("organization"))
    with django_capture_on_commit_callbacks(execute=True):
        assert len(actions.urge(records, by=world.people.office)) == 5
    assert not actions.urge(records, by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.urge(records, by=world.people.housing)


def test_submitted_but_not_closed_is_open(world):
    with time_machine.travel(SEPTEMBER, tick=False):
        make_submitted(world)
    with time_machine.travel(OCTOBER, tick=False):
        record = return_of(make_period(world, dt.date(2026, 9, 1)), world.organizations.qingshi)
        sheet = figures_of(record)
        assert sheet.whole("open").value == 1
        assert sheet.whole("closed").value == 0


def test_late_twice_in_a_row_is_told_to_those_who_press(world):
    from bihuan.instruments.sources import source_of

    with time_machine.travel(OCTOBER, tick=False):
        period = make_period(world, dt.date(2026, 8, 1))
        actions.open_due(timezone.now())
    with time_machine.travel(OCTOBER + dt.timedelta(days=40), tick=False):
        source = source_of("returns.late_twice")
        region = world.city.code
        found = list(source.find(source.clean({}), region, dt.date(2026, 10, 1), timezone.localdate()))
        # August's cut-off was a month ago, September's on 13 October: known on the morning of the 14th.
        first = [each for each in found if each.on == dt.date(2026, 10, 14)]
        assert {each.organization_id for each in first} == set(
            period.returns.values_list("organization_id", flat=True)
        )
        assert all(len(each.behind()) == 2 for each in first)
        # What the round of a day earlier would have found: nothing.
        assert not list(source.find(source.clean({}), region, dt.date(2026, 10, 1), dt.date(2026, 10, 13)))


def test_words_that_do_not_fit_the_figures_are_told_to_both_sides_and_stop_nobody(world, september, client):
    period = september[0]
    record = return_of(period, world.organizations.qingshi)
    words = "辖区查出隐患5项，其中一般3项、重大1项，共5项。"
    actions.save_draft(record, {}, words, {}, by=world.people.qingshi_officer)
    client.force_login(world.people.qingshi_officer)
    with time_machine.travel(OCTOBER, tick=False):
        text = client.get(record.get_absolute_url()).content.decode()
        assert "文字说明与数字对不上" in text
        assert "文中写查出隐患5项，所附数表为3项。" in text
        assert "请先核对再签字" in text
        sign(world, period)
    client.force_login(world.people.office)
    text = client.get(record.get_absolute_url()).content.decode()
    assert "所附数表为3项" in text
    assert "可以退回请其更正" in text


def test_words_that_fit_the_figures_raise_no_doubt(world, september, client):
    record = return_of(september[0], world.organizations.qingshi)
    actions.save_draft(record, {}, "辖区查出隐患3项，整改销号1项。", {}, by=world.people.qingshi_officer)
    client.force_login(world.people.qingshi_officer)
    assert "文字说明与数字对不上" not in client.get(record.get_absolute_url()).content.decode()


# --- two who fill in at once ---------------------------------------------------------------------


def test_the_second_writer_is_shown_what_the_first_one_wrote_and_keeps_his_own(world, september, client):
    record = return_of(september[0], world.organizations.qingshi)
    client.force_login(world.people.qingshi_officer)
    opened = client.get(record.get_absolute_url()).content.decode()
    assert 'name="revision" value="0"' in opened
    mine = Return.objects.get(pk=record.pk)
    actions.save_draft(mine, {"trained": "30"}, "本月培训三十人次", {}, by=world.people.qingshi_leader)
    sent = {"revision": "0", "figure.trained": "12", "words": "本月培训十二人次"}
    answer = client.post(reverse("returns:save", args=[record.pk]), sent)
    assert answer.status_code == 409
    page = answer.content.decode()
    for words in (world.people.qingshi_leader.full_name, "本月培训三十人次", "您写的没有丢"):
        assert words in page
    assert ">本月培训十二人次</textarea>" in page
    assert 'name="figure.trained" inputmode="decimal" autocomplete="off" value="12"' in page
    record.refresh_from_db()
    assert record.draft["words"] == "本月培训三十人次"
    # Having seen it, he may decide that his words are the right ones.
    assert 'name="revision" value="1"' in page
    client.post(reverse("returns:save", args=[record.pk]), sent | {"revision": "1"})
    record.refresh_from_db()
    assert (record.draft["words"], record.draft_revision) == ("本月培训十二人次", 2)


def test_the_same_words_sent_twice_are_one_saving(world, september):
    record = return_of(september[0], world.organizations.qingshi)
    twice = Return.objects.get(pk=record.pk)
    for each in (record, twice):
        actions.save_draft(each, {"trained": "5"}, "培训五人次", {}, by=world.people.qingshi_officer)
    twice.refresh_from_db()
    assert twice.draft_revision == 1


def test_what_could_not_be_read_stays_in_the_form(world, september, client):
    record = return_of(september[0], world.organizations.qingshi)
    client.force_login(world.people.qingshi_officer)
    answer = client.post(
        reverse("returns:save", args=[record.pk]),
        {"revision": "0", "figure.trained": "十二", "words": "写了很久的话"},
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="十二"' in page
    assert ">写了很久的话</textarea>" in page


def test_nothing_is_signed_over_words_saved_meanwhile(world, september):
    record = return_of(september[0], world.organizations.qingshi)
    other = Return.objects.get(pk=record.pk)
    actions.save_draft(other, {"trained": "5"}, "培训五人次", {}, by=world.people.qingshi_leader)
    with pytest.raises(Overtaken):
        actions.sign_return(record, by=world.people.qingshi_officer)


def test_words_that_do_not_fit_are_named_in_the_sheet_of_the_period_and_left_out_of_the_bulk(
    world, september, client
):
    period = september[0]
    record = return_of(period, world.organizations.qingshi)
    actions.save_draft(record, {}, "辖区查出隐患99项，整改销号1项。", {}, by=world.people.qingshi_officer)
    sign(world, period)
    client.force_login(world.people.office)
    page = client.get(period.get_absolute_url()).content.decode()
    assert "文字说明与数字对不上：1 个单位" in page
    assert f"{record.get_absolute_url()}#doubts" in page
    answer = client.post(reverse("returns:accept", args=[period.pk]), follow=True)
    record.refresh_from_db()
    assert record.status == Status.SIGNED
    assert "青石街道（文字与数字对不上）" in answer.content.decode()
    # One by one, with the doubt before one's eyes, it may be accepted.
    actions.accept(record, by=world.people.office)
    assert record.status == Status.ACCEPTED

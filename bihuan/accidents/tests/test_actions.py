"""From the first report to the look after a year: who may, in which state, what counts since when."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from bihuan.accidents import actions, queries
from bihuan.accidents.models import Accident, AccidentFigure, AccidentForward
from bihuan.accidents.workflow import RULES, AccidentMove
from bihuan.audit.actions import chain_of
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import outcomes
from bihuan.duties.models import Duty
from bihuan.rules.accidents import Toll

from . import factories
from .factories import TOLD, ago, fresh, reported

pytestmark = pytest.mark.django_db


def owed(subject):
    return {
        (duty.kind, duty.organization.short_name)
        for duty in Duty.objects.open().filter(subject=chain_of(subject)).select_related("organization")
    }


def test_legal_moves():
    """Every move with the states it leaves, read aloud."""
    assert {move: (set(rule.sources), rule.target) for move, rule in RULES.items()} == {
        "verify": ({"reported"}, "verified"),
        "file": ({"reported", "verified", "inquiry", "settled", "assessed"}, None),
        "inquire": ({"verified", "inquiry"}, "inquiry"),
        "settle": ({"inquiry"}, "settled"),
        "assess": ({"settled"}, "assessed"),
        "dismiss": ({"reported", "verified", "inquiry"}, "dismissed"),
        "reinstate": ({"dismissed"}, "reported"),
        "correct": ({"reported", "verified", "inquiry", "settled", "assessed"}, None),
    }


def test_a_report_counts_at_once_and_is_owed_upward(world):
    accident = reported(world)
    assert (accident.status, accident.grade, accident.deaths, accident.loss) == (
        "reported",
        "general",
        1,
        Decimal("35.5"),
    )
    assert accident.locality_id == "539702001"
    assert accident.department == world.organizations.housing
    assert accident.window_ends_on == accident.occurred_on + dt.timedelta(days=30)
    assert owed(accident) == {("accident_report", "好味来面馆")}
    step = AccidentForward.objects.get()
    assert (step.organization.short_name, step.to_level) == ("区安委办", "city")
    assert step.due_at - step.received_at == dt.timedelta(hours=2)
    assert owed(step) == {("accident_report", "区安委办")}
    report = accident.reports.get()
    assert not report.is_late
    assert report.due_at - report.known_at == dt.timedelta(hours=1)
    assert accident.no_pass.count() == 4


def test_a_late_report_is_late(world):
    accident = reported(world, known_at=ago(minutes=61))
    assert accident.reports.get().is_late
    other = reported(world, by=world.people.qingshi_officer, known_at=ago(minutes=119))
    assert not other.reports.get().is_late


def test_who_may_report_what(world):
    with pytest.raises(PermissionDenied):
        reported(world, by=world.people.station)
    with pytest.raises(PermissionDenied):
        reported(world, by=world.people.inspector)
    with pytest.raises(PermissionDenied):
        reported(world, by=world.people.inspectorate)
    assert reported(world, by=world.people.qingshi_officer).reporter == world.organizations.qingshi
    assert reported(world, by=world.people.office).reporter == world.organizations.office


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"occurred_at": ago(hours=-1)}, "不能晚于现在"),
        ({"occurred_at": dt.datetime(1949, 10, 1, tzinfo=dt.UTC)}, "超出可计算范围"),
        # The day before the regulation took force: nothing grades that accident.
        ({"occurred_at": dt.datetime(2007, 5, 31, 12, tzinfo=dt.UTC)}, "早于2007-06-01.*请核对年份"),
        ({"known_at": ago(days=4)}, "早于发生时间"),
        ({"title": " "}, "事故名称"),
        ({"toll": Toll(deaths=-1)}, "不能是负数"),
    ],
)
def test_impossible_reports_are_refused(world, changes, words):
    with pytest.raises(Refused, match=words):
        reported(world, **changes)
    assert not Accident.objects.exists()


def test_a_larger_accident_goes_on_to_the_province(world):
    accident = reported(world, toll=Toll(deaths=3))
    first = accident.forwards.get()
    with pytest.raises(PermissionDenied):
        actions.send_upward(first, how="电话", by=world.people.office)
    actions.send_upward(first, how="电话报市安委办", by=world.people.county_office)
    assert not owed(first)
    assert list(accident.forwards.values_list("to_level", "organization__short_name")) == [
        ("city", "区安委办"), ("province", "市安委办"),
    ]  # fmt: skip
    with pytest.raises(IllegalMove):
        actions.send_upward(first, how="电话", by=world.people.county_office)


def test_a_death_within_the_window_counts_and_a_later_one_is_kept(world):
    accident = reported(world, occurred_at=ago(days=3), toll=Toll(deaths=2, serious=3))
    report = actions.follow_up(
        accident, known_at=ago(hours=1), as_of=timezone.localdate(), toll=Toll(deaths=3, serious=2), told=TOLD,
        by=world.people.shop,
    )  # fmt: skip
    accident = fresh(accident)
    assert report.counted
    assert (accident.deaths, accident.grade, accident.first_grade) == (
        3,
        "larger",
        "general",
    )
    assert accident.grade_changed_at is not None
    with time_machine.travel(timezone.now() + dt.timedelta(days=60), tick=True):
        late = actions.follow_up(
            accident, known_at=timezone.now(), as_of=timezone.localdate(), toll=Toll(deaths=4, serious=1), told=TOLD,
            by=world.people.shop,
        )  # fmt: skip
    assert not late.counted
    assert fresh(accident).deaths == 3
    assert accident.reports.count() == 3
    assert accident.figures.count() == 2


def test_the_window_of_roads_and_fires_is_seven_days(world):
    accident = reported(
        world, kind="road", enterprise=None, unit_name="国道路口", by=world.people.qingshi_officer
    )
    assert accident.window_ends_on == accident.occurred_on + dt.timedelta(days=7)


def test_any_past_day_can_be_reproduced(world):
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        accident = reported(world, toll=Toll(deaths=1))
    with time_machine.travel(start + dt.timedelta(days=2), tick=False):
        actions.follow_up(
            fresh(accident), known_at=timezone.now(), as_of=timezone.localdate(), toll=Toll(deaths=2), told=TOLD,
            by=world.people.shop,
        )  # fmt: skip
    with time_machine.travel(start + dt.timedelta(days=4), tick=False):
        actions.dismiss(fresh(accident), reason="认定为刑事案件", by=world.people.county_office)
    user = world.people.office

    def at(days):
        return queries.total(queries.figures(user, at=start + dt.timedelta(days=days)).counted())

    assert (at(-1).accidents, at(-1).deaths) == (0, 0)
    assert (at(1).accidents, at(1).deaths) == (1, 1)
    assert (at(3).accidents, at(3).deaths) == (1, 2)
    assert (at(5).accidents, at(5).deaths) == (0, 0)
    assert AccidentFigure.objects.filter(accident=accident, until=None).count() == 1


def test_final_follow_up_ends_the_duty(world):
    accident = reported(world)
    actions.follow_up(
        accident, known_at=timezone.now(), as_of=timezone.localdate(), toll=accident.toll, told=TOLD, is_final=True,
        by=world.people.shop,
    )  # fmt: skip
    assert not owed(accident)


def test_only_offices_verify_and_only_the_city_files(world):
    accident = reported(world)
    for person in (
        world.people.shop,
        world.people.qingshi_officer,
        world.people.housing,
        world.people.office_leader,
    ):
        with pytest.raises(PermissionDenied):
            actions.verify(accident, toll=accident.toll, as_of=timezone.localdate(), by=person)
    actions.verify(accident, toll=accident.toll, as_of=timezone.localdate(), by=world.people.county_office)
    with pytest.raises(IllegalMove):
        actions.verify(accident, toll=accident.toll, as_of=timezone.localdate(), by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.file_accident(accident, by=world.people.county_office)
    actions.file_accident(accident, by=world.people.office)
    assert fresh(accident).filed_by == world.organizations.office
    with pytest.raises(Refused, match="已经备案"):
        actions.file_accident(fresh(accident), by=world.people.office)


def test_dismissed_needs_a_reason_and_can_come_back(world):
    accident = reported(world)
    with pytest.raises(ReasonRequired):
        actions.dismiss(accident, reason=" ", by=world.people.county_office)
    actions.dismiss(accident, reason="居民自杀", by=world.people.county_office)
    assert not owed(accident)
    assert not owed(accident.forwards.get())
    with pytest.raises(IllegalMove):
        actions.verify(
            fresh(accident), toll=accident.toll, as_of=timezone.localdate(), by=world.people.county_office
        )
    actions.reinstate(fresh(accident), reason="复查认定属生产安全事故", by=world.people.county_office)
    assert fresh(accident).status == "reported"
    assert queries.total(queries.figures(world.people.office).counted()).accidents == 1


@pytest.mark.parametrize("year", [1949, 2006])
def test_a_correction_to_a_day_before_any_rule_is_refused(world, year):
    accident = reported(world)
    with pytest.raises(Refused, match="请核对年份"):
        actions.correct(
            accident, title="好味来面馆火灾", occurred_at=dt.datetime(year, 10, 1, tzinfo=dt.UTC),
            region=world.regions.baita, place="工业路", kind="gas", is_production=True, toll=Toll(deaths=1),
            as_of=timezone.localdate(), reason="更正", enterprise=world.enterprises.shop, by=world.people.county_office,
        )  # fmt: skip
    assert fresh(accident).occurred_on == accident.occurred_on
    assert accident.figures.count() == 1


def test_a_correction_moves_the_window_and_keeps_the_past(world):
    accident = reported(world)
    actions.correct(
        accident, title="好味来面馆火灾", occurred_at=accident.occurred_at, region=world.regions.baita, place="工业路",
        kind="fire_unit", is_production=True, toll=Toll(deaths=1), as_of=timezone.localdate(), reason="现场勘验更正",
        enterprise=world.enterprises.shop, by=world.people.county_office,
    )  # fmt: skip
    accident = fresh(accident)
    assert (accident.kind, accident.locality_id) == ("fire_unit", "539702101")
    assert accident.window_ends_on == accident.occurred_on + dt.timedelta(days=7)
    first, second = accident.figures.order_by("id")
    assert (first.kind, first.locality_id, first.serious) == ("gas", "539702001", 2)
    assert (second.kind, second.locality_id, second.serious) == ("fire_unit", "539702101", 0)


def test_the_report_is_due_sixty_days_after_the_accident(world):
    inquiry = factories.under_inquiry(world)
    earliest = inquiry.accident.occurred_on + dt.timedelta(days=60)
    assert earliest <= inquiry.due_on <= earliest + dt.timedelta(days=10)
    assert owed(inquiry) == {("accident_inquiry", "区安委办")}
    with pytest.raises(IllegalMove):
        actions.begin_inquiry(
            fresh(inquiry.accident), began_on=timezone.localdate(), team=[actions.TeamMember("某人", "head")],
            by=world.people.county_office,
        )  # fmt: skip


def test_a_county_may_not_inquire_into_a_larger_accident(world):
    accident = factories.verified(world, toll=Toll(deaths=3))
    team = [actions.TeamMember("某人", "head")]
    with pytest.raises(PermissionDenied):
        actions.begin_inquiry(
            accident, began_on=timezone.localdate(), team=team, by=world.people.county_office
        )
    with pytest.raises(Refused, match="设区的市级"):
        actions.begin_inquiry(
            accident, level="county", began_on=timezone.localdate(), team=team, by=world.people.county_office
        )
    assert (
        actions.begin_inquiry(
            accident, began_on=timezone.localdate(), team=team, by=world.people.office
        ).level
        == "city"
    )


def test_extension_is_at_most_sixty_days_and_examination_does_not_count(world):
    inquiry = factories.under_inquiry(world)
    by, due = world.people.county_office, inquiry.due_on
    with pytest.raises(Refused, match="60"):
        actions.extend_inquiry(inquiry, to=due + dt.timedelta(days=61), reason="案情复杂", by=by)
    with pytest.raises(ReasonRequired):
        actions.extend_inquiry(inquiry, to=due + dt.timedelta(days=30), reason="", by=by)
    actions.extend_inquiry(inquiry, to=due + dt.timedelta(days=30), reason="案情复杂", by=by)
    inquiry.refresh_from_db()
    extended = inquiry.due_on
    assert extended >= due + dt.timedelta(days=30)
    with pytest.raises(Refused, match="合计最多延长 60 日"):
        actions.extend_inquiry(inquiry, to=due + dt.timedelta(days=61), reason="再延", by=by)
    actions.pause_inquiry(inquiry, on=timezone.localdate(), reason="送检软管", by=by)
    inquiry.refresh_from_db()
    assert Duty.objects.get(subject=chain_of(inquiry), status="open").paused_since == timezone.localdate()
    with time_machine.travel(timezone.now() + dt.timedelta(days=19), tick=True):
        actions.resume_inquiry(inquiry, on=timezone.localdate(), by=by)
    inquiry.refresh_from_db()
    # Twenty days of examination, both ends included, and what the calendar adds at the end.
    assert extended + dt.timedelta(days=15) <= inquiry.due_on <= extended + dt.timedelta(days=35)
    assert inquiry.paused_since is None
    assert len(inquiry.clock["pauses"]) == 1


def test_report_approval_measures_and_settling(world):
    inquiry = factories.under_inquiry(world)
    by, today = world.people.county_office, timezone.localdate()
    words = {
        "direct_cause": "软管老化",
        "indirect_cause": "",
        "nature": "责任事故",
        "lesson": "",
        "submitted_on": today,
    }
    with pytest.raises(Refused, match="逐条录入"):
        actions.submit_report(inquiry, by=by, **words)
    measure = actions.add_measure(
        inquiry, kind="rectify", text="更换软管", organization=world.organizations.shop, by=by
    )
    with pytest.raises(Refused, match="处理方式"):
        actions.add_measure(
            inquiry, kind="person", text="处分", organization=world.organizations.market, by=by
        )
    actions.submit_report(inquiry, by=by, **words)
    assert owed(inquiry) == {("accident_inquiry", "区安委办")}
    with pytest.raises(IllegalMove):
        actions.add_measure(
            inquiry, kind="rectify", text="再加", organization=world.organizations.shop, by=by
        )
    accident = fresh(inquiry.accident)
    with pytest.raises(Refused, match="还没有批复"):
        actions.settle(accident, by=by)
    actions.approve_report(inquiry, approved_on=today, document="云区政〔2026〕9号", by=by)
    measure.refresh_from_db()
    assert measure.status == "open"
    assert measure.due_on >= today + dt.timedelta(days=90)
    assert owed(measure) == {("accident_followup", "好味来面馆")}
    with pytest.raises(Refused, match="四不放过还有 4 项"):
        actions.settle(accident, by=by)
    for item in accident.no_pass.select_related("accident"):
        actions.meet(item, note="已落实", met_on=today, by=by)
    actions.settle(accident, by=by)
    assert owed(accident) == {("accident_followup", "区安委办")}
    with pytest.raises(Refused, match="还有 1 条"):
        actions.assess(accident, text="已落实", assessed_on=today, by=by)
    measure.refresh_from_db()
    with pytest.raises(PermissionDenied):
        actions.report_measure(measure, result="已换", by=world.people.station)
    actions.report_measure(measure, result="全部换成金属波纹管", by=world.people.shop)
    assert owed(measure) == {("accident_followup", "区安委办")}
    actions.return_measure(measure, reason="缺照片", by=by)
    assert owed(measure) == {("accident_followup", "好味来面馆")}
    actions.report_measure(measure, result="补了照片", by=world.people.shop)
    actions.confirm_measure(measure, by=by)
    actions.assess(accident, text="全部落实", assessed_on=today, by=by)
    assert fresh(accident).status == "assessed"
    assert not owed(accident)


def test_escalation_replaces_the_inquiry_and_is_decided_once(world):
    inquiry = factories.under_inquiry(world)
    accident = fresh(inquiry.accident)
    assert [rule.key for rule, _ in queries.escalations_open(accident)] == ["superior"]
    with pytest.raises(PermissionDenied):
        actions.decide_escalation(
            accident, "superior", take=True, reason="影响大", by=world.people.county_office
        )
    with pytest.raises(ReasonRequired):
        actions.decide_escalation(accident, "superior", take=True, by=world.people.office)
    decision = actions.decide_escalation(
        accident, "superior", take=True, reason="影响大", by=world.people.office
    )
    inquiry.refresh_from_db()
    assert inquiry.status == "replaced"
    assert not owed(inquiry)
    assert (decision.from_level, decision.to_level) == ("county", "city")
    assert owed(decision) == {("accident_inquiry", "市安委办")}
    with pytest.raises(Refused, match="不适用"):
        actions.decide_escalation(accident, "superior", take=True, reason="再提", by=world.people.office)
    again = actions.begin_inquiry(
        fresh(accident),
        began_on=timezone.localdate(),
        team=[actions.TeamMember("某人", "head")],
        by=world.people.office,
    )
    assert again.level == "city"
    actions.report_initial(decision, text="初步查明", by=world.people.office)
    assert not owed(decision)


def test_a_campaign_may_escalate_everything(world, campaign):
    accident = factories.verified(world, campaign=campaign, toll=Toll())
    assert "campaign" not in {rule.key for rule, _ in queries.escalations_open(accident)}
    with pytest.raises(PermissionDenied):
        actions.set_escalation(campaign, is_on=True, document="方案", by=world.people.county_office)
    actions.set_escalation(campaign, is_on=True, document="云安委〔2026〕3号第四条", by=world.people.office)
    assert "campaign" in {rule.key for rule, _ in queries.escalations_open(accident)}


def test_control_numbers(world):
    region = world.regions.city
    with pytest.raises(PermissionDenied):
        actions.set_control(region, 2026, "deaths", value=10, document="文", by=world.people.county_office)
    number = actions.set_control(
        region, 2026, "deaths", value=10, document="云安委〔2026〕1号", by=world.people.office
    )
    actions.set_control(region, 2026, "deaths", value=8, document="云安委〔2026〕5号", by=world.people.office)
    number.refresh_from_db()
    assert number.value == 8
    reported(world, toll=Toll(deaths=2))
    reported(
        world,
        kind="fire_home",
        enterprise=None,
        unit_name="居民楼",
        toll=Toll(deaths=5),
        by=world.people.qingshi_officer,
    )
    today = timezone.localdate()
    row = queries.control_progress(
        queries.figures(world.people.office), [number], year=today.year, until=today
    )[0]
    assert (row.progress.used, row.progress.share, row.over) == (2, Decimal("25.0"), False)


def test_names_are_sealed_and_opening_is_recorded(world):
    accident = reported(world)
    person = actions.add_casualty(
        accident, name="某某", outcome="death", changed_on=timezone.localdate(), by=world.people.shop
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM accidents_casualty")
        assert "某某" not in cursor.fetchone()[0]
    with pytest.raises(ReasonRequired):
        actions.reveal(person, reason="", by=world.people.county_office)
    with pytest.raises(PermissionDenied):
        actions.reveal(person, reason="看看", by=world.people.inspectorate)
    assert actions.reveal(person, reason="核对赔偿", by=world.people.county_office) == "某某"


def test_visibility(world):
    accident = reported(world)

    def sees(user):
        return Accident.objects.visible_to(user).filter(pk=accident.pk).exists()

    people = world.people
    assert [
        sees(each) for each in (people.office, people.county_office, people.qingshi_officer, people.shop)
    ] == [True] * 4
    assert sees(people.housing)
    assert sees(people.inspectorate)
    assert not any(
        sees(each)
        for each in (people.station, people.market, people.baita_leader, people.expert, people.sysadmin)
    )


@pytest.mark.django_db(transaction=True)
def test_two_follow_ups_at_once_keep_one_present_figure(world):
    accident = reported(world)

    def tell(deaths: int):
        return lambda: actions.follow_up(
            fresh(accident), known_at=timezone.now(), as_of=timezone.localdate(), toll=Toll(deaths=deaths), told=TOLD,
            by=world.people.shop,
        )  # fmt: skip

    # The later of the two may have read what the earlier one wrote: then both are told, one after the other.
    assert outcomes(tell(2), tell(3)) in (["IllegalMove", "done"], ["done", "done"])
    assert AccidentFigure.objects.filter(accident=accident, until=None).count() == 1
    line = AccidentFigure.objects.get(accident=accident, until=None)
    assert fresh(accident).deaths == line.deaths


def test_nothing_is_added_to_what_somebody_closed_a_moment_ago(world):
    office, today = world.people.county_office, timezone.localdate()
    inquiry = factories.under_inquiry(world)
    seen = fresh(inquiry.accident)  # as the page of the slower one was loaded
    item = seen.no_pass.select_related("accident__enterprise").first()
    actions.dismiss(fresh(seen), reason="不是生产安全事故", by=office)
    with pytest.raises(IllegalMove):
        actions.follow_up(
            seen, known_at=timezone.now(), as_of=today, toll=Toll(deaths=2), told=TOLD, by=world.people.shop
        )
    with pytest.raises(IllegalMove):
        actions.add_casualty(seen, outcome="death", changed_on=today, by=world.people.shop)
    with pytest.raises(IllegalMove):
        actions.meet(item, note="已查清", met_on=today, by=office)
    with pytest.raises(IllegalMove):
        actions.add_measure(
            inquiry, kind="rectify", text="更换软管", organization=world.organizations.shop, by=office
        )
    assert (seen.reports.count(), seen.casualties.count(), inquiry.measures.count()) == (1, 0, 0)


def test_two_who_file_or_meet_at_once(world):
    accident = factories.verified(world)
    other = fresh(accident)
    actions.file_accident(accident, by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.file_accident(other, by=world.people.office)
    item = accident.no_pass.select_related("accident__enterprise").first()
    actions.meet(item, note="已查清", met_on=timezone.localdate(), by=world.people.county_office)
    with pytest.raises(IllegalMove):
        actions.meet(item, note="另一种说法", met_on=timezone.localdate(), by=world.people.county_office)
    item.refresh_from_db()
    assert item.note == "已查清"


def test_move_labels_are_chinese():
    assert all(not label.isascii() for label in AccidentMove.labels)


def test_who_sends_upward_from_an_old_page_passes_on_what_the_grade_asks_for_now(world):
    accident = reported(world)
    step = AccidentForward.objects.select_related("accident").get(accident=accident)
    actions.follow_up(
        fresh(accident), known_at=timezone.now(), as_of=timezone.localdate(), toll=Toll(deaths=4), told=TOLD,
        by=world.people.shop,
    )  # fmt: skip
    assert step.accident.deaths != 4  # the page was loaded before
    actions.send_upward(step, how="电话", by=world.people.county_office)
    assert [each.to_level for each in AccidentForward.objects.order_by("pk")] == ["city", "province"]


@pytest.mark.django_db(transaction=True)
def test_sending_upward_while_more_deaths_are_told_opens_each_step_once(world):
    accident = reported(world)
    step = AccidentForward.objects.select_related("accident").get(accident=accident)
    outcomes(
        lambda: actions.send_upward(step, how="电话", by=world.people.county_office),
        lambda: actions.follow_up(
            fresh(accident), known_at=timezone.now(), as_of=timezone.localdate(), toll=Toll(deaths=4), told=TOLD,
            by=world.people.shop,
        ),
    )  # fmt: skip
    # Whatever the order: nobody got an unclear answer (outcomes would raise), the next level is asked exactly once.
    assert [each.to_level for each in AccidentForward.objects.order_by("pk")] == ["city", "province"]


@pytest.mark.django_db(transaction=True)
def test_two_who_send_upward_at_once_send_once(world):
    step = AccidentForward.objects.select_related("accident").get(accident=reported(world))

    def send():
        mine = AccidentForward.objects.select_related("accident").get(pk=step.pk)
        actions.send_upward(mine, how="电话", by=world.people.county_office)

    assert sorted(outcomes(send, send)) == ["IllegalMove", "done"]

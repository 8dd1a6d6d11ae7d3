"""Cases handed over: taken up, sent back, sent again, and told what came of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.attachments import queries as files
from bihuan.audit.queries import verify as verify_record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import photo
from bihuan.notifications.models import Message
from bihuan.papers.models import Paper
from bihuan.pledges import actions, queries
from bihuan.pledges.models import FalseClaim, Referral
from bihuan.pledges.workflow import REFERRAL_RULES, ReferralMove, ReferralStatus

from .factories import make_signed

# By hand: (status, move).
LEGAL = {
    ("sent", "accept"), ("sent", "return"), ("accepted", "return"), ("accepted", "close"), ("returned", "resend"),
}  # fmt: skip


@pytest.mark.parametrize("status", ReferralStatus.values)
@pytest.mark.parametrize("move", ReferralMove.values)
def test_the_table_of_moves(status, move):
    assert (status in REFERRAL_RULES[move].sources) is ((status, move) in LEGAL)


@pytest.fixture
def case(world) -> Referral:
    pledge, housing = make_signed(world), world.people.housing
    line = pledge.lines.get(role="corrected")
    actions.judge_line(line, "false", note="仍堆着", photos=[photo(housing)], by=housing)
    actions.hand_over(FalseClaim.objects.get(), to=world.organizations.market, by=housing)
    return Referral.objects.select_related("sender", "recipient", "enterprise").get()


def open_duty() -> Duty:
    return Duty.objects.open().get(kind="enforcement")


def told(case: Referral, world, **changes) -> None:
    given = {
        "outcome": "penalty", "result": "查实虚报整改，依法处罚", "document": "云市监罚〔2026〕3号", "fine": Decimal(5000),
        "decided_on": timezone.localdate(), "by": world.people.market,
    }  # fmt: skip
    actions.close_referral(case, **(given | changes))


def test_the_case_carries_what_was_found_and_the_photos(world, case):
    assert [name for name, _ in case.facts] == ["承诺书编号", "承诺内容", "查明情况", "查明日期"]
    assert len(files.of(case, "evidence")) == 1
    assert (case.status, case.paper.kind, case.paper.recipient) == (
        "sent", "transfer", world.organizations.market,
    )  # fmt: skip
    assert open_duty().organization == world.organizations.market


def test_taken_up_and_told_with_the_decision(world, case):
    today, market = timezone.localdate(), world.people.market
    actions.accept_referral(case, by=market)
    assert open_duty().due_on == clock.due("enforcement.result", today).due_on
    for changes, words in (
        ({"outcome": "nonsense"}, "请选择处理结果"),
        ({"result": " "}, "查处情况"),
        ({"document": ""}, "决定文书"),
        ({"decided_on": today + dt.timedelta(days=1)}, "在今天之后"),
    ):
        with pytest.raises(Refused, match=words):
            told(case, world, **changes)
    told(case, world)
    assert not Duty.objects.open().filter(kind="enforcement").exists()
    case.refresh_from_db()
    assert (case.status, case.outcome, case.fine) == ("closed", "penalty", Decimal(5000))
    with pytest.raises(IllegalMove):
        told(case, world)
    assert verify_record(files=False).findings == []


def test_a_fine_belongs_to_a_penalty(world, case):
    actions.accept_referral(case, by=world.people.market)
    told(case, world, outcome="order", document="", fine=Decimal(5000))
    case.refresh_from_db()
    assert case.fine is None


def test_sent_back_with_a_reason_told_and_sent_again_elsewhere(
    world, case, django_capture_on_commit_callbacks
):
    with pytest.raises(ReasonRequired):
        actions.return_referral(case, reason=" ", by=world.people.market)
    with django_capture_on_commit_callbacks(execute=True):
        actions.return_referral(case, reason="不属本局职责", by=world.people.market)
    assert not Duty.objects.open().filter(kind="enforcement").exists()
    message = Message.objects.get(recipient=world.people.housing, url=case.get_absolute_url())
    assert "不属本局职责" in message.body
    with pytest.raises(Refused, match="不能承办"):
        actions.resend_referral(case, to=world.organizations.shop, by=world.people.housing)
    actions.resend_referral(
        case, to=world.organizations.office, reason="请协调承办单位", by=world.people.housing
    )
    assert (case.status, case.recipient) == ("sent", world.organizations.office)
    assert case.facts[-1] == ["补充说明", "请协调承办单位"]
    assert open_duty().organization == world.organizations.office
    assert Paper.objects.filter(kind="transfer").count() == 2
    actions.accept_referral(case, by=world.people.office)


def test_only_the_body_that_has_it_acts_and_only_the_sender_sends_again(world, case):
    for stranger in (world.people.housing, world.people.office, world.people.shop, world.people.inspector):
        with pytest.raises(PermissionDenied):
            actions.accept_referral(case, by=stranger)
    actions.return_referral(case, reason="材料不全", by=world.people.market)
    with pytest.raises(PermissionDenied):
        actions.resend_referral(case, to=world.organizations.market, by=world.people.market)


def test_two_windows_take_it_up_once(world, case):
    theirs = Referral.objects.get(pk=case.pk)
    actions.accept_referral(case, by=world.people.market)
    with pytest.raises(IllegalMove, match="查处中"):
        actions.accept_referral(theirs, by=world.people.market)
    assert case.transitions.count() == 1


def test_pages_of_both_sides(world, case, client):
    market = world.people.market
    client.force_login(market)
    assert "好味来面馆" in client.get("/pledges/referrals/?side=in&status=open").content.decode()
    page = client.get(f"/pledges/referrals/{case.pk}/").content.decode()
    assert "仍堆着" in page
    [shot] = files.of(case, "evidence")
    assert client.get(shot.get_absolute_url()).status_code == 200
    base = f"/pledges/referrals/{case.pk}"
    assert client.post(f"{base}/accept/").status_code == 302
    assert client.post(f"{base}/nonsense/").status_code == 404
    assert client.post(f"{base}/close/", {"outcome": "penalty", "result": ""}).status_code == 422
    sent = {
        "outcome": "order", "result": "已责令改正", "decided_on": timezone.localdate().isoformat(),
        "photos": photo(market),
    }  # fmt: skip
    assert client.post(f"{base}/close/", sent).status_code == 302
    client.force_login(world.people.housing)
    assert "责令改正，不予处罚" in client.get("/pledges/false-claims/").content.decode()
    assert "责令改正，不予处罚" in client.get("/pledges/referrals/?side=out").content.decode()
    assert "责令改正" in client.get(f"/registry/{world.enterprises.shop.pk}/").content.decode()
    client.force_login(world.people.shop)
    assert client.get(f"{base}/").status_code == 403
    client.force_login(world.people.outsider)
    assert client.get(f"{base}/").status_code == 404
    assert not queries.referrals(world.people.outsider, {}).exists()

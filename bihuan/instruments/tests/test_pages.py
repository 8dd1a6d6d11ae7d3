"""The pages: what people read and press, and that a longer list costs no more questions."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.attachments.access import may_see_subject
from bihuan.hazards.tests.factories import make_hazard
from bihuan.instruments import actions
from bihuan.instruments.models import Instrument, InstrumentEdition, Trial, Trigger
from bihuan.instruments.workflow import CommitmentStatus
from bihuan.papers.models import Paper

from .factories import drafted, issued, late_duty, recipient_of, replied, signing, switched_on, talk_of


def read(client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def points(**given: str) -> dict[str, str]:
    """The rows of the form for what is asked, empty but for the first."""
    names = ("text", "level", "organization", "demand", "due_on")
    rows = {f"point{number}-{name}": "" for number in range(6) for name in names}
    return rows | {f"point0-{name}": value for name, value in given.items()}


def test_a_draft_from_a_hazard_to_the_signature(client, world):
    hazard = make_hazard(world)
    client.force_login(world.people.office)
    subject = f"hazards.hazard:{hazard.pk}"
    assert "督办单" in read(client, reverse("instruments:create") + f"?subject={subject}")
    page = read(client, reverse("instruments:create") + f"?subject={subject}&kind=supervision")
    assert "好味来面馆" in page
    assert "气瓶间与厨房连通" in page
    body = {
        "kind": "supervision", "subject": subject, "title": "关于面馆隐患的督办单", "situation": "逾期未改",
        "demand": "{reply_due}前整改", "basis": "", "bodies": [world.organizations.qingshi.pk], "enterprises": "云溪区好味来面馆",
        **points(text="隔开气瓶间", level="street", due_on="2026-12-31", organization=str(world.organizations.qingshi.pk)),
    }  # fmt: skip
    wrong = client.post(reverse("instruments:create"), body | {"enterprises": "没有这家"})
    assert wrong.status_code == 422
    assert "第 1 行“没有这家”" in wrong.content.decode()
    answer = client.post(reverse("instruments:create"), body)
    instrument = Instrument.objects.get()
    assert answer.url == instrument.get_absolute_url()
    assert instrument.recipients.count() == 2
    page = read(client, instrument.get_absolute_url())
    assert "印发后的样子" in page
    assert "{reply_due}" not in page
    client.post(reverse("instruments:act", args=[instrument.pk, "submit"]))
    client.force_login(world.people.office_leader)
    client.post(reverse("instruments:act", args=[instrument.pk, "check"]))
    page = read(client, reverse("instruments:list"))
    assert "等您签发" in page
    stale = client.post(reverse("instruments:act", args=[instrument.pk, "sign"]), {"revision": "9"})
    assert stale.status_code == 302
    assert not Paper.objects.exists()
    client.post(reverse("instruments:act", args=[instrument.pk, "sign"]), {"revision": "1"})
    instrument.refresh_from_db()
    assert instrument.status == "issued"
    client.force_login(world.people.shop)
    assert "关于面馆隐患的督办单" in read(client, reverse("instruments:mine"))
    assert "收到的督办" in read(client, instrument.get_absolute_url())
    read(client, reverse("papers:detail", args=[instrument.paper_id]))


def test_a_shop_reads_of_a_paper_to_several_what_is_about_itself(client, world):
    shop, other = world.organizations.shop, world.organizations.qingshi
    instrument = drafted(world, kind="reminder", title="提醒", recipients=[shop, other])
    actions.submit_instrument(instrument, by=world.people.office)
    actions.return_draft(instrument, reason="措辞再斟酌", by=world.people.office_leader)
    actions.submit_instrument(instrument, by=world.people.office)
    actions.check_instrument(instrument, by=world.people.office_leader)
    actions.sign_instrument(instrument, revision=instrument.revision, by=world.people.office_leader)
    theirs, own = recipient_of(instrument, other), recipient_of(instrument, shop)
    actions.receive(theirs, by=world.people.qingshi_officer)
    reply = actions.reply(theirs, text="街道内部安排如下", by=world.people.qingshi_officer)
    client.force_login(world.people.shop)
    page = read(client, instrument.get_absolute_url())
    assert "街道内部安排如下" not in page
    assert "措辞再斟酌" not in page
    assert not may_see_subject(world.people.shop, f"instruments.instrumentreply:{reply.pk}")
    assert may_see_subject(world.people.qingshi_officer, f"instruments.instrumentreply:{reply.pk}")
    assert client.post(reverse("instruments:recipient", args=[theirs.pk, "receive"])).status_code == 404
    assert client.post(reverse("instruments:recipient", args=[own.pk, "receive"])).status_code == 302
    client.force_login(world.people.inspectorate)
    page = read(client, instrument.get_absolute_url())
    assert "街道内部安排如下" in page
    assert "措辞再斟酌" in page


def test_receipt_reply_return_and_acceptance_through_the_page(client, world):
    instrument = issued(world, kind="reminder", title="提醒")
    recipient = recipient_of(instrument)
    client.force_login(world.people.qingshi_officer)
    assert "签收" in read(client, instrument.get_absolute_url())
    client.post(reverse("instruments:recipient", args=[recipient.pk, "receive"]))
    empty = client.post(reverse("instruments:recipient", args=[recipient.pk, "reply"]), {"text": ""})
    assert empty.status_code == 422
    client.post(reverse("instruments:recipient", args=[recipient.pk, "reply"]), {"text": "已办"})
    refused = client.post(reverse("instruments:recipient", args=[recipient.pk, "accept"]), {"note": ""})
    assert refused.status_code == 403
    client.force_login(world.people.office)
    assert "已办" in read(client, instrument.get_absolute_url())
    without = client.post(reverse("instruments:recipient", args=[recipient.pk, "return"]), {"reason": ""})
    assert without.status_code == 422
    client.post(reverse("instruments:recipient", args=[recipient.pk, "return"]), {"reason": "附名单"})
    assert recipient_of(instrument).status == "received"
    bad = client.post(
        reverse("instruments:recipient", args=[recipient.pk, "extend"]),
        {"due_on": "2026-01-01", "reason": "忙"},
    )
    assert bad.status_code == 422
    assert "新期限应晚于" in bad.content.decode()


def test_the_talk_is_recorded_through_its_page(client, world):
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC), tick=False) as clock:
        instrument = talk_of(world)
        recipient = recipient_of(instrument)
        clock.move_to(dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC))
        client.force_login(world.people.office)
        assert "承诺事项" in read(client, reverse("instruments:talk", args=[instrument.pk]))
        rows = {
            f"promise{number}-{name}": "" for number in range(6) for name in ("recipient", "text", "due_on")
        }
        body = {
            "held_at": "2026-11-23T10:00", "place": "会议室", "chair": "钱立行", "attendees": "王同心", "words": "谈了",
            "present": [recipient.pk], **rows, "promise0-recipient": recipient.pk, "promise0-text": "月底办完",
        }  # fmt: skip
        half = client.post(reverse("instruments:talk", args=[instrument.pk]), body)
        assert half.status_code == 422
        assert "要一起填" in half.content.decode()
        done = client.post(
            reverse("instruments:talk", args=[instrument.pk]), body | {"promise0-due_on": "2026-11-30"}
        )
        assert done.status_code == 302
        commitment = instrument.commitments.get()
        client.force_login(world.people.qingshi_officer)
        client.post(reverse("instruments:commitment", args=[commitment.pk, "report"]), {"text": "办完了"})
        client.force_login(world.people.office)
        assert "办完了" in read(client, instrument.get_absolute_url())
        client.post(reverse("instruments:commitment", args=[commitment.pk, "confirm"]), {"note": ""})
    commitment.refresh_from_db()
    assert commitment.status == CommitmentStatus.KEPT
    assert Instrument.objects.get().status == "closed"


def test_a_trigger_is_tried_and_switched_on_through_its_pages(client, world):
    late_duty(world, due_on=timezone.localdate() - dt.timedelta(days=30))
    client.force_login(world.people.office)
    assert "新的条件" in read(client, reverse("instruments:triggers"))
    body = {
        "source": "duty.overdue", "name": "逾期 3 天", "p_days": "3", "p_kind": "", "region": "5397", "period": "once",
        "audience": "organization", "kind": "reminder", "document": "云安〔2026〕1号", "demand": "",
        "effective_from": "2026-01-01",
    }  # fmt: skip
    wrong = client.post(reverse("instruments:new_trigger"), body | {"p_days": "9999"})
    assert wrong.status_code == 422
    client.post(reverse("instruments:new_trigger"), body)
    trigger = Trigger.objects.get()
    version = trigger.versions.get()
    client.post(reverse("instruments:trigger_on", args=[version.pk]))
    trigger.refresh_from_db()
    assert trigger.status == "off"
    answer = client.post(reverse("instruments:try", args=[version.pk]), {"months": "2"})
    trial = Trial.objects.get()
    assert answer.url == trial.get_absolute_url()
    assert "会起草文书" in read(client, trial.get_absolute_url())
    client.post(reverse("instruments:trigger_on", args=[version.pk]))
    assert "启用中的版本" in read(client, trigger.get_absolute_url())
    client.post(reverse("instruments:edit_trigger", args=[trigger.pk]), body | {"p_days": "5"})
    assert trigger.versions.count() == 2
    client.post(reverse("instruments:trigger_off", args=[trigger.pk]), {"reason": "改用新版"})
    trigger.refresh_from_db()
    assert trigger.status == "off"


def test_an_own_edition_through_its_page(client, world):
    client.force_login(world.people.office)
    assert "怎样算办结" in read(client, reverse("instruments:types"))
    address = reverse("instruments:type", args=["reminder"])
    body = {
        "opening": "{count}项", "demand": "{坏}", "consequence": "", "reply_days": "4", "escalates_to": "warning",
        "escalate_after": "2", "document": "云安〔2026〕9号", "effective_from": "2026-11-01",
    }  # fmt: skip
    wrong = client.post(address, body)
    assert wrong.status_code == 422
    assert "不认识" in wrong.content.decode()
    assert client.post(address, body | {"demand": "办"}).status_code == 302
    assert InstrumentEdition.objects.get().reply_days == 4
    assert client.get(reverse("instruments:type", args=["nothing"])).status_code == 404


def test_filters_and_figures_open_their_rows(client, world):
    drafted(world, title="草稿一份")
    replied(world, title="等审的")
    client.force_login(world.people.office)
    assert "草稿一份" in read(client, reverse("instruments:list") + "?state=drafts")
    only = read(client, reverse("instruments:list") + "?state=review")
    assert "等审的" in only
    assert "草稿一份" not in only.split("<table")[1]
    for query in (
        "kind=supervision",
        "origin=hand",
        f"to={world.organizations.qingshi.pk}",
        "q=等审",
        "year=1",
        "to=乱",
        "trigger=9",
    ):
        read(client, f"{reverse('instruments:list')}?{query}")
    sheet = client.get(reverse("instruments:export"))
    assert sheet.status_code in {200, 302}


@pytest.mark.parametrize("name", ["instruments:list", "instruments:triggers"])
def test_lists_cost_the_same_however_long(client, world, name):
    client.force_login(world.people.office)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            read(client, reverse(name))
        return len(seen)

    issued(world, title="第一份")
    switched_on(world)
    count()
    few = count()
    for number in range(4):
        issued(world, title=f"又一份 {number}")
        signing(world, title=f"待签 {number}")
        actions.create_trigger(
            f"条件 {number}",
            actions.Setting(
                source="duty.overdue", parameters={}, region=world.city, period="once", audience="organization",
                kind="reminder", document="文", effective_from=dt.date(2026, 1, 1),
            ),
            organization=world.organizations.office,
            by=world.people.office,
        )  # fmt: skip
    assert count() <= few + 1

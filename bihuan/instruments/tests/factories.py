"""A supervision paper to Qingshi street at every stage of its life, brought there by the acts people use."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.scope import place_of
from bihuan.accounts.tests.world import World
from bihuan.duties.actions import open_duty
from bihuan.duties.models import Duty
from bihuan.instruments import actions
from bihuan.instruments.models import Instrument, InstrumentRecipient, TriggerVersion


def given(world: World, **changes: Any) -> actions.Draft:
    values: dict[str, Any] = {
        "kind": "supervision", "title": "关于燃气排查进展缓慢的督办单", "situation": "青石街道燃气场所排查覆盖率低于全市平均。",
        "demand": "加快排查，{reply_due}前报告。", "recipients": [world.organizations.qingshi], "basis": "云安〔2026〕8号",
    }  # fmt: skip
    return actions.Draft(**(values | changes))


def drafted(world: World, **changes: Any) -> Instrument:
    return actions.draft_instrument(
        given(world, **changes), organization=world.organizations.office, by=world.people.office
    )


def signing(world: World, **changes: Any) -> Instrument:
    instrument = drafted(world, **changes)
    actions.submit_instrument(instrument, by=world.people.office)
    actions.check_instrument(instrument, by=world.people.office_leader)
    return instrument


def issued(world: World, **changes: Any) -> Instrument:
    instrument = signing(world, **changes)
    actions.sign_instrument(instrument, revision=instrument.revision, by=world.people.office_leader)
    return Instrument.objects.select_related("organization", "paper").get(pk=instrument.pk)


def recipient_of(instrument: Instrument, organization: Any = None) -> InstrumentRecipient:
    rows = InstrumentRecipient.objects.filter(instrument=instrument).select_related(
        "instrument__organization", "instrument__paper", "organization", "escalated_to"
    )
    return rows.get(organization=organization) if organization else rows.get()


def replied(world: World, **changes: Any) -> InstrumentRecipient:
    recipient = recipient_of(issued(world, **changes))
    actions.receive(recipient, by=world.people.qingshi_officer)
    actions.reply(recipient, text="已排查 40 家", by=world.people.qingshi_officer)
    return recipient


def talk_of(world: World, **changes: Any) -> Instrument:
    in_an_hour = timezone.now() + dt.timedelta(hours=1)
    values = {
        "kind": "talk",
        "title": "关于约谈青石街道的通知",
        "meet_at": in_an_hour,
        "meet_place": "三楼会议室",
    }
    return issued(world, **(values | changes))


def late_duty(world: World, *, due_on: dt.date, organization: Any = None, **changes: Any) -> Duty:
    values: dict[str, Any] = {
        "kind": Duty.Kind.TASK, "subject": world.enterprises.shop, "title": "排查餐饮用气场所", "url": "/campaigns/1/",
        "organization": organization or world.organizations.qingshi, "place": place_of(world.regions.qingshi),
        "due_on": due_on, "by": world.people.office,
    }  # fmt: skip
    return open_duty(**(values | changes))


def a_version(world: World, **changes: Any) -> TriggerVersion:
    values: dict[str, Any] = {
        "source": "duty.overdue", "parameters": {"days": 5, "kind": ""}, "region": world.regions.city, "period": "once",
        "audience": "organization", "kind": "supervision", "document": "云安〔2026〕8号",
        "effective_from": dt.date(2026, 1, 1), "demand": "抓紧办结。",
    }  # fmt: skip
    trigger = actions.create_trigger(
        "逾期 5 天",
        actions.Setting(**(values | changes)),
        organization=world.organizations.office,
        by=world.people.office,
    )
    return trigger.versions.get()


def switched_on(world: World, **changes: Any) -> TriggerVersion:
    version = a_version(world, **changes)
    actions.start_trial(version, months=1, by=world.people.office)
    actions.switch_on(version, by=world.people.office)
    return version

"""Nobody decides on what he has not seen: definitions revised meanwhile, returns signed again meanwhile; a trial opens."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from bihuan.accounts.tests.world import sign_in
from bihuan.core.errors import IllegalMove, Overtaken
from bihuan.hazards.tests.factories import make_closed, make_major
from bihuan.returns import actions
from bihuan.returns.workflow import Status

from .factories import content, make_definition, make_period, return_of

pytestmark = pytest.mark.django_db
SEPTEMBER = dt.datetime(2026, 9, 10, 10, tzinfo=dt.timezone(dt.timedelta(hours=8)))
OCTOBER = dt.datetime(2026, 10, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))
POSTED = {
    "name": "自己的表", "key": "own.table", "period": "month", "anchor": "1", "owers": ["locality"], "days": "3",
    "unit": "working", "signer": "officer", "source": "本办要求", "lines": "2", "item.0.label": "查出", "item.0.key": "found",
    "item.0.measure": "hazards.found", "item.0.window": "period", "item.0.filter": "level=major", "item.1.label": "宣传",
    "item.1.key": "told", "item.1.unit": "次",
}  # fmt: skip


@pytest.fixture
def period(world):
    with time_machine.travel(SEPTEMBER, tick=False):
        make_closed(world)
        make_major(world)
    with time_machine.travel(OCTOBER, tick=False):
        yield make_period(world, dt.date(2026, 9, 1))


def test_a_version_made_from_an_older_one_does_not_bury_the_newer(world):
    definition = make_definition(world, starts_on=dt.date(2026, 9, 1))
    by = world.people.office
    actions.publish_version(definition, content(source="甲"), "甲改", by=by, seen=1)
    with pytest.raises(Overtaken) as told:
        actions.publish_version(definition, content(source="乙"), "乙改", by=by, seen=1)
    assert told.value.theirs["source"] == "甲"
    assert definition.versions.count() == 2
    actions.publish_version(definition, content(source="乙"), "乙改", by=by, seen=2)
    assert actions.current_version(definition).content["source"] == "乙"


def test_the_page_shows_what_the_other_one_published_and_keeps_what_was_typed(client, world):
    sign_in(client, world.people.office)
    client.post(reverse("returns:create"), POSTED)
    definition = world.organizations.office.return_definitions.get(key="own.table")
    address = reverse("returns:edit", args=[definition.pk])
    assert 'name="version" value="1"' in client.get(address).content.decode()
    theirs = POSTED | {"version": "1", "note": "先改", "item.0.label": "查出隐患", "item.1.unit": "场"}
    assert client.post(address, theirs).status_code == 302
    mine = POSTED | {"version": "1", "note": "后改", "source": "新的要求"}
    answer = client.post(address, mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert definition.versions.count() == 2
    for words in ("已经保存过这张报表的新版", "指标“查出隐患”", "新的要求", "本办要求", "填报，场"):
        assert words in page
    assert 'name="version" value="2"' in page
    assert client.post(address, mine | {"version": "2"}).status_code == 302
    assert definition.versions.count() == 3


def test_revising_on_the_page_keeps_what_the_page_does_not_show(client, world):
    items = content()["items"]
    items[-1] |= {"hint": "按签到表人次", "additive": False}
    definition = make_definition(world, starts_on=dt.date(2026, 9, 1), items=items)
    sign_in(client, world.people.office)
    posted = POSTED | {
        "key": definition.key, "note": "改名", "item.1.key": "trained", "item.1.label": "培训", "version": "1",
    }  # fmt: skip
    assert client.post(reverse("returns:edit", args=[definition.pk]), posted).status_code == 302
    spec = actions.spec_of_version(actions.current_version(definition))
    assert (spec.item("trained").hint, spec.item("trained").additive) == ("按签到表人次", False)
    assert spec.item("found").additive


def test_figures_signed_again_meanwhile_are_neither_accepted_nor_sent_back_unseen(client, world, period):
    body, officer, office = world.organizations.qingshi, world.people.qingshi_officer, world.people.office
    actions.sign_return(return_of(period, body), by=officer)
    actions.withdraw(return_of(period, body), "填错", by=officer)
    actions.sign_return(return_of(period, body), by=officer, reason="重填")
    record = return_of(period, body)
    assert record.filings_count == 2
    with pytest.raises(IllegalMove, match="重新签报过"):
        actions.accept(record, by=office, signing=1)
    with pytest.raises(IllegalMove, match="重新签报过"):
        actions.send_back(record, "数不对", {}, by=office, signing=1)
    sign_in(client, office)
    assert 'name="signing" value="2"' in client.get(record.get_absolute_url()).content.decode()
    told = client.post(reverse("returns:move", args=[record.pk, "accept"]), {"signing": "1"}, follow=True)
    assert "请看过新的数字再办" in told.content.decode()
    assert return_of(period, body).status == Status.SIGNED
    client.post(reverse("returns:move", args=[record.pk, "accept"]), {"signing": "2"})
    assert return_of(period, body).status == Status.ACCEPTED


def test_every_signing_opens_from_the_page_of_the_return(client, world, period):
    body, officer = world.organizations.qingshi, world.people.qingshi_officer
    first = actions.sign_return(return_of(period, body), by=officer)
    actions.withdraw(return_of(period, body), "填错", by=officer)
    second = actions.sign_return(return_of(period, body), by=officer, reason="重填")
    sign_in(client, world.people.office)
    page = client.get(return_of(period, body).get_absolute_url()).content.decode()
    for filing in (first, second):
        address = reverse("returns:figure", args=[filing.code])
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200


def test_a_figure_of_a_trial_opens_its_rows_of_now(client, world, period):
    sign_in(client, world.people.office)
    address = reverse("returns:trial", args=[period.definition_id])
    asked = {"body": world.organizations.qingshi.pk}
    page = client.get(address, asked).content.decode()
    assert "cell=%7Cfound" in page
    found = client.get(address, asked | {"cell": "|found"}).content.decode()
    assert found.count('class="row-link"') == 2
    rate = client.get(address, asked | {"cell": "|rate"}).content.decode()
    assert "整改率 ＝" in rate
    assert "由报送单位填报" in client.get(address, asked | {"cell": "|trained"}).content.decode()
    assert "没有记录" in client.get(address, asked | {"cell": "|visits"}).content.decode()
    for wrong in ("|nothing", "x|found", "<b>"):
        assert 'id="behind"' not in client.get(address, asked | {"cell": wrong}).content.decode()
    assert client.get(address, asked | {"cell": "|found", "cursor": "x"}).status_code == 400

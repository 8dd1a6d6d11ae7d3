"""Pages of looking back: planning, drawing, looking on a phone, who sees the names, bad input, constant queries."""

import json
from io import BytesIO

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from bihuan.accounts.tests.world import sign_in
from bihuan.hazards.models import Hazard
from bihuan.hazards.queries import ledger
from bihuan.lookback import actions
from bihuan.lookback.models import Evaluation, LookbackRound
from bihuan.rules import sampling

from .factories import announced, closed, drawn, first_check, picture

pytestmark = pytest.mark.django_db


def plan(**changes):
    today = timezone.localdate().isoformat()
    return {
        "title": "回头看", "region": "5397", "campaign": "", "closed_from": today, "closed_to": today, "stratify": "kind",
        "method": "proportional", "confidence": "95", "margin": "5", "expected": "50", "minimum": "2",
    } | changes  # fmt: skip


def test_a_round_is_planned_announced_and_drawn_through_pages(client, world):
    closed(world)
    sign_in(client, world.people.office)
    tried = client.post(reverse("lookback:create"), plan(plan="1"))
    assert tried.context["plan"].population == 4
    assert not LookbackRound.objects.exists()
    assert client.post(reverse("lookback:create"), plan(margin="0")).status_code == 422
    client.post(reverse("lookback:create"), plan())
    held = LookbackRound.objects.get()
    assert held.seed not in client.get(held.get_absolute_url()).content.decode()
    assert client.get(reverse("lookback:material", args=[held.pk])).status_code == 404
    assert client.post(reverse("lookback:act", args=[held.pk, "draw"])).status_code == 302
    told = json.loads(client.get(reverse("lookback:material", args=[held.pk])).content)
    drawn_again = sampling.draw(sampling.Inputs.from_json(told), told["seed"], told["public_value"])
    assert [int(pk) for ids in drawn_again.values() for pk in ids] == told["result"]
    assert sampling.verify(told) == []
    assert "承诺值" in sampling.verify(told | {"seed": "0" * 64})[0]


def test_looking_on_a_phone(client, world):
    held = drawn(world)
    check = first_check(held)
    address = reverse("lookback:check", args=[check.pk])
    sign_in(client, world.people.qingshi_leader)
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 403
    sign_in(client, world.people.baita_leader)
    assert client.get(address).status_code == 404
    sign_in(client, world.people.office)
    today = timezone.localdate().isoformat()
    wrong = client.post(address, {"status": "rebounded", "found": "又堆了", "checked_on": today})
    assert wrong.status_code == 422
    assert "认定反弹须附现场照片" in wrong.content.decode()
    sent = {"status": "rebounded", "found": "又堆了", "checked_on": today, "photos": [picture(world)]}
    assert client.post(address, sent).status_code == 302
    assert Hazard.objects.get(pk=check.hazard_id).status == "rectifying"


def test_who_closed_it_is_shown_to_offices_only(client, world):
    held = drawn(world, stratify="inspector")
    for check in held.checks.select_related("round", "hazard", "organization"):
        actions.judge(check, "held", found="看过", checked_on=timezone.localdate(), by=world.people.office)
    for person, sees in (
        (world.people.office, True),
        (world.people.inspectorate, True),
        (world.people.qingshi_leader, False),
    ):
        sign_in(client, person)
        assert ("郑守一" in client.get(held.get_absolute_url()).content.decode()) is sees
    sign_in(client, world.people.qingshi_leader)
    answer = client.get(reverse("lookback:export"), {"round": held.pk})
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    told = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "看过" in told
    assert "郑守一" not in told


def test_an_evaluation_through_pages(client, world):
    hazard = closed(world, 1)[0]
    sign_in(client, world.people.office)
    assert "安排效果评价" in client.get(hazard.get_absolute_url()).content.decode()
    assert client.get(reverse("lookback:arrange", args=[hazard.pk])).status_code == 200
    client.post(reverse("lookback:arrange", args=[hazard.pk]))
    evaluation = Evaluation.objects.get()
    sent = {
        "measures_done": 100, "measures_note": "", "method": "ls", "before_likelihood": "4", "before_severity": "5",
        "after_likelihood": "1", "after_severity": "5", "verdict": "effective", "opinion": "有效",
    }  # fmt: skip
    bad = client.post(evaluation.get_absolute_url(), sent | {"after_severity": "6"})
    assert bad.status_code == 422
    assert client.post(evaluation.get_absolute_url(), sent).status_code == 302
    shown = client.get(evaluation.get_absolute_url())
    evaluation.refresh_from_db()
    assert evaluation.paper.number in shown.content.decode()
    assert client.get(evaluation.paper.get_absolute_url()).status_code == 200


def test_stock_page_and_nonsense(client, world):
    closed(world, 1)
    sign_in(client, world.people.office)
    page = client.get(reverse("lookback:stock"))
    assert page.context["whole"].closing == 0
    links = page.context["links"]
    assert len(ledger(world.people.office, QueryDict(links["closed"].partition("?")[2]))) == 1
    assert len(ledger(world.people.office, QueryDict(links["closing"].partition("?")[2]))) == 0
    shown = page.content.decode()
    assert all(each.replace("&", "&amp;") in shown for name, each in links.items() if "major" not in name)
    for query in ("region=abc&from=x&to=y", "from=2200-01-01&to=1999-01-01", "region=99"):
        assert client.get(f"{reverse('lookback:stock')}?{query}").status_code == 200
    sign_in(client, world.people.housing)
    assert client.get(reverse("lookback:stock")).status_code == 403


def test_lists_ask_as_much_of_many_as_of_few(client, world):
    held = drawn(world, 2)
    sign_in(client, world.people.office)
    pages = [reverse("lookback:list"), held.get_absolute_url(), reverse("lookback:checks"),
             reverse("lookback:recurrences"), reverse("lookback:evaluations")]  # fmt: skip

    def asked(page):
        with CaptureQueriesContext(connection) as found:
            assert client.get(page).status_code == 200
        return len(found)

    asked(pages[0])  # whatever a process keeps for the next page
    few = [asked(page) for page in pages]
    again = drawn(world, 8)
    pages[1] = again.get_absolute_url()
    assert [asked(page) for page in pages] == few


def test_a_cancelled_round_says_why(client, world):
    closed(world)
    held = announced(world)
    sign_in(client, world.people.office)
    assert client.post(reverse("lookback:act", args=[held.pk, "cancel"]), {"reason": ""}).status_code == 422
    assert (
        client.post(reverse("lookback:act", args=[held.pk, "cancel"]), {"reason": "范围定错"}).status_code
        == 302
    )
    assert "范围定错" in client.get(held.get_absolute_url()).content.decode()

"""What a campaign has brought: each figure is the number of rows its address lists."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.campaigns.tests.plans import make_campaign
from bihuan.hazards.models import Hazard, Rectification
from bihuan.hazards.tests.factories import make_closed, make_hazard
from bihuan.lookback import actions, effect
from bihuan.lookback.workflow import Verdict

pytestmark = pytest.mark.django_db
BEFORE = {"likelihood": "6", "exposure": "6", "consequence": "15"}
AFTER = {"likelihood": "1", "exposure": "6", "consequence": "15"}


def test_every_figure_opens_its_rows(client, world):
    campaign, office = make_campaign(world), world.people.office
    given = [{"funds": Decimal(20000)}, {}, {}]
    hazards = [
        make_closed(world, description=f"软管老化之{number}", campaign=campaign, **more)
        for number, more in enumerate(given)
    ]
    make_hazard(world, campaign=campaign)
    make_hazard(world, description="别的整治")
    for hazard, done, verdict in ((hazards[0], 100, "effective"), (hazards[1], 80, "partly")):
        evaluation = actions.arrange(Hazard.objects.get(pk=hazard.pk), by=office)
        actions.sign_report(
            evaluation,
            actions.Effect(done, "已换", "lec", BEFORE, AFTER, None, True, True, verdict, "看过"),
            by=office,
        )
    told = {each.label: each for each in effect.measures(campaign, office) + effect.risks(campaign, office)}
    assert told["发现隐患"].figure == "4 条"
    assert told["已整改销号"].figure == "3 条"
    assert told["已作效果评价"].figure == "2 条"
    assert told["其中措施全部完成"].figure == "1 条"
    assert told["风险下降"].figure == "2 条"
    assert told["平均风险值（LEC）"].figure == "540 → 90"
    assert told[f"结论：{Verdict.PARTLY.label}"].figure == "1 条"
    client.force_login(office)
    for label in (
        "已作效果评价",
        "其中措施全部完成",
        "风险下降",
        "风险没有下降",
        f"结论：{Verdict.PARTLY.label}",
    ):
        page = client.get(told[label].url).context["page"]
        assert f"{len(page.items)} 条" == told[label].figure, label
    money = {each.label: each for each in effect.funds(campaign, office)}
    assert money["计划整改资金"].figure == "2.00 万元"
    rows = client.get(money["计划整改资金"].url).context["page"].items
    assert [each.pk for each in rows] == [hazards[0].pk]


def test_the_campaigns_page_leads_there_and_outsiders_see_nothing_of_it(client, world):
    campaign = make_campaign(world)
    client.force_login(world.people.office)
    url = f"{reverse('lookback:effect')}?campaign={campaign.pk}"
    assert url in client.get(campaign.get_absolute_url()).content.decode()
    assert client.get(f"{reverse('lookback:effect')}?campaign=99999").status_code == 404
    assert client.get(f"{url}&funds=nonsense").status_code == 200


def test_what_was_spent_is_what_the_last_rectification_says(client, world):
    campaign, office = make_campaign(world), world.people.office

    def told(text: str, funds: object, round: int, spent: object) -> Hazard:
        hazard = make_closed(world, description=text, campaign=campaign, funds=funds)
        Rectification.objects.filter(hazard=hazard).update(funds_spent=Decimal(777))
        if round:
            Rectification.objects.create(
                hazard=hazard, round=round, text="再改", funds_spent=spent, finished_on=timezone.localdate(), by=office,
                at=timezone.now(),
            )  # fmt: skip
        return hazard

    once = told("只改一次", Decimal(500), 0, None)
    again = told("返工", Decimal(9000), 2, Decimal(1200))
    told("返工没有填投入", None, 2, None)
    same = told("同一轮补正", None, 1, Decimal(30))
    money = {each.label: each for each in effect.funds(campaign, office)}
    assert money["计划整改资金"].figure == "9,500.00 元"
    assert (money["实际投入"].figure, money["实际投入"].note) == ("2,007.00 元", "3 条整改填了投入")
    assert money["超过计划"].figure == "1 条"
    client.force_login(office)

    def listed(label: str) -> dict[int, Decimal]:
        return {each.pk: each.cost for each in client.get(money[label].url).context["page"].items}

    assert listed("实际投入") == {once.pk: Decimal(777), again.pk: Decimal(1200), same.pk: Decimal(30)}
    assert listed("超过计划") == {once.pk: Decimal(777)}

"""After a plan is published: it is taken away on paper, revised, and handed down; on a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.campaigns.models import Campaign
from bihuan.campaigns.tests.plans import make_campaign
from bihuan.campaigns.tests.test_amending import REVISED

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def campaign(world: World) -> Campaign:
    return make_campaign(world)


def fits(person: Person) -> None:
    """Nothing on the page is wider than the screen."""
    wide = person.overflow()
    assert wide <= 0, f"{person.page.url} 宽出 {wide} 像素"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_plan_is_taken_away(enter: Enter, campaign: Campaign, size: ViewportSize) -> None:
    market = enter("market", size)
    market.go(campaign.get_absolute_url())
    market.page.get_by_text("导出", exact=True).first.click()
    with market.page.expect_download() as found:
        market.page.get_by_role("link", name="责任清单 Word").click()
    assert found.value.suggested_filename.endswith(".docx")
    market.go(f"/campaigns/{campaign.pk}/outputs/")
    fits(market)
    with market.page.expect_download() as found:
        market.page.get_by_role("link", name="本单位的").click()
    assert found.value.suggested_filename.endswith(".ics")
    market.go(f"/campaigns/{campaign.pk}/chart/")
    expect(market.page.locator("svg.battle")).to_contain_text("查充装管理")
    fits(market)
    market.page.emulate_media(media="print")
    for paper in ("a3", "a4"):
        market.go(f"/campaigns/{campaign.pk}/chart/?paper={paper}")
        pdf = market.page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1  # one sheet, never two


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_plan_is_revised(enter: Enter, campaign: Campaign, size: ViewportSize, tmp_path: Path) -> None:
    office = enter("office", size)
    file = tmp_path / "修订.txt"
    file.write_text(REVISED, "utf-8")
    office.go(f"/campaigns/{campaign.pk}/versions/")
    office.page.locator("#id_file").set_input_files(file)
    office.press("导入并比对")
    page = office.page
    expect(page.get_by_text("处没有决定").first).to_be_visible()
    fits(office)
    gone = page.locator("li.change.is-removed").filter(has_text="查违规安装")
    gone.get_by_role("button", name="不采用").click()
    expect(page.locator("li.change.is-removed").filter(has_text="查违规安装")).to_contain_text("不采用")
    page.get_by_role("button", name=re.compile("都照办")).click()
    page.get_by_label("修订说明").fill("会议要求延长")
    page.get_by_role("button", name="应用修订").click()
    office.agree("应用")
    expect(page.get_by_text("第 2 版", exact=True)).to_be_visible()
    expect(page.get_by_text("会议要求延长").first).to_be_visible()
    fits(office)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_sub_plan_is_asked_for_filed_and_returned(
    enter: Enter, campaign: Campaign, size: ViewportSize
) -> None:
    office = enter("office", size)
    office.go(f"/campaigns/{campaign.pk}/subplans/")
    office.page.get_by_label("报送期限").fill("2027-01-10")
    office.page.get_by_label("期限来源").fill("全体会议要求")
    office.press("要求报送")
    fits(office)

    street = enter("qingshi_officer", size)
    street.go("/duties/")
    street.page.get_by_role("link", name=re.compile("报送子方案")).first.click()
    page = street.ready()
    if page.get_by_role("link", name="去办理").count():
        page.get_by_role("link", name="去办理").click()
    street.press("从上级任务起草")
    fits(street)
    page.get_by_label("责任人", exact=True).fill("王同心")
    page.get_by_role("button", name="保存并报送").click()
    street.agree("报送")
    expect(page.get_by_text("已报送市安委办").first).to_be_visible()

    office.go(f"/campaigns/{campaign.pk}/subplans/")
    office.page.get_by_role("link", name="青石街道", exact=True).click()
    office.page.get_by_label("退回的理由").fill("没有时间表")
    office.page.get_by_role("button", name="退回").click()
    expect(office.page.get_by_text("已退回", exact=True).first).to_be_visible()
    fits(office)

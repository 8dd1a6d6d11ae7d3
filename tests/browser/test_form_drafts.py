"""The form one walks with signal: what it leaves on the phone is sealed, comes back, and is gone when it has arrived."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from bihuan.accounts.tests.world import World
from bihuan.inspections.tests.factories import GasCampaign, make_campaign

from .conftest import Enter, Hall
from .people import PHONE, Person
from .things import photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = "气瓶间与厨房连通，老板答应周五砌墙"
# Everything this origin has written where it stays: text storage, and every row of every database with its pictures as text.
KEPT = """
async () => {
  const found = Object.entries(localStorage).map((each) => each.join("="));
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of db.objectStoreNames) {
      const rows = await new Promise((resolve) => {
        const request = db.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
      });
      for (const row of rows) {
        for (const [key, value] of Object.entries(row)) {
          const bytes = value instanceof Blob ? await value.arrayBuffer() : value?.buffer ?? value;
          found.push(`${key}=${bytes instanceof ArrayBuffer ? new TextDecoder("latin1").decode(bytes) : value}`);
        }
      }
    }
    db.close();
  }
  return found;
}
"""
# A draft as it lay on the phone before drafts were sealed.
EARLIER = """
(words) => localStorage.setItem(`bihuan.draft.${document.querySelector("#inspection").dataset.draftKey}`, JSON.stringify({
  at: Date.now(), page: location.pathname + location.search, title: document.title,
  values: { "q1-verdict": ["pass"], "q2-verdict": ["fail"], "q2-description": [words] }, extra: {},
}))
"""
# Whether a draft is written after this moment, within ten seconds.
WRITTEN = """
async (since) => {
  for (let turn = 0; turn < 400; turn += 1) {
    const rows = Object.keys(localStorage).filter((key) => key.startsWith("bihuan.draft.")).map((key) => JSON.parse(localStorage.getItem(key)));
    if (rows.some((row) => row.at > since)) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}
"""


@pytest.fixture
def gas(world: World) -> GasCampaign:
    return make_campaign(world)


def address(world: World, gas: GasCampaign) -> str:
    return f"/inspections/walk/?task={gas.task.pk}&enterprise={world.enterprises.shop.pk}"


def fill(person: Person) -> None:
    """Two answers, a description in one's own words."""
    page = person.page
    page.locator("#q1 input[value=pass]").check()
    page.locator("#q2 input[value=fail]").check()
    page.locator("#q2 input[value=deadline]").check()
    page.locator("#q2 textarea[name$=description]").fill(WORDS)


def is_as_left(person: Person) -> None:
    page = person.page
    expect(page.locator("#q1 input[value=pass]")).to_be_checked()
    expect(page.locator("#q2 input[value=fail]")).to_be_checked()
    expect(page.locator("#q2 textarea[name$=description]")).to_have_value(WORDS)


def kept(person: Person) -> list[str]:
    found: list[str] = person.page.evaluate(KEPT)
    return found


def test_what_lies_on_the_phone_is_sealed_and_comes_back(
    world: World, gas: GasCampaign, enter: Enter
) -> None:
    feng = enter("inspector", PHONE)
    page = feng.go(address(world, gas))
    fill(feng)
    feng.context.set_offline(True)
    page.locator("#q2 .fix-tiles input[type=file]").first.set_input_files([photo("现场")])
    expect(page.locator("#q2 .photo-tile")).to_have_count(1)
    expect(page.locator(".draft-state")).to_have_text(re.compile("已存本机"))
    # The picture and the words are written; none of it can be read.
    expect(page.locator("#q2 .photo-state")).to_have_text("待上传")
    expect(page.locator("[data-bihuan-network]")).to_contain_text("待上传 1 张照片")
    now = page.evaluate("Date.now()")
    feng.press("存草稿")
    assert page.evaluate(WRITTEN, now)
    lying = kept(feng)
    assert any(each.startswith("bihuan.draft.inspection-") for each in lying)
    assert any(each.startswith("box=") for each in lying)
    for each in lying:
        assert "砌墙" not in each
        assert "description" not in each
        assert "JFIF" not in each
    page.route("**/upload/", lambda route: route.abort())
    feng.context.set_offline(False)
    page.reload()
    feng.ready()
    is_as_left(feng)
    expect(page.locator("#q2 .photo-tile img[src^=blob]")).to_have_count(1)
    expect(page.locator("#q2 .photo-state")).to_have_text("待上传")
    # The network is back: what has arrived lies here no more.
    page.unroute("**/upload/")
    feng.context.set_offline(True)
    feng.context.set_offline(False)
    expect(page.locator("#q2 .photo-state")).to_have_text("✓ 已上传")
    expect(page.locator("[data-bihuan-network]")).to_contain_text("没有待上传")
    assert not any(each.startswith("box=") for each in kept(feng))
    feng.problems = [
        each for each in feng.problems if "ERR_FAILED" not in each and "DISCONNECTED" not in each
    ]


def test_a_draft_of_an_earlier_version_is_taken_up_and_sealed(
    world: World, gas: GasCampaign, enter: Enter
) -> None:
    feng = enter("inspector", PHONE)
    page = feng.go(address(world, gas))
    page.evaluate(EARLIER, WORDS)
    page.reload()
    feng.ready()
    is_as_left(feng)
    feng.reads("存在本机的内容")
    expect(page.locator(".draft-state")).to_have_text(re.compile("已存本机"))
    assert all("砌墙" not in each for each in kept(feng))
    page.reload()
    feng.ready()
    is_as_left(feng)


def test_another_person_on_the_same_phone_finds_nothing(
    world: World, gas: GasCampaign, hall: Hall, enter: Enter
) -> None:
    feng = enter("inspector", PHONE)
    page = feng.go(address(world, gas))
    fill(feng)
    expect(page.locator(".draft-state")).to_have_text(re.compile("已存本机"))
    mine = page.locator("#inspection").get_attribute("data-draft-seal")
    feng.context.clear_cookies()
    feng.login = "inspector2"
    feng.sign_in()
    page = feng.go(address(world, gas))
    expect(page.locator("#q1 input[value=pass]")).not_to_be_checked()
    theirs = page.locator("#inspection").get_attribute("data-draft-seal")
    assert mine
    assert theirs
    assert mine != theirs


def test_without_encryption_nothing_is_kept_and_that_is_said(
    world: World, gas: GasCampaign, hall: Hall
) -> None:
    """On plain http browsers do not encrypt."""
    feng = hall.enter("inspector", PHONE)
    feng.context.add_init_script(
        "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"
    )
    feng.sign_in()
    page = feng.go(address(world, gas))
    fill(feng)
    expect(page.locator(".draft-state")).to_have_text(re.compile("草稿没有存在本机，请尽快提交"))
    lying = kept(feng)
    assert not [each for each in lying if "bihuan.draft" in each]
    assert "砌墙" not in json.dumps(lying, ensure_ascii=False)

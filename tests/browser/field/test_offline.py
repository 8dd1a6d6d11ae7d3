"""Without signal: a browser killed, a server killed, a session over, a new app. All arrives, and arrives once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.field.server import ROOT, Server

from ..phones import PIN, Phone

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite]
ONE_VISIT = {
    "visits": [{"hazard_count": 1, "opinion": ""}],
    "photos": 12,
    "linked": 12,
    "hazards": ["closed"],
    "papers": 1,
    "devices": 1,
}


def test_offline_with_twelve_photos_browser_killed_all_arrives_once(server: Server, phone: Phone) -> None:
    phone.first_day()
    phone.context.set_offline(True)
    phone.begin()
    phone.walk()
    phone.die()

    phone.switch_on(offline=True)
    phone.open()
    phone.shows("没有做完的检查")
    phone.page.get_by_role("link", name="云溪区好味来面馆").click()
    expect(phone.page.locator(".photo img[src^=blob]")).to_have_count(12)
    expect(phone.page.locator("#q2").get_by_role("button", name="不合格")).to_have_attribute(
        "aria-pressed", "true"
    )
    phone.sign()
    phone.finish()
    expect(phone.entry("waiting")).to_have_count(1)
    assert server.do("state")["visits"] == []

    phone.context.set_offline(False)
    phone.arrives()
    phone.shows("现场检查记录")
    assert server.do("state") == ONE_VISIT


def test_server_killed_half_way_all_arrives_once(server: Server, phone: Phone) -> None:
    phone.first_day()
    phone.context.set_offline(True)
    phone.begin()
    phone.walk()
    phone.sign()
    phone.finish()
    # Fast enough to begin, slow enough to be caught in the middle.
    line = phone.context.new_cdp_session(phone.page)
    phone.context.set_offline(False)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 150, "downloadThroughput": 60_000, "uploadThroughput": 60_000},
    )
    phone.page.get_by_role("button", name="现在上传").click()
    phone.shows("正在上传 照片 5 / 12", seconds=60)
    server.kill()
    phone.shows("稍后自动重试", seconds=60)
    expect(phone.entry("waiting")).to_have_count(1)

    server.start()
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    phone.page.get_by_role("button", name="现在上传").click()
    phone.arrives()
    assert server.do("state") == ONE_VISIT


def test_session_over_the_drafts_open_and_go_on_after_signing_in(server: Server, phone: Phone) -> None:
    phone.first_day()
    phone.context.set_offline(True)
    phone.begin()
    phone.walk()
    phone.sign()
    phone.finish()
    assert server.do("expire") == {"devices": 1}
    phone.die()

    phone.switch_on(offline=True)
    phone.open()
    phone.page.goto(f"{server.base}/field/#/outbox")
    expect(phone.entry("waiting")).to_have_count(1)
    phone.context.set_offline(False)
    phone.shows("请重新登录")
    phone.page.get_by_role("link", name="去登录").click()
    phone.sign_in()
    phone.unlock()
    phone.page.goto(f"{server.base}/field/#/outbox")
    phone.arrives()
    assert server.do("state") == ONE_VISIT


# The copy of the registry is gone, however that came about; keys and drafts are there.
WITHOUT_COPY = """
() => new Promise((resolve, reject) => {
  const request = indexedDB.open("bihuan-field");
  request.onsuccess = () => {
    const change = request.result.transaction("data", "readwrite");
    const range = change.objectStore("data").openCursor();
    range.onsuccess = () => {
      if (!range.result) return;
      if (!/keys$|seq$/.test(range.result.key)) range.result.delete();
      range.result.continue();
    };
    change.oncomplete = () => { request.result.close(); resolve(); };
    change.onerror = () => reject(change.error);
  };
  request.onerror = () => reject(request.error);
})
"""


def test_without_a_copy_and_without_signal_the_drafts_open_and_are_finished(
    server: Server, phone: Phone
) -> None:
    phone.first_day()
    phone.context.set_offline(True)
    phone.begin()
    phone.walk()
    phone.page.get_by_role("button", name="存草稿").click()
    phone.title("今天")
    phone.page.evaluate(WITHOUT_COPY)
    phone.die()

    phone.switch_on(offline=True)
    phone.page.goto(f"{server.base}/field/")
    phone.page.get_by_label("PIN", exact=True).fill(PIN)
    phone.page.get_by_role("button", name="打开").click()
    phone.title("还没有同步")
    phone.page.get_by_role("button", name="先看本机的 1 份检查").click()
    phone.shows("本机还没有底册，联网后点“同步”")
    phone.page.get_by_role("link", name="云溪区好味来面馆").click()
    expect(phone.page.locator(".photo img[src^=blob]")).to_have_count(12)
    phone.sign()
    phone.finish()
    phone.context.set_offline(False)
    phone.arrives()
    assert server.do("state") == ONE_VISIT


LATER_STEPS = """// a later version
export const STEPS = [(draft) => { draft.opinion = `${draft.opinion}由旧版草稿转来`; }];"""
LATER_LAYOUT = """
    if (from < 2) transaction.objectStore("visits").createIndex("state", "state");
  },"""


def later_version(folder: Path) -> Path:
    """The app with another schema of drafts and another layout of the storage."""
    made = folder / "later" / "js" / "field"
    made.mkdir(parents=True)
    ours = ROOT / "static" / "js" / "field"
    steps = (ours / "migrations.mjs").read_text("utf-8")
    assert "export const STEPS = [];" in steps
    (made / "migrations.mjs").write_text(steps.replace("export const STEPS = [];", LATER_STEPS), "utf-8")
    store = (ours / "store.mjs").read_text("utf-8")
    for old, new in (
        ("const VERSION = 1;", "const VERSION = 2;"),
        ("upgrade(db, from) {", "upgrade(db, from, _to, transaction) {"),
        ("\n  },\n  // Another tab", f"{LATER_LAYOUT}\n  // Another tab"),
    ):
        assert store.count(old) == 1, old
        store = store.replace(old, new)
    (made / "store.mjs").write_text(store, "utf-8")
    return folder / "later"


def test_a_new_app_waits_for_the_visit_and_opens_its_draft(
    server: Server, phone: Phone, tmp_path: Path
) -> None:
    phone.first_day()
    phone.begin()
    phone.walk()
    server.kill()
    server.later = later_version(tmp_path)
    server.start()

    phone.asks_for_a_newer_app()
    phone.shows("新版本已就绪，完成当前检查后更新")
    assert phone.page.get_by_role("button", name="现在更新").count() == 0
    phone.page.get_by_role("button", name="存草稿").click()
    phone.page.get_by_role("button", name="现在更新").click()
    phone.unlock()
    phone.page.get_by_role("link", name="云溪区好味来面馆").click()
    expect(phone.page.locator(".photo img[src^=blob]")).to_have_count(12)
    phone.sign()
    expect(phone.page.get_by_label("检查意见")).to_have_value("由旧版草稿转来")
    phone.finish()
    phone.arrives()
    state = server.do("state")
    assert [visit["opinion"] for visit in state["visits"]] == ["由旧版草稿转来"]
    assert state["photos"] == 12


def test_what_lies_on_the_phone_cannot_be_read_and_a_wrong_pin_waits(server: Server, phone: Phone) -> None:
    phone.first_day()
    phone.context.set_offline(True)
    phone.begin()
    phone.answer(2, "不合格")
    phone.page.get_by_label("问题").fill("灶具连接软管老化开裂需要更换")
    phone.page.get_by_role("button", name="存草稿").click()
    phone.title("今天")
    phone.die()
    written = b"".join(
        path.read_bytes() for path in (phone.profile / "Default" / "IndexedDB").rglob("*") if path.is_file()
    )
    assert len(written) > 1000
    for words in ("灶具连接软管老化", "好味来", "蒋好味"):
        assert words.encode("utf-8") not in written
        assert words.encode("utf-16-le") not in written

    phone.switch_on(offline=True)
    phone.page.goto(f"{server.base}/field/")
    phone.shows("本机有 1 份检查还没有上传")
    for _ in range(5):
        phone.page.get_by_label("PIN", exact=True).fill("100200")
        phone.page.get_by_role("button", name="打开").click()
        phone.shows("PIN 不正确")
        expect(phone.page.get_by_label("PIN", exact=True)).to_have_value("")
    phone.page.get_by_label("PIN", exact=True).fill(PIN)
    phone.page.get_by_role("button", name="打开").click()
    phone.shows("试错次数过多")
    phone.page.get_by_role("button", name="忘了 PIN").click()
    phone.shows("永久删除，无法恢复")
    phone.page.get_by_role("button", name="返回").click()
    phone.shows("本机有 1 份检查还没有上传")

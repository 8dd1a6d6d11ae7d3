"""Small parts of the field app, asked in a real browser: judging, conditions, drafts of older and newer versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def asked(page: Page, live_server) -> Any:
    """`asked("judging", "m.judge(x[0], x[1])", measure, text)` evaluates with the module as `m`."""
    page.goto(f"{live_server.url}/static/js/field/dom.mjs")

    def ask(module: str, words: str, *given: Any) -> Any:
        script = (
            f"async (x) => {{ const m = await import('/static/js/field/{module}.mjs'); return {words}; }}"
        )
        return page.evaluate(script, list(given))

    return ask


HOSE = {"label": "软管长度", "comparator": "<=", "number": "2", "unit": "m", "shown": "m"}


@pytest.mark.parametrize(
    ("measure", "typed", "passed"),
    [
        (HOSE, "2", True),
        (HOSE, "2.0", True),
        (HOSE, "2.000001", False),
        (HOSE, "２.3", False),
        (HOSE | {"comparator": "<", "number": "0.3"}, "0.3", False),
        (HOSE | {"comparator": ">=", "number": "-5"}, "-4.99", True),
        (HOSE | {"comparator": "between", "number": "0.1", "upper": "0.3"}, "0.30", True),
        (HOSE | {"comparator": "between", "number": "0.1", "upper": "0.3"}, "0.301", False),
        (HOSE | {"comparator": "=", "number": "1"}, "1.0", True),
        (HOSE, "两米", None),
    ],
)
def test_a_number_is_judged_exactly(asked, measure, typed, passed):
    assert asked("judging", "m.judge(x[0], x[1]).passed", measure, typed) is passed


def test_the_judgement_says_what_was_measured_and_demanded(asked):
    words = asked("judging", "m.judge(x[0], '2.3').words", HOSE)
    assert words == "实测 2.3 m，标准 不大于 2 m，不合格"


@pytest.mark.parametrize(
    ("condition", "attributes", "applies"),
    [
        ("fuel = 电", {"fuel": "电"}, True),
        ("fuel = 电、煤", {"fuel": "煤"}, True),
        ("fuel = 电", {"fuel": "瓶装液化石油气"}, False),
        ("fuel = 电", {}, True),
        ("fuel = 电；stock > 100", {"fuel": "电", "stock": 100}, False),
        ("basement = 是", {"basement": False}, False),
        ("uses = 烹饪", {"uses": ["烹饪", "采暖"]}, True),
        ("看不懂", {"fuel": "电"}, True),
    ],
)
def test_a_condition_leaves_out_only_what_surely_does_not_apply(asked, condition, attributes, applies):
    assert asked("conditions", "m.applies(x[0], x[1])", condition, attributes) is applies


def test_an_old_draft_is_led_through_every_step(asked):
    steps = "[(d) => { d.words += 'b'; }, (d) => { d.words += 'c'; }]"
    made = asked("migrations", f"m.migrated(x[0], {steps})", {"schema": 1, "words": "a"})
    assert made == {"schema": 3, "words": "abc"}
    assert asked("migrations", f"m.migrated(x[0], {steps})", {"words": "a"})["words"] == "abc"
    assert asked("migrations", f"m.migrated(x[0], {steps})", {"schema": 3, "words": "a"})["words"] == "a"


def test_a_draft_of_a_newer_app_is_refused_and_left_alone(asked):
    words = "(() => { const d = x[0]; try { m.migrated(d, []); } catch (error) { return [error.message, d]; } })()"
    message, draft = asked("migrations", words, {"schema": 9, "words": "a"})
    assert "请更新程序后打开；草稿没有改动" in message
    assert draft == {"schema": 9, "words": "a"}


def test_without_https_it_says_so_and_stores_nothing(chromium, live_server):
    """On a plain address of a closed network browsers have neither encryption nor service workers."""
    context = chromium.new_context()
    context.add_init_script(
        "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"
        "Object.defineProperty(window, 'isSecureContext', { get: () => false });"
        "Object.defineProperty(Navigator.prototype, 'serviceWorker', { get: () => undefined });"
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/field/")
    page.get_by_role("heading", name="这里不能离线检查").wait_for()
    assert "请联系系统管理员为本系统配置 https 证书" in page.locator("main").inner_text()
    assert page.evaluate("indexedDB.databases()") == []
    context.close()


def test_what_is_sealed_opens_with_the_same_pin_only(asked):
    words = """(async () => {
      const { vault, key } = await m.makeVault("275913");
      const sealed = await m.sealJson(key, { words: "灶具" });
      const again = await m.unsealKey(vault, "275913");
      const wrong = await m.unsealKey(vault, "275914").catch((error) => error instanceof m.WrongPin);
      return [await m.openJson(again, sealed), wrong, again.extractable];
    })()"""
    assert asked("crypto", words) == [{"words": "灶具"}, True, False]


def test_another_pin_opens_the_same_key_and_the_old_one_no_more(asked):
    words = """(async () => {
      const { vault, key } = await m.makeVault("275913");
      const sealed = await m.sealJson(key, { words: "灶具" });
      const next = await m.resealed(vault, "275913", "908172");
      const again = await m.unsealKey(next, "908172");
      const wrong = async (act) => act().then(() => false, (error) => error instanceof m.WrongPin);
      return [
        await m.openJson(again, sealed), again.extractable,
        await wrong(() => m.unsealKey(next, "275913")), await wrong(() => m.resealed(vault, "100200", "908172")),
      ];
    })()"""
    assert asked("crypto", words) == [{"words": "灶具"}, False, True, True]


def test_metres_to_the_door(asked):
    words = "m.distance({ longitude: x[0], latitude: x[1] }, { longitude: x[2], latitude: x[3] })"
    assert asked("places", words, 100, 25, 100, 26) == pytest.approx(111195.08, abs=0.01)
    assert asked("places", words, 100, 25, 100.001, 25) == pytest.approx(100.777, abs=0.001)
    assert asked("places", words, 100, 25, None, 25) is None


def test_who_was_visited_stands_behind_the_others_however_many_there_are(asked):
    words = """(() => {
      const columns = ["id", "name", "address", "kind", "locality", "tasks", "seen"];
      const rows = Array.from({ length: 120 }, (_, index) => [index, `小吃店${index}`, "", "", "", [7], index < 80 ? [7] : []]);
      const data = new m.Data({ meta: { columns: { enterprises: columns } }, tables: { enterprises: rows } });
      const { total, found } = data.search("小吃", { task: 7, most: 50, last: (key, seen) => seen.includes(7) });
      return [total, found.length, found.slice(0, 40).every((each) => each.id >= 80), found[40].id];
    })()"""
    assert asked("data", words) == [120, 50, True, 0]


def test_an_earlier_app_opens_a_later_layout(asked):
    """The server went back a version after phones had taken the newer one: nothing is locked away."""
    words = """(async () => {
      const later = await new Promise((resolve, reject) => {
        const request = indexedDB.open("bihuan-field", 7);
        request.onupgradeneeded = () => request.result.createObjectStore("vaults", { keyPath: "user" });
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      later.close();
      await m.keepVault({ user: 3, name: "冯走访" });
      return m.vaults();
    })()"""
    assert asked("store", words) == [{"user": 3, "name": "冯走访"}]


HOLED = """(async () => {
  const kept = new Map();
  const store = {
    get: async (name) => structuredClone(kept.get(name)),
    putAll: async (values, gone) => {
      if (store.full) throw new DOMException("full", "QuotaExceededError");
      for (const [name, value] of Object.entries(values)) kept.set(name, structuredClone(value));
      for (const name of gone) kept.delete(name);
    },
  };
  const cursors = [];
  const api = { json: async (path) => {
    const cursor = new URLSearchParams(path.split("?")[1]).get("cursor");
    cursors.push(cursor);
    const rows = cursor ? [] : [[1, "面馆"]];
    return { whole: !cursor, cursor: "c", now: "2026-11-22T08:00:00+08:00", me: {}, deadlines: {}, left_out: 0,
      groups: { enterprises: { columns: ["id", "name"], rows, gone: [] } } };
  } };
  const data = await m.load(store);
  store.full = true;
  const refused = await m.sync(api, store, data).catch((error) => error.name);
  store.full = false;
  await m.sync(api, store, data);
  const again = await m.load(store);
  kept.delete("enterprises/0");
  return [refused, cursors, again.get("enterprises", 1).name, (await m.load(store)).isEmpty];
})()"""


def test_a_copy_that_could_not_be_kept_travels_again_and_one_with_a_hole_counts_as_none(asked):
    assert asked("sync", HOLED) == ["QuotaExceededError", ["", ""], "面馆", True]


BROKEN_OFF = """(async () => {
  const made = [];
  const container = Object.assign(new EventTarget(), { controller: null, register: async () => {
    const installing = Object.assign(new EventTarget(), { state: "installing" });
    made.push(Object.assign(new EventTarget(), { installing, active: null, waiting: null }));
    if (made.length === 1) throw new TypeError("no line");
    return made.at(-1);
  } });
  Object.defineProperty(navigator, "serviceWorker", { value: container, configurable: true });
  const tried = async (count) => {
    for (let turn = 0; turn < 1000 && made.length < count; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve));
  };
  const become = (registration, state, active) => {
    const worker = registration.installing;
    Object.assign(worker, { state });
    Object.assign(registration, { installing: null, active });
    worker.dispatchEvent(new Event("statechange"));
  };
  const said = [];
  const updates = new m.Updates(() => said.push([updates.carried, updates.ready]), { again: 1 });
  await updates.start();
  const before = updates.carried;
  await tried(2);
  become(made[1], "redundant", null);
  await tried(3);
  become(made[2], "activating", {});
  const carried = document.documentElement.hasAttribute("data-carried");
  delete navigator.serviceWorker;
  return [made.length, before, carried, said];
})()"""


def test_an_installation_that_broke_off_is_begun_again_and_the_end_is_told(asked):
    assert asked("updates", BROKEN_OFF) == [3, False, True, [[True, False]]]


NEWER_BROKE_OFF = """(async () => {
  const registration = Object.assign(new EventTarget(), { installing: null, active: {}, waiting: null, asked: 0 });
  const begin = () => {
    registration.installing = Object.assign(new EventTarget(), { state: "installing" });
    registration.dispatchEvent(new Event("updatefound"));
    return registration.installing;
  };
  const become = (worker, state) => {
    Object.assign(worker, { state });
    if (state === "installed") registration.waiting = worker;
    registration.installing = null;
    worker.dispatchEvent(new Event("statechange"));
  };
  registration.update = async () => { registration.asked += 1; };
  const container = Object.assign(new EventTarget(), { controller: {}, register: async () => registration });
  Object.defineProperty(navigator, "serviceWorker", { value: container, configurable: true });
  const settled = async (count) => {
    for (let turn = 0; turn < 1000 && registration.asked < count; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const updates = new m.Updates(() => {}, { again: 1 });
  await updates.start();
  become(begin(), "redundant");
  await settled(1);
  const askedAgain = registration.asked;
  const newer = begin();
  become(newer, "installed");
  const ready = updates.ready;
  become(newer, "redundant");
  await new Promise((resolve) => setTimeout(resolve, 50));
  delete navigator.serviceWorker;
  return [askedAgain, ready, registration.asked];
})()"""


def test_a_newer_app_that_broke_off_is_asked_for_again_and_one_that_was_replaced_is_not(asked):
    assert asked("updates", NEWER_BROKE_OFF) == [1, True, 1]


ALREADY_THERE = """(async () => {
  const registration = Object.assign(new EventTarget(), { installing: null, active: {}, waiting: null });
  const container = Object.assign(new EventTarget(), { controller: {}, register: async () => registration });
  Object.defineProperty(navigator, "serviceWorker", { value: container, configurable: true });
  const told = [];
  const updates = new m.Updates(() => told.push(updates.ready));
  await updates.start();
  registration.waiting = Object.assign(new EventTarget(), { state: "installed" });
  registration.dispatchEvent(new Event("updatefound"));
  delete navigator.serviceWorker;
  return told;
})()"""


def test_a_newer_app_that_is_there_before_it_was_announced_is_told(asked):
    assert asked("updates", ALREADY_THERE) == [False, True]


# --- the line --------------------------------------------------------------------------------------

# A phone with one finished visit that names one photo; `answers` says what comes back to which request.
LINE = """
async ({ answers, finding }) => {
  const { Api } = await import("/static/js/field/api.mjs");
  const { Uploader } = await import("/static/js/field/upload.mjs");
  const { Drafts } = await import("/static/js/field/drafts.mjs");
  const asked = [];
  globalThis.fetch = async (url, { method = "GET" } = {}) => {
    const path = new URL(url).pathname.replace("/field/", "").replace(/photos.*/, "photos");
    asked.push(`${method} ${path}`);
    if (asked.length > 40) throw new Error("asked without end");
    if (path === "token/") return Response.json({ access: "key", seconds: 1800 });
    const { status = 200, headers = {}, body = null, broken = false } = answers[`${method} ${path}`] ?? { status: 500 };
    if (!broken) return new Response(body, { status, headers });
    return new Response(new ReadableStream({ start: (to) => { to.enqueue(new Uint8Array(9)); to.error(new Error("cut")); } }), { status });
  };
  const kept = new Map();
  const store = {
    user: 1, get: async () => 4, put: async () => {}, keepVisit: async (draft) => kept.set(draft.id, structuredClone(draft)),
    photosOf: async () => ["p1"], photo: async () => new Uint8Array(1000).buffer, dropPhoto: async () => {},
  };
  const drafts = new Drafts(store);
  const draft = await drafts.begin({ enterprise: { id: 3, name: "面馆" }, task: null, checklist: null, items: [], me: { id: 1, name: "冯" }, skew: 0 });
  if (finding) draft.answers[2] = { verdict: "fail", photos: [], finding: { photos: ["p1"], after_photos: [], outcome: "deadline" } };
  else draft.photos.push("p1");
  await drafts.finish(draft);
  const api = new Api(store, { device: "d", refresh: "r" }, { app: "1" });
  const uploader = new Uploader({ store, api, drafts, changed: () => {} });
  await uploader.run();
  clearTimeout(uploader.timer);
  const last = kept.get(draft.id);
  return { state: draft.state, seq: draft.seq, note: uploader.note, problems: draft.problems, asked, bad: draft.bad_photos ?? [], handed: last.handed };
}
"""


@pytest.fixture
def sent(page: Page, live_server) -> Any:
    """`sent({"HEAD photos": {…}, …}, finding=…)`: what becomes of the visit when the server answers like that."""
    page.goto(f"{live_server.url}/static/js/field/dom.mjs")
    return lambda answers, *, finding=False: page.evaluate(LINE, {"answers": answers, "finding": finding})


AT = {"Upload-Offset": "0"}
DONE = {"Upload-Offset": "1000", "Upload-Complete": "?1"}
TAKEN = {"HEAD photos": {"headers": AT}, "PATCH photos": {"status": 201, "headers": DONE}}


def test_a_visit_whose_photo_and_receipt_arrive_is_sent(sent):
    found = sent(TAKEN | {"POST visits/": {"status": 201, "body": '{"id": 9, "papers": [], "also": []}'}})
    assert (found["state"], found["seq"]) == ("sent", 5)
    assert found["asked"] == ["POST token/", "HEAD photos", "PATCH photos", "POST visits/"]


def test_a_network_that_answers_in_the_servers_place_is_not_believed(sent):
    """The page of a public Wi-Fi says 200 to everything."""
    portal = {"status": 200, "body": "<html>请登录</html>"}
    found = sent(dict.fromkeys(("HEAD photos", "PATCH photos", "POST visits/"), portal))
    assert found["state"] == "waiting"
    assert "连到的不是本系统的服务器" in found["note"]
    assert len(found["asked"]) == 2
    found = sent(TAKEN | {"POST visits/": portal})
    assert (found["state"], found["handed"]) == ("waiting", True)


def test_an_answer_cut_off_in_the_middle_is_asked_for_again(sent):
    found = sent(TAKEN | {"POST visits/": {"status": 201, "broken": True}})
    assert (found["state"], found["handed"]) == ("waiting", True)
    assert found["note"] == "网络不通，稍后自动重试"


def test_a_server_that_takes_nothing_is_left_alone_for_a_while(sent):
    found = sent({"HEAD photos": {"headers": AT}, "PATCH photos": {"status": 204, "headers": AT}})
    assert (found["state"], found["note"]) == ("waiting", "照片传不上去，稍后自动重试")
    assert found["asked"].count("PATCH photos") == 3


def test_a_photo_that_is_refused_is_named_with_its_place(sent):
    answers = {
        "HEAD photos": {"headers": AT},
        "PATCH photos": {"status": 422, "body": '{"code": "picture", "detail": "图片已损坏或不完整"}'},
    }
    found = sent(answers, finding=True)
    assert (found["state"], found["bad"]) == ("refused", ["p1"])
    assert found["problems"] == [
        {"where": "q2", "message": "第 2 项有一张照片没有被接受：图片已损坏或不完整"}
    ]


def test_a_visit_that_was_refused_may_be_changed_one_that_may_have_arrived_not(sent):
    refused = {"status": 422, "body": '{"problems": [{"where": "sign", "message": "陪同人没有签名"}]}'}
    assert sent(TAKEN | {"POST visits/": refused})["handed"] is False
    other = {"status": 409, "body": '{"code": "other_content", "detail": "内容不同"}'}
    assert sent(TAKEN | {"POST visits/": other})["handed"] is True


def test_a_photo_is_made_small_on_the_phone_and_what_is_none_is_said_at_once(page, live_server):
    page.goto(f"{live_server.url}/static/js/field/dom.mjs")
    words = """async () => {
      const { shrink } = await import("/static/js/image.mjs");
      const canvas = new OffscreenCanvas(4000, 3000);
      const pen = canvas.getContext("2d");
      for (let at = 0; at < 3000; at += 10) { pen.fillStyle = `hsl(${at} 60% ${30 + at % 40}%)`; pen.fillRect(at % 700, at, 4000, 10); }
      const file = new File([await canvas.convertToBlob({ type: "image/jpeg", quality: 1 })], "现场.jpg", { type: "image/jpeg" });
      const small = await shrink(file);
      const { width, height } = await createImageBitmap(small);
      const none = new File([new Uint8Array([0, 0, 0, 24, 102, 116, 121, 112])], "现场.heic", { type: "image/heic" });
      return [width, height, small.type, small.size < file.size / 2, (await shrink(none)) === none];
    }"""
    assert page.evaluate(words) == [1600, 1200, "image/jpeg", True, True]

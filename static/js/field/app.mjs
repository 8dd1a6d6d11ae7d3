/** The field app: opens the phone's storage, shows one screen at a time, keeps uploading and syncing while it is open. */
import { Api, line, Offline, Refused, SignIn } from "./api.mjs";
import { card } from "./card.mjs";
import { fill, h, icon, toast } from "./dom.mjs";
import { Drafts, photosLeft } from "./drafts.mjs";
import { enter } from "./lock.mjs";
import { outbox } from "./outbox.mjs";
import { search } from "./search.mjs";
import { settings } from "./settings.mjs";
import { signing } from "./signing.mjs";
import { persist, Store } from "./store.mjs";
import { load, sync } from "./sync.mjs";
import { today } from "./today.mjs";
import { Updates } from "./updates.mjs";
import { Uploader } from "./upload.mjs";
import { walk } from "./walk.mjs";

const SYNC_MS = 30 * 60000;
const UNATTENDED_MS = 15 * 60000;
// After an upload the copy is brought up to date, not by every phone of the street in the same second.
const AFTER_MS = 10000;
const FULL = "本机存储空间不足，请清理手机空间，或先上传已完成的检查";
const place = document.getElementById("field");

class App {
  version = document.body.dataset.version;

  constructor() {
    this.updates = new Updates(() => this.bars());
    // The browser offers to install once; the settings keep the offer until somebody takes it up.
    window.addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.offer = event;
    });
    window.addEventListener("appinstalled", () => { this.offer = null; });
  }

  async start() {
    this.updates.start();
    if (!(await this.alone())) {
      place.replaceChildren(h("main", { class: "field-door" }, h("h1", {}, "现场检查"), h("p", {}, "现场检查已在另一个窗口打开，请回到那个窗口，或关掉它再打开这里。"), h("button", { type: "button", class: "big is-main", onclick: () => location.reload() }, "再试一次")));
      return;
    }
    const { user, name, key, fresh } = await enter(place);
    this.persisted = await persist();
    this.store = new Store(user, key);
    this.drafts = new Drafts(this.store);
    [this.data, this.api] = await Promise.all([load(this.store), Api.open(this.store, { app: this.version }), this.drafts.load()]);
    this.data.owner = { id: user, name };
    this.uploader = new Uploader({ store: this.store, api: this.api, drafts: this.drafts, changed: () => this.bars({ again: true }), arrived: () => this.syncSoon() });
    if (this.data.isEmpty) await this.firstSync();
    window.addEventListener("hashchange", () => this.show());
    for (const name of ["online", "offline"]) window.addEventListener(name, () => this.bars());
    document.addEventListener("visibilitychange", () => this.looked());
    document.addEventListener("click", (event) => {
      if (navigator.onLine || !event.target.closest?.("a[href^='/']")) return;
      event.preventDefault(); // the browser's own error page would stand in the place of the app
      toast("现在没有信号，联网后再打开");
    });
    window.addEventListener("pagehide", () => this.drafts.flushAll());
    for (const name of ["field:kept", "field:line"]) document.addEventListener(name, () => this.bars());
    setInterval(() => this.sync(), SYNC_MS);
    this.show();
    this.uploader.run();
    if (!fresh) this.sync();
    document.documentElement.dataset.ready = "";
  }

  /** Two windows would each hold a copy of a draft; the lock goes with the window, however it ends. */
  alone() {
    if (!navigator.locks) return true;
    return new Promise((resolve) => {
      navigator.locks.request("bihuan-field", { ifAvailable: true }, (lock) => {
        resolve(Boolean(lock));
        return lock ? new Promise(() => {}) : undefined;
      });
    });
  }

  /** Until there is a copy, or the person goes on with the drafts alone: they are never behind a sync that fails. */
  async firstSync() {
    for (;;) {
      const words = h("p", { role: "status" }, "正在把底册和检查表带到本机…");
      place.replaceChildren(h("main", { class: "field-door" }, h("h1", {}, "同步"), words));
      const heard = (bytes) => { words.textContent = `正在把底册和检查表带到本机…已收到 ${(bytes / 1e6).toFixed(1)} MB`; };
      try {
        await sync(this.api, this.store, this.data, { heard });
        return;
      } catch (error) {
        const again = await new Promise((resolve) => {
          place.replaceChildren(h("main", { class: "field-door" }, h("h1", {}, "还没有同步"), h("p", {}, this.why(error)),
            error instanceof SignIn && h("a", { class: "big", href: "/accounts/login/?next=/field/" }, "去登录"),
            h("button", { type: "button", class: "big is-main", onclick: () => resolve(true) }, "再试一次"),
            this.drafts.byId.size > 0 && h("button", { type: "button", class: "big", onclick: () => resolve(false) }, `先看本机的 ${this.drafts.byId.size} 份检查`)));
        });
        if (!again) return;
      }
    }
  }

  why(error) {
    if (error instanceof Offline || error instanceof SignIn || error instanceof Refused) return error.message;
    if (error?.name === "QuotaExceededError") return FULL;
    throw error;
  }

  /** Bring the copy up to date; whether it worked. Said aloud only when the person asked. */
  async sync({ region, told = false } = {}) {
    if (!navigator.onLine && !told) return false;
    // One after the other: two answers to one cursor would be taken in twice.
    await this.syncing?.catch(() => null);
    this.syncing = this.#sync({ region, told });
    return this.syncing;
  }

  async #sync({ region, told }) {
    try {
      const changed = await sync(this.api, this.store, this.data, region === undefined ? {} : { region });
      if (told) toast(changed.length ? "已同步" : "已是最新");
      if (!this.screen?.editing) this.show();
      this.updates.check();
      return true;
    } catch (error) {
      const words = this.why(error);
      if (told) toast(words, { stay: 8000 });
      return false;
    }
  }

  syncSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.sync(), AFTER_MS * (1 + 3 * Math.random()));
  }

  async install() {
    await this.offer.prompt();
    this.offer = null;
    this.show();
  }

  go(address) {
    const hash = `#/${address}`;
    if (location.hash === hash) this.show();
    else location.hash = hash;
  }

  /** A phone put away is locked when it is taken up again; what it was sending goes on meanwhile. */
  looked() {
    if (document.visibilityState === "hidden") {
      this.hiddenAt = Date.now();
      this.drafts.flushAll();
    } else if (this.hiddenAt && Date.now() - this.hiddenAt > UNATTENDED_MS) this.lock();
  }

  lock() {
    this.drafts.flushAll().then(() => location.reload());
  }

  show() {
    const [path, query = ""] = location.hash.replace(/^#\//, "").split("?");
    const [name, id, part] = path.split("/");
    const screens = { today, search, enterprise: card, visit: part === "sign" ? signing : walk, outbox, settings };
    const screen = (screens[name] ?? today)(this, id, new URLSearchParams(query));
    if (!screen) return; // it led elsewhere
    this.address = location.hash;
    this.screen = screen;
    this.net = h("div", { class: "net", role: "status" });
    this.update = h("div", { class: "update" });
    fill(place,
      h("header", { class: "field-head" },
        h("div", { class: "field-top" },
          screen.back ? h("a", { class: "back", href: `#/${screen.back}`, "aria-label": "返回" }, icon("chevron-left")) : h("a", { class: "back", href: "/", "aria-label": "离开现场检查" }, icon("home")),
          h("h1", {}, screen.title), screen.step),
        this.net, this.update),
      h("main", { class: "field-main" }, screen.body),
      screen.bottom && h("footer", { class: "field-bottom" }, screen.bottom));
    if (this.shown !== this.address) window.scrollTo(0, 0);
    this.shown = this.address;
    this.bars();
    screen.after?.();
  }

  /** Network, what waits, what must be done about it: always visible, always in words. */
  bars({ again = false } = {}) {
    if (!this.net) return;
    const waiting = this.drafts.in("waiting", "sending").filter((draft) => !draft.locked);
    const waits = waiting.length;
    const photos = waiting.reduce((sum, draft) => sum + photosLeft(draft), 0);
    const refused = this.drafts.in("refused").length;
    const connected = navigator.onLine && line.reachable !== false;
    const words = [
      connected ? "有网络" : `${navigator.onLine ? "连不上服务器" : "无信号"}，内容存在本机`,
      this.uploader.progress && `正在上传 ${this.uploader.progress.words}`,
      waits ? `待上传 ${waits} 份检查${photos ? `、${photos} 张照片` : ""}` : "没有待上传",
      refused && `未接受 ${refused}`,
      !this.updates.carried && "程序还没有全部存到本机，请保持联网",
      this.uploader.signIn && "需要登录",
    ].filter(Boolean).join(" · ");
    if (this.net.textContent !== words) this.net.textContent = words;
    this.net.dataset.state = refused || this.uploader.signIn ? "failed" : connected && !waits && this.updates.carried ? "fine" : "waiting";
    this.update.replaceChildren(...(this.updates.ready ? [
      h("span", {}, this.screen.editing ? "新版本已就绪，完成当前检查后更新" : "新版本已就绪"),
      this.screen.editing ? "" : h("button", { type: "button", onclick: () => this.updates.apply() }, "现在更新"),
    ] : []));
    if (again && this.screen && /^#\/outbox/.test(this.address)) this.show();
  }
}

window.addEventListener("unhandledrejection", ({ reason }) => {
  const full = reason?.name === "QuotaExceededError";
  toast(full ? FULL : `出错了：${reason?.message ?? reason}。内容仍在本机，请重新打开`, { stay: 12000 });
});
await new App().start();

/**
 * <form data-bihuan-autosave>: every change is sent at once, one request at a time; the form stays as it is.
 * The state is said in words in #save-state. When the network drops it tries again; what could not be sent is kept on
 * the device and put back when the form is opened again. Events: bihuan:saved, bihuan:unsaved on the form.
 */
import { csrfToken } from "./http.mjs";

const PAUSE_MS = 700;
const RETRY_MS = [2000, 4000, 8000, 15000, 30000];
const PREFIX = "bihuan.bench.";
const open = new Map(); // form -> its saver

function say(words, tone = "") {
  const place = document.getElementById("save-state");
  if (!place || place.textContent === words) return;
  place.textContent = words;
  place.dataset.tone = tone;
}

const entries = (form) => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken" && name !== "version");
const shape = (form) => JSON.stringify(entries(form));

class Saver {
  constructor(form) {
    this.form = form;
    this.url = form.getAttribute("action");
    this.key = PREFIX + this.url;
    this.sent = shape(form);
    this.running = null;
    this.tries = 0;
    form.addEventListener("input", () => this.soon(PAUSE_MS));
    form.addEventListener("change", () => this.soon(0));
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      this.hold(event, () => (button ? button.click() : form.requestSubmit()));
    }, true);
    form.querySelector("[data-part=close]")?.addEventListener("click", (event) => this.hold(event, () => event.target.closest("a").click()), true);
    form.addEventListener("click", (event) => {
      if (event.target.closest("[data-part=theirs]")) {
        clearTimeout(this.timer);
        this.forget();
      }
      const mine = event.target.closest("[data-part=mine]");
      if (!mine) return;
      this.version = mine.dataset.version;
      this.form.querySelector("[id^=unsaved-]").replaceChildren();
      this.sent = "";
      this.flush();
    });
  }

  get version() { return this.form.querySelector("[data-part=version]").value; }
  set version(value) { this.form.querySelector("[data-part=version]").value = value; }
  get dirty() { return shape(this.form) !== this.sent; }

  keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify({ version: this.version, entries: entries(this.form) }));
    } catch {
      // Without storage the form itself is all there is.
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept either.
    }
  }

  soon(wait) {
    if (!this.dirty) return;
    this.keep();
    say("未保存", "wait");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Nothing leaves the form while a change is on its way: the version would be old. */
  hold(event, again) {
    clearTimeout(this.timer);
    if (!this.running && !(event.type === "click" && this.dirty)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const wanted = event.type === "click" ? this.flush() : this.running;
    wanted.then((saved) => { if (saved) again(); });
  }

  /** Send what is not sent yet; resolves to whether all of it is saved. */
  async flush() {
    while (this.running) await this.running;
    if (!this.form.isConnected || !this.dirty) return true;
    this.running = this.send();
    const saved = await this.running;
    this.running = null;
    return saved ? (this.dirty ? this.flush() : true) : false;
  }

  async send() {
    clearTimeout(this.timer);
    const sending = shape(this.form);
    const body = new FormData(this.form);
    body.set("autosave", "1");
    body.set("since", document.getElementById("since")?.value ?? "");
    body.set("editing", this.form.closest("[data-item-id]")?.dataset.itemId ?? "");
    say("正在保存…");
    let answer;
    try {
      answer = await fetch(this.url, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": csrfToken() } });
    } catch {
      return this.again("未保存：网络不通，恢复后自动重试");
    }
    if (answer.headers.has("HX-Redirect") || answer.redirected) return this.again("未保存：登录已过期，请在新标签页登录，本页会自动重试");
    if (!answer.ok) return this.again(`未保存：服务器出错（${answer.status}），稍后自动重试`);
    this.tries = 0;
    const html = await answer.text();
    const said = answer.headers.get("HX-Trigger") ?? "";
    const saved = said.startsWith("{") ? JSON.parse(said)["bihuan:saved"] : null;
    if (saved) {
      this.version = saved.version;
      this.sent = sending;
      this.form.querySelector("[id^=unsaved-]")?.replaceChildren();
      if (!this.dirty) this.forget();
    }
    window.htmx.swap(document.body, html, { swapStyle: "none" });
    document.dispatchEvent(new CustomEvent("bihuan:bench-changed"));
    say(saved ? `已保存 ${new Date().toLocaleTimeString("zh-CN", { hour12: false })}` : "未保存：请看表中的提示", saved ? "" : "error");
    return Boolean(saved);
  }

  again(words) {
    say(words, "error");
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
    return false;
  }

  /** Put back what could not be sent the last time. */
  restore() {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      return;
    }
    if (!kept) return;
    const values = new Map();
    for (const [name, value] of kept.entries) values.set(name, [...(values.get(name) ?? []), value]);
    for (const field of this.form.elements) {
      if (!field.name || field.type === "hidden" || field.type === "submit") continue;
      const found = values.get(field.name) ?? [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = found.includes(field.value);
      else if (found.length) field.value = found.shift();
    }
    if (!this.dirty) return this.forget();
    // With the version it was typed against: if somebody was there since, the page says so.
    this.version = kept.version;
    this.flush();
  }
}

export function attach(form) {
  if (open.has(form)) return;
  for (const old of open.keys()) if (!old.isConnected) open.delete(old);
  const saver = new Saver(form);
  open.set(form, saver);
  saver.restore();
}

/** Elements of this page with changes that never arrived: their edit links are pressed, the forms restore themselves. */
export function unsent(root) {
  return [...root.querySelectorAll("[data-part=edit]")].filter((link) => {
    try {
      return localStorage.getItem(PREFIX + link.getAttribute("href")) !== null;
    } catch {
      return false;
    }
  });
}

export const saverOf = (form) => open.get(form);

const living = () => [...open.values()].filter((saver) => saver.form.isConnected);
window.addEventListener("online", () => living().forEach((saver) => saver.flush()));
window.addEventListener("beforeunload", (event) => {
  if (living().some((saver) => saver.dirty && saver.tries)) event.preventDefault();
});
// The tab closes between two keystrokes: the browser delivers this after the page is gone.
window.addEventListener("pagehide", () => {
  for (const saver of living()) {
    if (!saver.dirty) continue;
    const body = new FormData(saver.form);
    if (navigator.sendBeacon(saver.url, body)) saver.forget();
  }
});

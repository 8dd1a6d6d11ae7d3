/** Talks to the server as this device (docs/how-to/field-sync.md). Three ways to fail, never one for another. */
import { mintId } from "../ids.mjs";

const BASE = new URL("/field/", location.href).href;
// A line is given up when nothing comes for a minute, however long the whole takes; upwards two bytes a millisecond are enough.
const PATIENCE = 60000;
const SLOWEST = 2;
const ELSEWHERE = "连到的不是本系统的服务器（例如要先登录的公共 Wi-Fi），请换网络";
const SAID = {
  403: "您的岗位已没有检查权限，请联系单位办理授权；草稿留在本机，也可以导出",
  404: "服务器上没有这个地址，请更新程序后重试",
  413: "内容过大，服务器没有接受",
};

/** Whether the server answered when it was asked last; null before. `field:line` is sent when it changes. */
export const line = { reachable: null };

function heardFrom(reachable) {
  if (line.reachable === reachable) return;
  line.reachable = reachable;
  document.dispatchEvent(new CustomEvent("field:line"));
}

/** No answer, or none worth having: wait and send again. */
export class Offline extends Error {}

/** The person must sign in again; nothing on the phone is touched. */
export class SignIn extends Error {
  constructor(message, code = "sign_in") {
    super(message);
    this.code = code;
  }
}

/** The server understood and said no: `status`, `problems` [{where, message}], `code`, `offset`. */
export class Refused extends Error {
  constructor(status, told, offset = -1) {
    super(told?.detail || told?.title || SAID[status] || `服务器没有接受（${status}）`);
    this.status = status;
    this.problems = told?.problems ?? [];
    this.code = told?.code ?? "";
    this.offset = offset;
  }
}

const notNow = (status) => new Offline(`服务器暂时没有回应（${status}）`);

/** {answer, told}: an answer read to its end, `told` what it says as JSON or null. `heard` is called with the bytes so far. */
async function reach(path, { heard = () => {}, ...options } = {}) {
  const stop = new AbortController();
  let timer;
  const wait = (more = 0) => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), PATIENCE + more);
  };
  wait((options.body?.length ?? options.body?.byteLength ?? 0) / SLOWEST);
  try {
    const answer = await fetch(new URL(path, BASE), { signal: stop.signal, cache: "no-store", ...options });
    const parts = [];
    let size = 0;
    if (answer.body) {
      const reader = answer.body.getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        wait();
        parts.push(piece.value);
        heard(size += piece.value.length);
      }
    }
    heardFrom(answer.status < 500);
    return { answer, told: parsed(await new Blob(parts).text()) };
  } catch {
    heardFrom(false);
    throw new Offline("网络不通");
  } finally {
    clearTimeout(timer);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** {user, name, csrf, may_inspect} of the browser's session, or null when nobody is signed in. */
export async function session() {
  const { answer, told } = await reach("session/", { redirect: "manual" });
  if (answer.type === "opaqueredirect" || answer.status === 401) return null;
  if (!answer.ok) throw notNow(answer.status);
  if (!told?.csrf) throw new Offline(ELSEWHERE);
  return told;
}

export class Api {
  constructor(store, keys, { app }) {
    this.store = store;
    this.keys = keys ?? {};
    this.app = app;
    this.access = null;
  }

  static async open(store, options) {
    return new Api(store, await store.get("keys"), options);
  }

  /** Make this phone known, with the session of whoever signed in in this browser. */
  async signIn() {
    const who = await session();
    if (!who) throw new SignIn("请重新登录，登录后继续上传；本机草稿都在");
    if (who.user !== this.store.user) throw new SignIn(`浏览器登录的是${who.name}，这里是别人的本机资料，请用本人账号登录`);
    if (!who.may_inspect) throw new SignIn("您的岗位没有检查权限，请联系单位办理授权");
    for (const id of [this.keys.device ?? mintId(), mintId()]) {
      const { answer, told } = await reach("devices/", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": who.csrf },
        body: JSON.stringify({ id, name: deviceName(), app: this.app }),
      });
      if (answer.status === 409) continue; // revoked: this phone becomes a new device
      if (answer.status >= 500) throw notNow(answer.status);
      if (!answer.ok) throw new Refused(answer.status, told);
      if (!told?.access) throw new Offline(ELSEWHERE);
      this.#hold(told);
      this.keys = { device: id, refresh: told.refresh, signed_until: told.signed_until };
      await this.store.put("keys", this.keys);
      return;
    }
    throw new SignIn("这台设备登记不上，请联系安全管理员");
  }

  async #key() {
    if (this.access && this.access.until > Date.now()) return this.access.text;
    if (!this.keys.refresh) {
      await this.signIn();
      return this.access.text;
    }
    const { answer, told } = await reach("token/", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ device: this.keys.device, refresh: this.keys.refresh }) });
    if (answer.ok && told?.access) this.#hold(told);
    else if (answer.status === 401) await this.signIn();
    else throw answer.ok ? new Offline(ELSEWHERE) : notNow(answer.status);
    return this.access.text;
  }

  #hold({ access, seconds }) {
    this.access = { text: access, until: Date.now() + (seconds - 60) * 1000 };
  }

  async #call(path, { headers = {}, ...options } = {}) {
    for (let attempt = 0; ; attempt += 1) {
      const key = await this.#key();
      const { answer, told } = await reach(path, { ...options, credentials: "omit", headers: { Authorization: `Device ${key}`, "X-Bihuan-App": this.app, ...headers } });
      if (answer.ok) return { answer, told };
      if (answer.status === 401 && attempt < 2) {
        this.access = null;
        continue;
      }
      if (answer.status >= 500 || answer.status === 429 || answer.status === 408) throw notNow(answer.status);
      if (answer.status === 401) throw new SignIn(told?.detail ?? "请重新登录", told?.code);
      throw new Refused(answer.status, told, Number(answer.headers.get("Upload-Offset") ?? -1));
    }
  }

  /** What the server tells in JSON. Rejects with Offline, SignIn or Refused. */
  async json(path, options) {
    const { told } = await this.#call(path, options);
    if (told === null || typeof told !== "object") throw new Offline(ELSEWHERE);
    return told;
  }

  /** How far a photo has come: {offset, complete}. Rejects as `json` does. */
  async progress(path, options) {
    const { answer } = await this.#call(path, options);
    const offset = answer.headers.get("Upload-Offset");
    if (offset === null) throw new Offline(ELSEWHERE);
    return { offset: Number(offset), complete: answer.headers.get("Upload-Complete") === "?1" };
  }
}

function deviceName() {
  const model = navigator.userAgent.match(/\(([^)]+)\)/)?.[1].split(";").map((part) => part.trim()).filter((part) => !/^(Linux|U|wv|K|X11)/.test(part));
  return (model?.at(-1) ?? "手机").slice(0, 60);
}

/** Talks to the server as this device (docs/how-to/field-sync.md). Three ways to fail, never one for another. */
import { mintId } from "../ids.mjs";

const BASE = new URL("/field/", location.href).href;
const PATIENCE = 60000;

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
  constructor(status, body, offset) {
    super(body?.detail || body?.title || `服务器没有接受（${status}）`);
    this.status = status;
    this.problems = body?.problems ?? [];
    this.code = body?.code ?? "";
    this.offset = offset;
  }
}

async function reach(path, options = {}) {
  try {
    return await fetch(new URL(path, BASE), { signal: AbortSignal.timeout(PATIENCE), cache: "no-store", ...options });
  } catch {
    throw new Offline("网络不通");
  }
}

const bodyOf = (answer) => answer.json().catch(() => null);

/** {user, name, csrf, may_inspect} of the browser's session, or null when nobody is signed in. */
export async function session() {
  const answer = await reach("session/", { redirect: "manual" });
  if (answer.type === "opaqueredirect" || answer.status === 401) return null;
  if (!answer.ok) throw new Offline(`服务器暂时没有回应（${answer.status}）`);
  return answer.json();
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
      const answer = await reach("devices/", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": who.csrf },
        body: JSON.stringify({ id, name: deviceName(), app: this.app }),
      });
      if (answer.status === 409) continue; // revoked: this phone becomes a new device
      if (answer.status >= 500) throw new Offline(`服务器暂时没有回应（${answer.status}）`);
      if (!answer.ok) throw new Refused(answer.status, await bodyOf(answer));
      const told = await answer.json();
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
    const answer = await reach("token/", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ device: this.keys.device, refresh: this.keys.refresh }) });
    if (answer.ok) this.#hold(await answer.json());
    else if (answer.status === 401) await this.signIn();
    else throw new Offline(`服务器暂时没有回应（${answer.status}）`);
    return this.access.text;
  }

  #hold({ access, seconds }) {
    this.access = { text: access, until: Date.now() + (seconds - 60) * 1000 };
  }

  /** A Response that was a success. Rejects with Offline, SignIn or Refused. */
  async call(path, { headers = {}, ...options } = {}) {
    for (let attempt = 0; ; attempt += 1) {
      const key = await this.#key();
      const answer = await reach(path, { ...options, credentials: "omit", headers: { Authorization: `Device ${key}`, "X-Bihuan-App": this.app, ...headers } });
      if (answer.ok) return answer;
      if (answer.status === 401 && attempt < 2) {
        this.access = null;
        continue;
      }
      if (answer.status >= 500 || answer.status === 429 || answer.status === 408) throw new Offline(`服务器暂时没有回应（${answer.status}）`);
      const body = await bodyOf(answer);
      if (answer.status === 401) throw new SignIn(body?.detail ?? "请重新登录", body?.code);
      throw new Refused(answer.status, body, Number(answer.headers.get("Upload-Offset") ?? -1));
    }
  }
}

function deviceName() {
  const model = navigator.userAgent.match(/\(([^)]+)\)/)?.[1].split(";").map((part) => part.trim()).filter((part) => !/^(Linux|U|wv|K|X11)/.test(part));
  return (model?.at(-1) ?? "手机").slice(0, 60);
}

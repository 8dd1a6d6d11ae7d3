/** The door: choosing a PIN, opening with it, and what a forgotten one costs. */
import { Offline, session } from "./api.mjs";
import { isPossible, makeVault, PIN, resealed, unsealKey, WrongPin } from "./crypto.mjs";
import { ask, field, h, toast } from "./dom.mjs";
import * as store from "./store.mjs";

const FREE_TRIES = 5;
const PAUSE_MS = 30000;

/** Shows whatever must be shown until somebody is in: resolves to {user, name, key, fresh}. */
export async function enter(place) {
  if (!isPossible()) {
    place.replaceChildren(sheet("这里不能离线检查", h("p", {}, window.isSecureContext
      ? "这个浏览器缺少离线所需的功能，请改用较新的 Chrome、Edge 或手机自带浏览器。"
      : "现场检查要把草稿加密后存在手机上，浏览器只在 https 网址下提供加密。现在的网址不是 https，为了不把检查内容明文存在手机上，这里不保存任何内容。请联系系统管理员为本系统配置 https 证书（见《配置》BIHUAN_HTTPS）。"),
    h("a", { class: "big is-main", href: "/inspections/choose/" }, "改用联网检查")));
    return new Promise(() => {});
  }
  const vaults = await store.vaults();
  return new Promise((resolve) => {
    const first = vaults.length === 1 ? vaults[0] : null;
    if (!vaults.length) begin();
    else if (first) unlock(first);
    else choose();

    function choose() {
      place.replaceChildren(sheet("谁在用这部手机", vaults.map((vault) => h("button", { type: "button", class: "big", onclick: () => unlock(vault) }, vault.name)), h("button", { type: "button", class: "big", onclick: begin }, "另一个人")));
    }

    async function begin() {
      place.replaceChildren(sheet("现场检查", h("p", { role: "status" }, "正在连接…")));
      let who;
      try {
        who = await session();
      } catch (error) {
        if (!(error instanceof Offline)) throw error;
        place.replaceChildren(sheet("现场检查", h("p", {}, "第一次使用要先联网登录，设好 PIN、带上底册，之后没有信号也能用。"), h("button", { type: "button", class: "big is-main", onclick: begin }, "再试一次")));
        return;
      }
      const known = who && vaults.find((vault) => vault.user === who.user);
      if (known) unlock(known);
      else if (!who) place.replaceChildren(sheet("现场检查", h("p", {}, "请先登录，再设本机 PIN。"), h("a", { class: "big is-main", href: "/accounts/login/?next=/field/" }, "登录")));
      else if (!who.may_inspect) place.replaceChildren(sheet("现场检查", h("p", {}, `${who.name}的岗位没有检查权限，请联系单位办理授权。`), h("a", { class: "big", href: "/" }, "回首页")));
      else choosePin(who);
    }

    function choosePin(who) {
      const form = h("form", { class: "pin", onsubmit: async (event) => {
        event.preventDefault();
        const [pin, again] = [form.pin.value, form.again.value];
        const words = weakness(pin, again);
        if (words) return toast(words);
        form.querySelector("button").disabled = true;
        const { vault, key } = await makeVault(pin);
        await store.keepVault({ ...vault, user: who.user, name: who.name, failures: 0, until: 0 });
        return resolve({ user: who.user, name: who.name, key, fresh: true });
      } },
      pinField("设本机 PIN（6 至 12 位数字）", "pin", "new-password"), pinField("再输一次", "again", "new-password"),
      h("p", { class: "help" }, "草稿、照片和底册用它加密后存在本机。PIN 不上传，忘了无法找回，未上传的草稿会随之丢失。"),
      h("button", { class: "big is-main" }, "设好，开始"));
      place.replaceChildren(sheet(`${who.name}，你好`, form));
      form.pin.focus();
    }

    function unlock(vault) {
      const words = h("p", { role: "alert", class: "problem" });
      const form = h("form", { class: "pin", onsubmit: async (event) => {
        event.preventDefault();
        form.querySelector("button").disabled = true;
        const { value: key, why } = await attempt(vault, () => unsealKey(vault, form.pin.value));
        if (key) return resolve({ user: vault.user, name: vault.name, key, fresh: false });
        words.textContent = why;
        form.querySelector("button").disabled = false;
        form.pin.value = "";
        form.pin.focus();
      } },
      pinField("PIN", "pin", "current-password"), words, h("button", { class: "big is-main" }, "打开"),
      h("button", { type: "button", class: "link", onclick: () => forget(vault) }, "忘了 PIN"),
      h("button", { type: "button", class: "link", onclick: begin }, `不是${vault.name}`));
      const waits = h("p", {});
      place.replaceChildren(sheet(vault.name, waits, form));
      store.waiting(vault.user).then((count) => { waits.textContent = count ? `本机有 ${count} 份检查还没有上传` : "本机没有待上传的检查"; });
      form.pin.focus();
    }

    async function forget(vault) {
      const count = await store.waiting(vault.user);
      const lost = count ? `本机有 ${count} 份检查还没有上传。忘了 PIN 就再也打不开，重设会把它们连同照片永久删除，无法恢复。` : "本机没有待上传的检查。重设会清除本机资料，登录后重新同步。";
      if (!(await ask(lost, { yes: count ? "我知道，全部删除" : "重设", danger: true }))) return;
      if (count && !(await ask(`再确认一次：永久删除 ${count} 份没有上传的检查？`, { yes: "永久删除", danger: true }))) return;
      await store.wipe(vault.user);
      vaults.splice(vaults.indexOf(vault), 1);
      begin();
    }
  });
}

/** What is wrong with a PIN somebody wants, or "". */
function weakness(pin, again) {
  if (!PIN.test(pin)) return "PIN 须为 6 至 12 位数字";
  if (/^(\d)\1+$/.test(pin) || "01234567890123456789".includes(pin) || "98765432109876543210".includes(pin)) return "不要用连号或同一个数字";
  return pin === again ? "" : "两次输入的 PIN 不一样";
}

/** {value} of what a right PIN opens, or {why} not; wrong ones are counted and cost time. */
async function attempt(vault, act) {
  const left = vault.until - Date.now();
  if (left > 0) return { why: `试错次数过多，请 ${Math.ceil(left / 1000)} 秒后再试` };
  try {
    const value = await act();
    Object.assign(vault, { failures: 0, until: 0 });
    await store.keepVault(vault);
    return { value };
  } catch (error) {
    if (!(error instanceof WrongPin)) throw error;
    vault.failures += 1;
    // Longer each time; nothing is wiped, or a child with the phone would cost a day's work.
    const over = vault.failures - FREE_TRIES;
    vault.until = over >= 0 ? Date.now() + PAUSE_MS * 2 ** Math.min(over, 6) : 0;
    await store.keepVault(vault);
    return { why: vault.until ? `PIN 不正确，已错 ${vault.failures} 次，请稍后再试` : `PIN 不正确，还可试 ${FREE_TRIES - vault.failures} 次` };
  }
}

/** The form by which a person exchanges the PIN; drafts and photos stay as they are. */
export function pinChange(user) {
  const words = h("p", { role: "alert", class: "problem" });
  const button = h("button", { class: "big" }, "更改 PIN");
  const form = h("form", { class: "pin", onsubmit: async (event) => {
    event.preventDefault();
    const [old, pin, again] = ["old", "pin", "again"].map((name) => form.elements[name].value);
    words.textContent = weakness(pin, again);
    if (words.textContent) return;
    button.disabled = true;
    const vault = (await store.vaults()).find((each) => each.user === user);
    const { value, why } = await attempt(vault, () => resealed(vault, old, pin));
    if (value) await store.keepVault({ ...vault, ...value });
    button.disabled = false;
    words.textContent = why ?? "";
    form.reset();
    if (value) toast("PIN 已更改，下次打开用新 PIN");
  } }, pinField("现在的 PIN", "old", "current-password"), pinField("新 PIN（6 至 12 位数字）", "pin", "new-password"), pinField("再输一次新 PIN", "again", "new-password"), words, button);
  return form;
}

const pinField = (label, name, complete) => field(label, { name, type: "password", inputmode: "numeric", autocomplete: complete, maxlength: 12, required: true });

function sheet(title, ...children) {
  return h("main", { class: "field-door" }, h("h1", {}, title), ...children);
}

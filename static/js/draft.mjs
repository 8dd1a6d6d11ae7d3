/**
 * <form data-draft-key="inspection-12-user-7" data-draft-seal="…">: what is typed is kept on this device, sealed (sealing.mjs),
 * until the server has it. [data-bihuan-draft-state] says 已存本机. The key names person and record, because devices are shared.
 * Passwords, files and hidden inputs are never stored; photos add themselves through bihuan:draft-collect.
 *
 * When is it thrown away? A submit leaves a note in sessionStorage; the draft goes when the next page was reached from the
 * form's page and does not show the form with errors, or when an htmx answer removed the form. A lost connection does neither.
 */
import { keyFor, sealText, unsealText } from "./sealing.mjs";
import { showToast } from "./toast.mjs";

const PREFIX = "bihuan.draft.";
const NOTE = "bihuan.submitted";
const PAUSE_MS = 250;
const NOTE_MS = 10 * 60 * 1000;
const UNSEALED = "网址不是 https，浏览器不能加密，草稿没有存在本机，请尽快提交";

const clock = (time) => new Date(time).toLocaleString("zh-CN", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** What is open to anybody of the drafts on this device: {key, at, page, pending}. */
export function drafts() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).flatMap((key) => {
    const row = rowOf(key);
    return row ? [{ key, at: row.at, page: row.page, pending: row.pending }] : [];
  });
}

function rowOf(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** What is kept of a form: {at, values, extra, isPlain}; null for nothing, or nothing that opens. */
export async function keptOf(form) {
  const row = rowOf(PREFIX + form.dataset.draftKey);
  if (!row) return null;
  if (row.values) return { ...row, isPlain: true }; // of an earlier version, before drafts were sealed
  const key = await keyFor(form);
  const content = key && (await unsealText(key, row.sealed ?? "").catch(() => null));
  return content && { at: row.at, ...content };
}

const storable = (field) => field.name && !["password", "file", "hidden", "submit", "button", "fieldset"].includes(field.type);

function collect(form) {
  const values = {};
  for (const field of form.elements) {
    if (!storable(field)) continue;
    if (field.type === "radio" || field.type === "checkbox") {
      if (field.checked) (values[field.name] ??= []).push(field.value);
      else values[field.name] ??= [];
    } else if (field.multiple) values[field.name] = [...field.selectedOptions].map((option) => option.value);
    else (values[field.name] ??= []).push(field.value);
  }
  const extra = {};
  form.dispatchEvent(new CustomEvent("bihuan:draft-collect", { detail: extra }));
  return { values, extra };
}

function restore(form, { values, extra }) {
  const seen = {};
  for (const field of form.elements) {
    const kept = storable(field) && values[field.name];
    if (!kept) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = kept.includes(field.value);
    else if (field.multiple) for (const option of field.options) option.selected = kept.includes(option.value);
    else {
      const index = seen[field.name] ?? 0;
      seen[field.name] = index + 1;
      if (kept[index] !== undefined) field.value = kept[index];
    }
  }
  form.dispatchEvent(new CustomEvent("bihuan:draft-restore", { detail: extra ?? {} }));
  form.dispatchEvent(new CustomEvent("bihuan:draft-restored"));
}

/** Throws away the draft of a form whose submit has visibly arrived. Runs once per page, whatever page it is. */
export function settle() {
  let note;
  try {
    note = JSON.parse(sessionStorage.getItem(NOTE) ?? "null");
  } catch {
    note = null;
  }
  if (!note) return;
  sessionStorage.removeItem(NOTE);
  const arrived = document.referrer.split("?")[0] === note.page && Date.now() - note.at < NOTE_MS
    && performance.getEntriesByType("navigation")[0]?.type === "navigate";
  const form = document.querySelector(`form[data-draft-key="${CSS.escape(note.key)}"]`);
  if (arrived && !form?.querySelector(".field-errors, [data-bihuan-errors]")) localStorage.removeItem(PREFIX + note.key);
}

export async function attach(form) {
  const key = PREFIX + form.dataset.draftKey;
  const sealing = await keyFor(form);
  const states = () => document.querySelectorAll("[data-bihuan-draft-state]");
  const say = (words) => states().forEach((element) => { element.textContent = words; });
  let waiting = 0;
  let sent = false;
  let keeping = Promise.resolve();

  /** As the form stands now, behind what is still being written: an earlier state never comes to lie over a later one. */
  const save = (more = {}) => {
    clearTimeout(waiting);
    waiting = 0;
    const content = collect(form);
    keeping = keeping.then(() => keep(content, more));
    return keeping;
  };

  async function keep(content, more) {
    if (sent) return;
    if (!sealing) {
      say(UNSEALED);
      return;
    }
    try {
      const sealed = await sealText(sealing, content);
      if (sent) return;
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), page: location.pathname + location.search, ...more, sealed }));
      say(`已存本机 ${clock(Date.now())}`);
    } catch {
      say("本机存不下草稿，请尽快提交");
    }
    document.dispatchEvent(new CustomEvent("bihuan:outbox"));
  }

  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, PAUSE_MS);
  };

  const hasErrors = form.querySelector(".field-errors, [data-bihuan-errors]");
  const kept = hasErrors ? null : await keptOf(form);
  if (kept) {
    restore(form, kept);
    const note = document.createElement("div");
    note.className = "notice notice-info draft-note";
    note.setAttribute("role", "status");
    const words = document.createElement("div");
    words.textContent = `已恢复 ${clock(kept.at)} 存在本机的内容。`;
    const discard = document.createElement("button");
    discard.type = "button";
    discard.className = "btn btn-quiet btn-sm";
    discard.textContent = "丢弃草稿";
    discard.addEventListener("click", () => {
      sent = true;
      localStorage.removeItem(key);
      location.reload();
    });
    words.append(" ", discard);
    note.append(words);
    form.prepend(note);
    if (kept.isPlain && sealing) save();
  }

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("bihuan:draft-touch", later);
  // Sealing takes a moment that a page going away does not have: it is begun when the page goes out of sight.
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && waiting && save());
  window.addEventListener("pagehide", () => waiting && save());
  form.addEventListener("submit", (event) => {
    if (!navigator.onLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      save({ pending: true });
      showToast(sealing ? "无信号，已存本机。有网络后请再次提交。" : `无信号。${UNSEALED}；有网络前请不要关掉本页。`, { stay: 8000 });
      return;
    }
    save();
    if (form.matches("[hx-post], [hx-put], [hx-patch]")) return;
    sessionStorage.setItem(NOTE, JSON.stringify({ key: form.dataset.draftKey, page: location.href.split("?")[0].split("#")[0], at: Date.now() }));
  }, true);
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (sent || form.isConnected || event.detail.requestConfig?.elt !== form || event.detail.xhr.status >= 400) return;
    const again = document.querySelector(`form[data-draft-key="${CSS.escape(form.dataset.draftKey)}"]`);
    if (again?.querySelector(".field-errors, [data-bihuan-errors]")) return;
    sent = true;
    localStorage.removeItem(key);
  });
}

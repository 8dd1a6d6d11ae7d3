/**
 * <form data-draft-key="inspection-12-user-7">: what is typed is kept on this device until the server has it.
 * [data-bihuan-draft-state] says 已存本机. The key names person and record, because devices are shared.
 * Passwords, files and hidden inputs are never stored; photos add themselves through bihuan:draft-collect.
 *
 * When is it thrown away? A submit leaves a note in sessionStorage; the draft goes when the next page was reached from the
 * form's page and does not show the form with errors, or when an htmx answer removed the form. A lost connection does neither.
 */
import { showToast } from "./toast.mjs";

const PREFIX = "bihuan.draft.";
const NOTE = "bihuan.submitted";
const PAUSE_MS = 400;
const NOTE_MS = 10 * 60 * 1000;

const clock = (time) => new Date(time).toLocaleString("zh-CN", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });

export function drafts() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).flatMap((key) => {
    try {
      return [{ key, ...JSON.parse(localStorage.getItem(key)) }];
    } catch {
      return [];
    }
  });
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

export function attach(form) {
  const key = PREFIX + form.dataset.draftKey;
  const states = () => document.querySelectorAll("[data-bihuan-draft-state]");
  const say = (words) => states().forEach((element) => { element.textContent = words; });
  let waiting;
  let sent = false;

  const save = (more = {}) => {
    if (sent) return;
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), page: location.pathname + location.search, title: document.title, ...collect(form), ...more }));
      say(`已存本机 ${clock(Date.now())}`);
    } catch {
      say("本机存不下草稿，请尽快提交");
    }
    document.dispatchEvent(new CustomEvent("bihuan:outbox"));
  };
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, PAUSE_MS);
  };

  const hasErrors = form.querySelector(".field-errors, [data-bihuan-errors]");
  const kept = localStorage.getItem(key);
  if (kept && !hasErrors) {
    try {
      const draft = JSON.parse(kept);
      restore(form, draft);
      const note = document.createElement("div");
      note.className = "notice notice-info draft-note";
      note.setAttribute("role", "status");
      const words = document.createElement("div");
      words.textContent = `已恢复 ${clock(draft.at)} 存在本机的内容。`;
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
    } catch {
      localStorage.removeItem(key);
    }
  }

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("bihuan:draft-touch", later);
  window.addEventListener("pagehide", () => waiting && save());
  form.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    if (!navigator.onLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      save({ pending: true });
      showToast("无信号，已存本机。有网络后请再次提交。", { stay: 8000 });
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

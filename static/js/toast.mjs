/**
 * Short answers at the edge. showToast(text, {tone}); the header HX-Trigger: {"bihuan:toast": "已保存"} does the same.
 * Says in words what went wrong when an htmx request fails.
 */

const STAY_MS = 5000;

export function showToast(text, { tone = "", stay = STAY_MS } = {}) {
  const note = document.createElement("div");
  note.className = `toast-note${tone ? ` is-${tone}` : ""}`;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", "关闭");
  close.addEventListener("click", () => note.remove());
  note.append(words, close);
  // A modal dialog makes everything outside inert; the note must be said inside it.
  const dialog = document.querySelector("dialog[open]");
  (dialog ?? document.getElementById("toasts") ?? document.body).append(note);
  if (stay) setTimeout(() => note.remove(), stay);
  return note;
}

const WORDS = {
  0: "网络不通，没有保存。请检查网络后重试。",
  403: "没有保存：登录已过期或没有这项权限。请刷新页面后重试。",
  404: "没有找到这条记录，它可能已不在您的管辖范围内。",
  409: "没有保存：状态已被别人改变。请刷新页面核对。",
  413: "没有保存：文件太大。",
  429: "操作太频繁，请稍后再试。",
};

document.body.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  showToast(WORDS[status] ?? `没有保存：服务器出错（${status}）。请稍后重试。`, { tone: "error", stay: 12000 });
});
document.body.addEventListener("htmx:sendError", () => showToast(WORDS[0], { tone: "error", stay: 12000 }));
document.body.addEventListener("htmx:timeout", () => showToast(WORDS[0], { tone: "error", stay: 12000 }));
document.body.addEventListener("bihuan:toast", (event) => showToast(event.detail?.value ?? String(event.detail)));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-bihuan-dismiss]")) event.target.closest(".toast-note, .notice")?.remove();
});
document.body.addEventListener("htmx:load", (event) => {
  const notes = event.target.matches?.("[data-bihuan-toast]") ? [event.target] : event.target.querySelectorAll("[data-bihuan-toast]");
  for (const note of notes) setTimeout(() => note.remove(), STAY_MS);
});

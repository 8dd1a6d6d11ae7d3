/**
 * <div data-bihuan-splitview> with source spans [data-span-id] and cards [data-item-id], both carrying
 * data-span-start and data-span-end (character offsets in the source, end exclusive). Overlap joins them.
 * Click or arrow keys at the left, click or focus at the right; j and k go to the next and previous card with
 * data-unresolved (to any card when all are resolved), Enter presses [data-part=edit] of the lit card.
 */

const range = (element) => [Number(element.dataset.spanStart), Number(element.dataset.spanEnd)];
const overlaps = (a, b) => a[0] < b[1] && b[0] < a[1];
const typing = (target) => target.closest("input, select, textarea, button, a, summary, dialog, [contenteditable]");

export function attach(root) {
  let lit = null; // id of the lit card: survives the swap of the card itself
  const spans = () => [...root.querySelectorAll("[data-span-id]")];
  const items = () => [...root.querySelectorAll("[data-item-id]")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const bring = (element) => element?.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });

  function light(item, { scrollItem = true, scrollSource = true } = {}) {
    lit = item?.dataset.itemId ?? null;
    const wanted = item && range(item);
    for (const other of items()) {
      other.classList.toggle("is-lit", other === item);
      if (other === item) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
    let first = null;
    for (const span of spans()) {
      const on = Boolean(item) && overlaps(range(span), wanted);
      span.classList.toggle("is-lit", on);
      if (on) first ??= span;
    }
    if (scrollSource) bring(first);
    if (scrollItem) bring(item);
  }

  /** The narrowest card that covers this span: a check item before its task, a task before its chapter. */
  function itemOf(span) {
    const wanted = range(span);
    const size = (item) => range(item)[1] - range(item)[0];
    return items().filter((item) => overlaps(range(item), wanted)).sort((a, b) => size(a) - size(b))[0] ?? null;
  }

  function go(step) {
    const all = items();
    const open = all.filter((item) => "unresolved" in item.dataset);
    const list = open.length ? open : all;
    if (!list.length) return;
    const here = all.findIndex((item) => item.dataset.itemId === lit);
    const next = step > 0
      ? list.find((item) => all.indexOf(item) > here) ?? list[0]
      : [...list].reverse().find((item) => all.indexOf(item) < here) ?? list[list.length - 1];
    light(next);
    next.focus({ preventScroll: true });
  }

  function rove() {
    spans().forEach((span, index) => { span.tabIndex = index ? -1 : 0; });
    items().forEach((item) => { item.tabIndex = 0; });
  }

  root.addEventListener("click", (event) => {
    const span = event.target.closest("[data-span-id]");
    if (span) light(itemOf(span), { scrollSource: false });
    const item = event.target.closest("[data-item-id]");
    if (item && item.dataset.itemId !== lit) light(item, { scrollItem: false });
  });
  root.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-item-id]") && event.target.dataset.itemId !== lit) light(event.target, { scrollItem: false });
  });
  root.addEventListener("keydown", (event) => {
    const span = event.target.closest("[data-span-id]");
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (span && step) {
      event.preventDefault();
      const list = spans();
      const next = list[list.indexOf(span) + step];
      if (!next) return;
      span.tabIndex = -1;
      next.tabIndex = 0;
      next.focus({ preventScroll: true });
      bring(next);
      light(itemOf(next), { scrollSource: false });
    }
    if (span && event.key === "Enter") itemOf(span)?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (!root.isConnected || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "j") go(1);
    if (event.key === "k") go(-1);
    if (event.key === "Enter" && !event.target.closest("[data-span-id]")) {
      const edit = items().find((item) => item.dataset.itemId === lit)?.querySelector("[data-part=edit]");
      if (edit) {
        event.preventDefault();
        edit.click();
      }
    }
  });
  root.addEventListener("htmx:load", () => {
    rove();
    const item = items().find((other) => other.dataset.itemId === lit);
    if (item) light(item, { scrollItem: false, scrollSource: false });
  });

  rove();
  const named = location.hash && items().find((item) => `#${item.id}` === location.hash);
  if (named) light(named);
}

/**
 * The plan workbench: <div data-bihuan-workbench> around the source and the cards, worked by keys (`_keys.html`).
 * What asks for a person carries data-asks: cards to confirm, units to identify, findings to answer. One of them is lit;
 * it has the focus, and an answer that replaces it gives the focus back.
 */
import { attach as autosave, saverOf, unsent } from "./bench-autosave.mjs";
import { pulse } from "./bench-pulse.mjs";
import { source } from "./bench-source.mjs";
import { showToast } from "./toast.mjs";

const STOPS = "[data-item-id], [data-finding-id], [data-unit-id]";
const typing = (target) => target.closest("input, select, textarea, dialog, [contenteditable]");
const pressing = (target) => target.closest("button, summary, a");

function attach(root) {
  const text = source(root);
  const structure = root.querySelector("#structure");
  let lit = ""; // id of the lit element
  let wanted = ""; // the field to go to when the form has come
  let opening = ""; // id of the element just added, to be edited when it has come
  let next = null; // what to do when the fragment asked for has come
  let show = structure.querySelector("[data-part=items]").dataset.show;

  const current = () => (lit ? document.getElementById(lit) : null);
  const card = () => current()?.closest("[data-item-id]") ?? null;
  const visible = (element) => element.offsetParent !== null;
  const all = () => [...structure.querySelectorAll(STOPS)].filter(visible);
  const after = (a, b) => Boolean(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING);

  function light(element, { focus = true, scroll = true, scrollSource = true } = {}) {
    for (const old of structure.querySelectorAll(".is-lit, [aria-current=true][data-item-id]")) {
      old.classList.remove("is-lit");
      old.removeAttribute("aria-current");
      if (old.id !== element?.id) for (const details of old.querySelectorAll("[data-part=details]")) details.open = false;
    }
    lit = element?.id ?? "";
    const around = element?.closest("[data-item-id]") ?? element;
    for (const each of new Set([element, around])) {
      each?.classList.add("is-lit");
      each?.setAttribute("aria-current", "true");
    }
    around?.querySelector(":scope > [data-part=details]")?.setAttribute("open", "");
    const first = text.light(element?.matches("[data-unit-id]") ? null : element);
    if (scrollSource) text.bring(first);
    if (element && scroll) text.bring(element);
    if (element && focus) element.focus({ preventScroll: true });
  }

  function go(step, { asking = true } = {}) {
    const list = all().filter((element) => !asking || ("asks" in element.dataset && !element.classList.contains("is-sent")));
    if (!list.length) {
      if (asking) showToast("全部核对完，可以检查并发布");
      return;
    }
    const here = current();
    const found = here && (step > 0 ? list.find((each) => after(here, each)) : [...list].reverse().find((each) => after(each, here)));
    light(found ?? (step > 0 ? list[0] : list[list.length - 1]));
  }

  const part = (name, inside = current()) => inside?.querySelector(`[data-part=${name}]`) ?? null;
  const own = (name) => card()?.querySelector(`[data-part=${name}]`) ?? null;
  const press = (button) => {
    if (!button || button.disabled) return false;
    // What came with the last answer may be pressed before htmx has got round to it.
    window.htmx?.process(button.form ?? button.parentElement);
    button.click();
    return true;
  };

  /** Press and go on at once; the answer comes while the next one is being read. */
  function done(button, element = current()) {
    if (!press(button)) return;
    element?.classList.add("is-sent");
    go(1);
  }

  function edit(field = "") {
    const link = own("edit");
    if (!link) return;
    wanted = field;
    link.click();
  }

  /** Open the panel of seldom things, then do `act` with it. */
  function more(act) {
    const opened = own("panel");
    if (opened) return act(opened);
    next = act;
    press(own("more"));
  }

  function choose() {
    const link = part("choose") ?? own("choose");
    if (!link) return;
    root.querySelector("[data-part=all-units]").open = true;
    const field = document.getElementById(link.hash.slice(1));
    field?.focus();
    field?.scrollIntoView({ block: "center" });
  }

  function ignore() {
    const link = own("choose");
    const unit = current()?.matches("[data-unit-id]") ? current() : link && document.getElementById(link.hash.replace("#meaning-", "unit-"));
    press(part("ignore", unit));
  }

  function finding() {
    const element = current();
    if (element?.matches("[data-finding-id]")) return element;
    return card()?.querySelector("[data-finding-id][data-asks]") ?? null;
  }

  function waive() {
    const element = finding();
    const details = part("waive", element);
    if (!details) return;
    light(element, { focus: false });
    details.open = true;
    details.querySelector("input[name=reason]").focus();
  }

  function section() {
    const heads = all().filter((element) => element.matches(".is-section"));
    const here = current();
    const head = here && [...heads].reverse().find((element) => element === here || after(element, here));
    return part("confirm-section", head ?? heads[0]);
  }

  const KEYS = {
    j: () => go(1),
    k: () => go(-1),
    n: () => go(1),
    p: () => go(-1),
    ArrowDown: () => go(1, { asking: false }),
    ArrowUp: () => go(-1, { asking: false }),
    c: () => done(own("confirm"), card()),
    x: () => done(own("remove") ?? own("restore"), card()),
    Enter: () => edit(),
    d: () => edit("due"),
    l: () => edit("lead"),
    y: () => press(part("is-suggestion") ?? own("is-suggestion")),
    u: choose,
    i: ignore,
    a: () => done(part("accept", finding()), finding()),
    w: waive,
    t: () => more((panel) => part("retype", panel)?.focus()),
    s: () => more((panel) => part("split-at", panel)?.focus()),
    m: () => more((panel) => press(part("merge", panel))),
    S: () => press(section()),
    A: () => press(part("confirm-confident", structure)),
    z: () => press(document.getElementById("undo")),
    o: () => (text.pieces().find((piece) => piece.classList.contains("is-lit")) ?? text.pieces()[0])?.focus(),
    "?": () => document.getElementById("keys-dialog").showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (document.querySelector("dialog[open]")) return;
    const form = target.closest(".is-editing form");
    if (form && key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press(part("save-confirm", form)); // a click, because htmx takes the value of the button that was clicked
      return;
    }
    if (form && key === "Escape") {
      event.preventDefault();
      press(part("close", form));
      return;
    }
    if (typing(target) && key === "Escape" && root.contains(target)) {
      target.closest("details[data-part=waive]")?.removeAttribute("open");
      current()?.focus();
      return;
    }
    if (target.matches("[data-part=split-at]") && key === "Enter") {
      event.preventDefault();
      press(part("split", target.closest("form")));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(target)) return;
    const panel = own("panel");
    if (panel && /^[1-9]$/.test(key)) {
      press(panel.querySelectorAll("[data-part=retype]")[Number(key) - 1]);
      return;
    }
    const piece = target.closest(".span[data-at]");
    if (piece && inSource(event, piece)) return;
    if ((key === "Enter" || key.startsWith("Arrow")) && pressing(target)) return;
    if (key.startsWith("Arrow") && !structure.contains(target) && target !== document.body) return;
    const act = KEYS[key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  /** Arrows walk through the source, Enter goes to the element there or offers the loose words. */
  function inSource(event, piece) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const list = text.pieces();
      const other = list[list.indexOf(piece) + step];
      if (!other) return true;
      piece.tabIndex = -1;
      other.tabIndex = 0;
      other.focus({ preventScroll: true });
      text.bring(other);
      light(text.elementOf(other), { focus: false, scrollSource: false });
      return true;
    }
    if (event.key !== "Enter") return false;
    event.preventDefault();
    const element = text.elementOf(piece);
    if (element && !piece.matches(".is-loose")) light(element, { scrollSource: false });
    else text.offerPiece(piece);
    return true;
  }

  // --- pointer ---

  root.addEventListener("click", (event) => {
    const mark = event.target.closest("[data-finding]");
    const place = event.target.closest("[data-part=show]");
    const piece = event.target.closest(".span[data-at]");
    const filter = event.target.closest("a[data-show]");
    if (mark) {
      event.preventDefault();
      filterBy("");
      const element = document.getElementById(`finding-${mark.dataset.finding}`);
      if (element) light(element, { scrollSource: false });
    } else if (place) {
      event.preventDefault();
      text.show(place);
    } else if (filter) {
      event.preventDefault();
      filterBy(filter.dataset.show);
    } else if (piece && document.getSelection()?.isCollapsed !== false) {
      const element = text.elementOf(piece);
      if (element && !piece.matches(".is-loose")) light(element, { focus: false, scrollSource: false });
      else if (piece.matches(".is-loose")) text.offerPiece(piece);
    } else if (event.target.closest("[data-part=choose]")) {
      event.preventDefault();
      light(event.target.closest(STOPS), { focus: false, scroll: false });
      choose();
    } else {
      const element = event.target.closest(STOPS);
      if (element && element.id !== lit) light(element, { focus: false, scroll: false });
    }
    if (!event.target.closest("[data-part=selection]") && !piece) text.away();
  });
  document.querySelector(".bench-bar").addEventListener("click", (event) => {
    const filter = event.target.closest("a[data-show]");
    if (event.target.closest("[data-part=next]")) go(1);
    if (!filter) return;
    event.preventDefault();
    filterBy(filter.dataset.show);
  });
  structure.addEventListener("focusin", (event) => {
    if (event.target.matches(STOPS) && event.target.id !== lit) light(event.target, { focus: false, scroll: false });
  });
  structure.addEventListener("pointerover", (event) => text.light(event.target.closest("[data-at]"), "is-near"));
  structure.addEventListener("pointerleave", () => text.light(null, "is-near"));
  text.text.addEventListener("pointerover", (event) => {
    const piece = event.target.closest(".span[data-at]");
    const near = piece && text.elementOf(piece);
    for (const old of structure.querySelectorAll(".is-near")) if (old !== near) old.classList.remove("is-near");
    near?.classList.add("is-near");
  });

  function filterBy(key) {
    show = key;
    structure.querySelector("[data-part=items]").dataset.show = key;
    for (const link of structure.querySelectorAll("[data-part=views] a")) {
      if (link.dataset.show === key) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    history.replaceState(null, "", key ? `?show=${key}` : location.pathname);
  }

  // --- answers ---

  function settle() {
    if (structure.querySelector("[data-part=items]").dataset.show !== show) filterBy(show);
    text.rove();
    const here = current();
    const idle = !document.activeElement || document.activeElement === document.body || !document.activeElement.isConnected;
    if (here) light(here, { focus: idle && !here.matches(".is-editing"), scroll: false, scrollSource: false });
    else if (lit) {
      // What was lit is no more (a unit that was identified, a finding that is gone): on to the next.
      lit = "";
      if (idle) go(1);
    }
  }
  document.addEventListener("bihuan:bench-changed", settle);
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) for (const sent of structure.querySelectorAll(".is-sent")) sent.classList.remove("is-sent");
    const { elt } = event.detail;
    elt.closest?.(".is-sent")?.classList.remove("is-sent");
    settle();
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    opened();
    settle();
    // Only now does htmx know what has just come.
    const fresh = opening && document.getElementById(opening);
    if (fresh) {
      opening = "";
      light(fresh);
      edit();
    }
    if (!next) return;
    const panel = own("panel");
    if (panel) {
      const act = next;
      next = null;
      act(panel);
    } else if (!own("more")?.classList.contains("htmx-request") && !press(own("more"))) next = null; // swept away by another answer: once more
  });
  /** A form has come in the place of its card: saved as it is typed, focused, the only one that is open. */
  function opened() {
    for (const form of structure.querySelectorAll("form[data-bihuan-autosave]")) {
      if (saverOf(form)) continue;
      const mine = form.closest("[data-item-id]");
      for (const other of structure.querySelectorAll(".is-editing[data-item-id]")) {
        if (other !== mine) saverOf(other.querySelector("form"))?.flush().then((saved) => saved && press(part("close", other)));
      }
      autosave(form);
      light(mine, { focus: false });
      const field = (wanted && form.elements.namedItem(wanted)) || form.querySelector("input:not([type=hidden]), textarea, select");
      wanted = "";
      field?.focus();
    }
  }
  document.body.addEventListener("htmx:afterSwap", opened);
  document.body.addEventListener("bihuan:saved", (event) => {
    if (!event.detail.closed) return;
    lit = `item-${event.detail.item}`;
    // After the answer has been put in its place.
    setTimeout(() => {
      light(current(), { focus: false, scroll: false });
      go(1);
    });
  });
  document.body.addEventListener("bihuan:added", (event) => {
    text.away();
    opening = `item-${event.detail.item}`;
  });

  // A quick hand may have opened a form before this script was here.
  opened();
  if ("draft" in root.dataset) {
    pulse(root, () => card()?.dataset.itemId ?? "");
    root.addEventListener("bihuan:bench-ready", () => unsent(structure)[0]?.click());
  }
  const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (named && structure.contains(named)) {
    if (named.matches(STOPS)) light(named);
    else named.focus();
  }
}

for (const root of document.querySelectorAll("[data-bihuan-workbench]")) {
  attach(root);
  // htmx takes hold of the buttons when the page has been read; only then does everything answer in place.
  const ready = () => {
    if ("ready" in root.dataset) return;
    root.dataset.ready = "";
    root.dispatchEvent(new Event("bihuan:bench-ready"));
  };
  if (document.readyState === "complete") ready();
  document.addEventListener("DOMContentLoaded", ready);
  window.addEventListener("load", ready);
}

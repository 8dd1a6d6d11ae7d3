/**
 * The source of a draft: pieces [data-at][data-to] (offsets in the text, end exclusive; nothing overlaps), lit by ranges.
 * Hovering or focusing a card lights its pieces by field (`data-marks`); a piece leads back to its card.
 */

const FIELDS = ["lead", "responsible", "support", "territorial", "units", "unit", "who", "due", "heading", "name"];
const range = (element) => [Number(element.dataset.at), Number(element.dataset.to)];
const overlaps = (a, b) => a[0] < b[1] && b[0] < a[1];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function source(root) {
  const pane = root.querySelector("[data-part=pane]");
  const text = root.querySelector("[data-part=source]");
  const pieces = () => [...text.querySelectorAll(".span")];
  const bring = (element) => element?.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });

  /** Light the pieces of an element; `name` is is-lit (chosen) or is-near (under the pointer). Returns the first. */
  function light(element, name = "is-lit") {
    const wanted = element && "at" in element.dataset ? range(element) : null;
    const marks = wanted ? JSON.parse(element.dataset.marks ?? "[]") : [];
    let first = null;
    for (const piece of pieces()) {
      const place = range(piece);
      const on = wanted !== null && overlaps(place, wanted);
      piece.classList.toggle(name, on);
      if (name === "is-lit") {
        const mark = on && marks.find(([, ...where]) => overlaps(place, where));
        if (mark && FIELDS.includes(mark[0])) piece.dataset.field = mark[0];
        else delete piece.dataset.field;
      }
      if (on) first ??= piece;
    }
    return first;
  }

  /** The narrowest element of the right pane around a piece. */
  function elementOf(piece) {
    const wanted = range(piece);
    const size = (element) => range(element)[1] - range(element)[0];
    return [...root.querySelectorAll("[data-item-id][data-at]:not(.is-removed)")]
      .filter((element) => overlaps(range(element), wanted))
      .sort((a, b) => size(a) - size(b))[0] ?? null;
  }

  /** Show a range without an element of its own (a flag, a fact). */
  function show(from) {
    const piece = light(from);
    bring(piece);
    return piece;
  }

  function rove() {
    pieces().forEach((piece, index) => { piece.tabIndex = index ? -1 : 0; });
  }

  // --- a passage becomes an element ---

  const bar = root.querySelector("[data-part=selection]");

  function offer(words, start, place) {
    if (!bar || !words.trim()) return;
    bar.querySelector("[data-part=picked]").value = words;
    bar.querySelector("[data-part=picked-start]").value = start;
    const by = root.querySelector("[data-part=passage]");
    if (by) {
      by.value = words;
      root.querySelector("[data-part=start]").value = start;
      root.querySelector("[data-part=add]").classList.add("has-passage");
    }
    bar.hidden = false;
    place.after(bar);
  }

  /** Offset of a point of the document in the whole text, or null outside of it. Code points, as the server counts. */
  function offsetOf(node, offset) {
    const inside = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const piece = inside.closest(".span[data-at]");
    if (!piece || !text.contains(piece)) return null;
    const before = document.createRange();
    before.setStart(piece, 0);
    before.setEnd(node, offset);
    return Number(piece.dataset.at) + [...before.toString()].length;
  }

  function picked() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return;
    const chosen = selection.getRangeAt(0);
    if (!text.contains(chosen.commonAncestorContainer)) return;
    const start = offsetOf(chosen.startContainer, chosen.startOffset);
    const last = (chosen.endContainer.nodeType === Node.TEXT_NODE ? chosen.endContainer.parentElement : chosen.endContainer).closest("p, h2");
    if (start !== null && last) offer(selection.toString().replace(/\n+/g, "\n"), start, last);
  }
  text.addEventListener("pointerup", () => setTimeout(picked));
  text.addEventListener("keyup", (event) => event.shiftKey && picked());

  /** Offer a whole unclassified piece, for those who have no mouse. */
  function offerPiece(piece) {
    offer(piece.textContent, piece.dataset.at, piece.closest("p, h2"));
    bar?.querySelector("button")?.focus();
  }

  const away = () => { if (bar) bar.hidden = true; };
  bar?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    away();
    pane.focus();
  });

  root.querySelector("[data-part=noise]")?.addEventListener("click", (event) => {
    const on = text.classList.toggle("is-noisy");
    event.currentTarget.setAttribute("aria-pressed", String(on));
  });

  rove();
  return { away, bring, elementOf, light, offerPiece, pieces, rove, show, text };
}

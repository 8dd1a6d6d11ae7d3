/**
 * The plan workbench over splitview.mjs: <div data-bihuan-workbench> around [data-part=source] and the cards.
 * The lit card shows its check items; c confirms it; a selection in the source fills the form 新增一项
 * ([data-part=passage], [data-part=start]: the offset in the whole text); 另选 opens the list of units.
 */

const typing = (target) => target.closest("input, select, textarea, button, summary, dialog, [contenteditable]");

function attach(root) {
  const source = root.querySelector("[data-part=source]");

  /** Offset of a point of the document in the whole source text, or null outside of it. */
  function offsetOf(node, offset) {
    const start = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const paragraph = start.closest("[data-from]");
    if (!paragraph || !source.contains(paragraph)) return null;
    const before = document.createRange();
    before.setStart(paragraph, 0);
    before.setEnd(node, offset);
    // Code points, as the server counts them.
    return Number(paragraph.dataset.from) + [...before.toString()].length;
  }

  document.addEventListener("selectionchange", () => {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    if (!source.contains(range.commonAncestorContainer)) return;
    const start = offsetOf(range.startContainer, range.startOffset);
    const passage = root.querySelector("[data-part=passage]");
    if (start === null || !passage) return;
    passage.value = selection.toString().replace(/\n+/g, "\n");
    root.querySelector("[data-part=start]").value = start;
    root.querySelector("[data-part=add]").classList.add("has-passage");
  });

  // Cards show their check items while they are lit.
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const more = target.querySelector?.("[data-part=more]");
      if (more && target.matches("[data-item-id]")) more.open = target.classList.contains("is-lit");
    }
  }).observe(root, { subtree: true, attributes: true, attributeFilter: ["aria-current"] });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    root.querySelector("[data-item-id].is-lit [data-part=confirm]")?.click();
  });

  root.addEventListener("click", (event) => {
    if (!event.target.closest("[data-part=choose]")) return;
    root.querySelector("[data-part=all-units]").open = true;
  });
}

document.querySelectorAll("[data-bihuan-workbench]").forEach(attach);

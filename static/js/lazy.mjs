/**
 * <noscript data-bihuan-lazy="q3-description">…</noscript>: markup that a page without script shows at once, and a page with
 * script when it is wanted: what follows a failed item, a remark, a finding off the list. A checklist of eighty items has
 * a fifth of the elements until somebody fails something. The value names a field inside: a draft that holds it brings
 * the markup back before the draft is restored.
 */
import { keptOf } from "./draft.mjs";

/** Put the waiting markup of `root` in place and let app.mjs bind what it brings. */
export function fill(root) {
  const waiting = root?.querySelectorAll("noscript[data-bihuan-lazy]") ?? [];
  for (const lazy of waiting) {
    const holder = document.createElement("template");
    holder.innerHTML = lazy.textContent;
    lazy.replaceWith(holder.content);
  }
  if (waiting.length) root.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
}

async function fromDrafts() {
  for (const form of document.querySelectorAll("form[data-draft-key]")) {
    const draft = await keptOf(form);
    if (!draft) continue;
    for (const lazy of form.querySelectorAll("noscript[data-bihuan-lazy]")) {
      if (lazy.dataset.bihuanLazy in (draft.values ?? {})) fill(lazy.parentElement);
    }
  }
}

/** Called once, before anything on the page is bound. */
export async function begin() {
  await fromDrafts();
  // Before the listeners of the page, which look for what stands in it.
  document.addEventListener("change", ({ target }) => {
    if (target.matches(".answers input[value=fail]") && target.checked) fill(target.closest(".question").querySelector(".question-more"));
  }, true);
  document.addEventListener("toggle", ({ target }) => target.open && fill(target), true);
}

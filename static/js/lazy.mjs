/**
 * <template data-bihuan-lazy="finding">: a place for what a question shows only when it is wanted: what follows a failed
 * item, a remark, a finding off the list. The page has each of them once, as <template data-bihuan-pattern="finding">,
 * written for a question "q0" with the number 0; the question has its own key as id and its number, and what its own words
 * are, as data-no, data-failure and data-basis. What the place holds itself stays around the pattern, which goes where
 * [data-part=pattern] is. A draft that holds such a field brings it back before the draft is restored.
 */
import { keptOf } from "./draft.mjs";

function made(place) {
  const question = place.closest(".question");
  const { no, failure, basis } = question.dataset;
  const holder = document.createElement("template");
  holder.innerHTML = document
    .querySelector(`template[data-bihuan-pattern="${place.dataset.bihuanLazy}"]`)
    .innerHTML.replaceAll("q0-", `${question.id}-`)
    .replaceAll("第 0 项", `第 ${no} 项`);
  const words = holder.content.querySelector("[data-prefill]");
  if (words && failure) Object.assign(words, { defaultValue: failure }).dataset.prefill = failure;
  const law = holder.content.querySelector("[name$='-basis']");
  if (law && basis) law.defaultValue = basis;
  const around = place.content.querySelector("[data-part=pattern]");
  if (!around) return holder.content;
  around.replaceWith(holder.content);
  return place.content;
}

/** Make what is waiting inside `root` and let app.mjs bind it. */
export function fill(root) {
  const waiting = root?.querySelectorAll("[data-bihuan-lazy]") ?? [];
  for (const place of waiting) place.replaceWith(made(place));
  if (waiting.length) root.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
}

async function fromDrafts() {
  for (const form of document.querySelectorAll("form[data-draft-key]")) {
    const draft = await keptOf(form);
    if (!draft) continue;
    for (const place of form.querySelectorAll("[data-bihuan-lazy]")) {
      const field = place.dataset.bihuanLazy === "note" ? "note" : "description";
      if (`${place.closest(".question").id}-${field}` in (draft.values ?? {})) fill(place.parentElement);
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

/**
 * <form data-bihuan-checklist> of <fieldset class="question" data-bihuan-question>: counts answers, opens the follow-up
 * <fieldset class="question-more" data-when="fail"> on 不合格 (and disables it otherwise, so that hidden fields are neither
 * required nor sent), stops a submit with open questions. 存草稿 is a submit button with formnovalidate.
 */
import { showToast } from "./toast.mjs";

export function attach(form) {
  const questions = () => [...form.querySelectorAll("[data-bihuan-question]")];
  const chosen = (question) => question.querySelector(".answers input:checked");

  function show() {
    const all = questions();
    let done = 0;
    for (const question of all) {
      const answer = chosen(question)?.value;
      if (answer) {
        done += 1;
        question.classList.remove("is-missing");
      }
      for (const more of question.querySelectorAll(".question-more[data-when]")) {
        more.disabled = more.dataset.when !== answer;
        more.hidden = more.disabled;
      }
    }
    const part = (name) => form.querySelector(`[data-part=${name}]`);
    if (part("answered")) part("answered").textContent = `${done} / ${all.length}`;
    if (part("progress")) Object.assign(part("progress"), { max: all.length || 1, value: done });
    const step = document.querySelector("[data-bihuan-step]");
    if (step) step.textContent = `${done} / ${all.length}`;
  }

  form.addEventListener("change", show);
  // The browser stops at the first field it finds wanting; the red edge shows all the questions it belongs to.
  form.addEventListener("invalid", (event) => event.target.closest("[data-bihuan-question]")?.classList.add("is-missing"), true);
  form.addEventListener("input", (event) => event.target.validity?.valid && event.target.closest("[data-bihuan-question]")?.classList.remove("is-missing"));
  form.addEventListener("bihuan:draft-restored", show);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formNoValidate) return;
    const missing = questions().filter((question) => !chosen(question));
    if (!missing.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    missing.forEach((question) => question.classList.add("is-missing"));
    missing[0].scrollIntoView({ block: "center" });
    missing[0].querySelector("input").focus();
    showToast(`还有 ${missing.length} 项没有回答`, { tone: "error" });
  }, true);
  show();
}

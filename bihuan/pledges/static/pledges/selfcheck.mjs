/**
 * <form data-self-check>: only the outcome that was chosen counts. The other fieldset is disabled, so that nothing of it is
 * sent. A finding off the list opens the next one. Without this file every field stands open and the server decides.
 */
const form = document.querySelector("form[data-self-check]");

function sync() {
  for (const block of form.querySelectorAll(".question-more, [data-other]")) {
    const outcome = block.querySelector(".outcomes input:checked")?.value;
    for (const fieldset of block.querySelectorAll(":scope > .outcome")) fieldset.disabled = fieldset.dataset.outcome !== outcome;
  }
  let isOpen = true;
  for (const other of form.querySelectorAll("[data-other]")) {
    other.hidden = !isOpen;
    isOpen = Boolean(other.querySelector("textarea")?.value.trim()) || other.querySelector(".outcomes input:checked") !== null;
  }
}

form.addEventListener("change", sync);
form.addEventListener("input", sync);
sync();

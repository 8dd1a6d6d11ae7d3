/**
 * data-bihuan-confirm="问题" on a form or on one of its submit buttons asks before sending, also for htmx elements.
 * data-bihuan-confirm-yes="销号" renames the answering button.
 */

function ask(source) {
  const dialog = document.getElementById("confirm-dialog");
  dialog.querySelector("[data-part=question]").textContent = source.dataset.bihuanConfirm;
  dialog.querySelector("[data-part=yes]").textContent = source.dataset.bihuanConfirmYes ?? "确认";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const asking = (form, submitter) => [submitter, form].find((element) => element?.dataset?.bihuanConfirm);
const byHtmx = (form) => form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete], [hx-get], [data-hx-post]");
const agreed = new WeakSet();

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (form.getAttribute("method") === "dialog" || agreed.delete(form)) return;
  const source = asking(form, submitter);
  if (!source || byHtmx(form) || (submitter && byHtmx(submitter))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(source)) {
    agreed.add(form);
    form.requestSubmit(submitter);
  }
}, true);

document.body.addEventListener("htmx:confirm", async (event) => {
  const source = asking(event.detail.elt, event.detail.triggeringEvent?.submitter);
  if (!source) return;
  event.preventDefault();
  if (await ask(source)) event.detail.issueRequest(true);
});

/**
 * Native dialogs. data-bihuan-dialog="id" on a button or link opens that <dialog>; data-bihuan-dialog-close closes the one around it;
 * data-bihuan-dialog-open on the dialog opens it at load (after form errors).
 * hx-target="#dialog-body" shows a fragment in the shared dialog; the header HX-Trigger: bihuan:close-dialog closes it.
 * data-bihuan-back goes one page back.
 */

function open(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-bihuan-dialog]");
  if (opener) {
    event.preventDefault();
    open(document.getElementById(opener.dataset.bihuanDialog));
    return;
  }
  if (event.target.closest("[data-bihuan-dialog-close]")) event.target.closest("dialog")?.close();
  if (event.target.closest("[data-bihuan-back]")) history.back();
});

// A click on the backdrop hits the dialog element itself; filled-in forms are kept from it.
document.addEventListener("mousedown", (event) => {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || dialog.querySelector("form:not([method=dialog])")) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "dialog-body" && event.detail.target.childElementCount) open(document.getElementById("dialog"));
});
document.body.addEventListener("bihuan:close-dialog", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});
const openMarked = (root) => root.querySelectorAll("dialog[data-bihuan-dialog-open]").forEach(open);
document.body.addEventListener("htmx:load", (event) => openMarked(event.target));
openMarked(document);

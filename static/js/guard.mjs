/**
 * A form that changes something is sent once: after the first submit its buttons rest until the answer comes.
 * Forms that answer with a download carry data-bihuan-again.
 */

const busy = new WeakMap();

function hold(form) {
  const buttons = [...form.elements].filter((element) => element.type === "submit" && !element.disabled);
  busy.set(form, buttons);
  // After the browser has read the form, or the pressed button's own value would be lost.
  setTimeout(() => buttons.forEach((button) => {
    if (!busy.has(form)) return;
    button.disabled = true;
    button.classList.add("is-busy");
  }));
}

export function release(form) {
  busy.get(form)?.forEach((button) => {
    button.disabled = false;
    button.classList.remove("is-busy");
  });
  busy.delete(form);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!busy.has(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener("submit", (event) => {
  const form = event.target;
  // getAttribute, because a field called "method" or "target" would hide the property.
  const by = (name) => (form.getAttribute(name) ?? "").toLowerCase();
  if (event.defaultPrevented || by("method") !== "post" || by("target") === "_blank" || "bihuanAgain" in form.dataset) return;
  hold(form);
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt instanceof HTMLFormElement && event.detail.requestConfig.verb !== "get") hold(event.detail.elt);
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt instanceof HTMLFormElement) release(event.detail.elt);
});
// Coming back through the browser's page cache: the form may be used again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) release(form);
});

/**
 * <form id="pulse">: every few seconds says where this person is and fetches what the others changed (htmx, out of band).
 * Also gives every other request of the page the revision it shows and the element whose form is open, and keeps an
 * answer from replacing what is being typed into.
 */

const BEAT_MS = 4000;

export function pulse(root, here) {
  const form = document.getElementById("pulse");
  const typed = () => {
    const at = document.activeElement;
    return at?.matches("input:not([type=hidden]), textarea, select") ? at : null;
  };
  let skipped = false;
  let acts = 0; // under way

  /** Beats rest while an act is under way. Asked of the request itself: its button may be swept away meanwhile. */
  function watch({ elt, xhr }) {
    let heard = true;
    acts += 1;
    xhr.addEventListener("readystatechange", () => { if (xhr.readyState === XMLHttpRequest.DONE) heard = elt.isConnected; });
    xhr.addEventListener("loadend", () => {
      acts -= 1;
      const said = xhr.getResponseHeader("HX-Trigger") ?? "";
      if (heard || !said.startsWith("{")) return;
      for (const [name, detail] of Object.entries(JSON.parse(said))) {
        document.body.dispatchEvent(new CustomEvent(name, { detail: typeof detail === "object" ? detail : { value: detail } }));
      }
      document.dispatchEvent(new CustomEvent("bihuan:bench-changed"));
    });
  }

  const beat = () => {
    if (document.hidden || !navigator.onLine || acts) return;
    form.querySelector("[data-part=here]").value = here();
    window.htmx.trigger(form, "bihuan:pulse");
  };
  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", beat);

  document.body.addEventListener("htmx:configRequest", (event) => {
    const { elt, parameters, verb } = event.detail;
    if (verb !== "post" || !(root.contains(elt) || elt === form || elt.closest(".bench-bar"))) return;
    parameters.since = document.getElementById("since").value;
    const editing = root.querySelector(".is-editing[data-item-id]");
    if (editing && !editing.contains(elt)) parameters.editing = editing.dataset.itemId;
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    skipped = false;
    if (event.detail.elt !== form) watch(event.detail);
    const at = typed();
    if (at && event.detail.elt.contains(at) && event.detail.requestConfig.verb === "post") at.blur();
  });
  document.body.addEventListener("htmx:sendError", (event) => {
    // A missed beat is no news; the next one says it all. The toast is for acts.
    if (event.detail.elt === form) event.stopPropagation();
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    // An act was answered while this beat was under way: what it says is older than the page.
    const { elt, requestConfig } = event.detail;
    if (elt === form && String(requestConfig.parameters.since) !== document.getElementById("since").value) event.detail.shouldSwap = false;
  });
  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target } = event.detail;
    const at = typed();
    if (at && target.contains(at)) {
      event.detail.shouldSwap = false;
      skipped = true;
    }
    // Asked for again with the next beat, from where the page stands.
    if (skipped && target.id === "since") event.detail.shouldSwap = false;
  });
  return beat;
}

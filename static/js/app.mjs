/**
 * Loads a behaviour only when the page holds an element that asks for it, also after an htmx swap.
 * Each module exports attach(element), called once per element and awaited; modules named in ALWAYS listen on the document.
 */
const BEHAVIOURS = [
  ["[data-bihuan-menu]", "./menu.mjs"],
  ["[data-bihuan-live]", "./live.mjs"],
  ["[data-bihuan-room]", "./room.mjs"],
  ["[data-bihuan-font]", "./font.mjs"],
  ["[data-percent], [data-width], [data-grow]", "./measure.mjs"],
  ["[data-bihuan-lightbox]", "./lightbox.mjs"],
  ["[data-bihuan-network]", "./network.mjs"],
  ["[data-bihuan-photos]", "./photos.mjs"],
  ["[data-bihuan-signature]", "./signature.mjs"],
  ["[data-bihuan-checklist]", "./checklist.mjs"],
  ["[data-bihuan-gauge]", "./gauge.mjs"],
  ["[data-bihuan-autosubmit]", "./autosubmit.mjs"],
  ["[data-bihuan-bulk]", "./bulk.mjs"],
  ["[data-bihuan-kind-fields]", "./kind-fields.mjs"],
  ["[data-bihuan-tabs]", "./tabs.mjs"],
  ["[data-bihuan-copy]", "./copy.mjs"],
  ["[data-bihuan-draw]", "./draw-verify.mjs"],
  ["[data-bihuan-drop]", "./drop.mjs"],
  ["[data-job]", "./job-progress.mjs"],
  ["[data-bihuan-map]", "./map.mjs"],
  ["[data-bihuan-zone-view]", "./zone-view.mjs"],
  ["[data-bihuan-zone-draw]", "./zone-draw.mjs"],
  ["[data-bihuan-place]", "./pick-place.mjs"],
  ["[data-bihuan-here]", "./here.mjs"],
  [".table-wrap:not([tabindex])", "./scrollable.mjs"],
  ["form[data-draft-key]", "./draft.mjs"], // last: it restores what the others hold
];
const ALWAYS = ["./dialog.mjs", "./confirm.mjs", "./guard.mjs", "./toast.mjs"];

const attached = new WeakMap();

async function bind(root) {
  const wanted = [];
  for (const [selector, path] of BEHAVIOURS) {
    const elements = [...root.querySelectorAll(selector)];
    if (root instanceof Element && root.matches(selector)) elements.unshift(root);
    if (elements.length) wanted.push({ path, elements, module: import(path) });
  }
  for (const { path, elements, module } of wanted) {
    const { attach } = await module;
    for (const element of elements) {
      const done = attached.get(element) ?? new Set();
      if (done.has(path)) continue;
      attached.set(element, done.add(path));
      await attach(element);
    }
  }
}

// Everything this page asks for is fetched at once, before the first of it is waited for.
for (const [selector, path] of BEHAVIOURS) if (document.querySelector(selector)) import(path);
const lazy = document.querySelector("[data-bihuan-lazy]") && import("./lazy.mjs");
await Promise.all(ALWAYS.map((path) => import(path)));
try {
  if (sessionStorage.getItem("bihuan.submitted")) (await import("./draft.mjs")).settle();
} catch {
  // Storage may be forbidden; then there are no drafts to settle either.
}
if (lazy) await (await lazy).begin();
await bind(document);
document.body.addEventListener("htmx:load", (event) => bind(event.target));
document.documentElement.dataset.ready = "";

/**
 * <div data-bihuan-tabs> around <div class="views" role="tablist"> of <button role="tab" aria-controls="id"> and panels with these ids.
 * Without script all panels stand one below the other.
 */

export function attach(root) {
  const tabs = [...root.querySelectorAll("[role=tab]")];
  const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  function select(chosen) {
    for (const tab of tabs) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      panel(tab).hidden = !on;
    }
  }
  for (const tab of tabs) {
    panel(tab).setAttribute("role", "tabpanel");
    if (tab.id) panel(tab).setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      select(next);
      next.focus();
    });
  }
  const named = tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
  select(named ?? tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0]);
}

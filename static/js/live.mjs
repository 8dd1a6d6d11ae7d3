/**
 * Keeps an open page current: one server-sent stream while the page is looked at, asking now and then without it.
 *
 *   <body data-bihuan-live="/live/">                      where the stream is
 *   <span data-bihuan-count="duties" hidden>3</span>      a count: duties or messages
 *   <section id="stats" data-bihuan-live-part>…</section> figures: fetched anew when they changed
 *
 * What stands there and cannot be fetched anew is told as a `bihuan:stale` event on the body, whose detail says why ("over":
 * nobody is signed in any more; "network"), and `bihuan:fresh` when it was fetched.
 *
 * Jobs are told to the page as a `bihuan:job` event on the body, which their own component listens to. What is
 * fetched here says so (X-Bihuan-Background), so that it does not count as somebody being at work.
 */
const POLL_MS = 60_000;
// A figure changes with every act of a whole city, and every page that shows it hears of it in the same second. Pages
// fetch at moments of their own within SPREAD_MS, and no sooner again than after AGAIN_MS.
const SETTLE_MS = 1_500;
const SPREAD_MS = 4_000;
const AGAIN_MS = 30_000;
const HIDDEN_MS = 20_000;
// Days pass and due dates with them although nobody acts.
const QUIET_MS = 15 * 60_000;
// A pointer that rests on a part for so long is nobody about to click.
const STILL_MS = 30_000;

export function attach(body) {
  const url = body.dataset.bihuanLive;
  let source = null;
  let polling = 0;
  let settling = 0;
  let leaving = 0;
  let fetchedAt = -AGAIN_MS;
  let over = false;
  let movedAt = -STILL_MS;

  function count(counts) {
    for (const [name, number] of Object.entries(counts)) {
      for (const element of document.querySelectorAll(`[data-bihuan-count="${CSS.escape(name)}"]`)) {
        element.hidden = !number;
        element.textContent = String(number);
        const link = element.closest("a[aria-label]");
        if (link) link.ariaLabel = link.ariaLabel.replace(/ .*$/, "") + (number ? ` ${number} 项` : "");
      }
    }
  }

  async function refresh() {
    const parts = [...document.querySelectorAll("[data-bihuan-live-part][id]")];
    const counted = document.querySelector("[data-bihuan-count]");
    if (document.hidden || (!parts.length && !(polling && counted))) return;
    let answer;
    try {
      answer = await fetch(location.href, { headers: { "X-Bihuan-Background": "1" }, redirect: "manual" });
    } catch {
      stale("network");
      return;
    }
    if (!answer.ok) {
      stale(answer.type === "opaqueredirect" || answer.status === 403 ? "over" : "network");
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const next = fresh.getElementById(part.id);
      const pointed = part.matches(":hover") && performance.now() - movedAt < STILL_MS;
      const busy = part.contains(document.activeElement) || pointed;
      if (!next || busy || next.innerHTML === part.innerHTML) continue;
      part.replaceWith(document.adoptNode(next));
      window.htmx?.process(next);
    }
    for (const element of document.querySelectorAll("[data-bihuan-count]")) {
      const next = fresh.querySelector(`[data-bihuan-count="${CSS.escape(element.dataset.bihuanCount)}"]`);
      if (next) count({ [element.dataset.bihuanCount]: Number.parseInt(next.textContent, 10) || 0 });
    }
    body.dispatchEvent(new CustomEvent("bihuan:fresh"));
  }

  function stale(why) {
    body.dispatchEvent(new CustomEvent("bihuan:stale", { detail: why }));
  }

  function poll() {
    // The end of the live process is noticed by all pages at once: they must not ask at once ever after.
    polling ||= window.setInterval(refresh, POLL_MS * (0.75 + Math.random() / 2));
    document.documentElement.dataset.live = "polling";
  }

  function open() {
    if (source || over) return;
    source = new EventSource(`${url}stream`, { withCredentials: true });
    source.addEventListener("open", () => {
      if (polling) window.setTimeout(refresh, Math.random() * SPREAD_MS); // what was missed meanwhile
      window.clearInterval(polling);
      polling = 0;
      document.documentElement.dataset.live = "open";
    });
    source.addEventListener("inbox", (event) => count(JSON.parse(event.data)));
    source.addEventListener("job", (event) =>
      body.dispatchEvent(new CustomEvent("bihuan:job", { detail: JSON.parse(event.data) })),
    );
    source.addEventListener("figures", () => {
      const rest = fetchedAt + AGAIN_MS - performance.now();
      settling ||= window.setTimeout(() => {
        settling = 0;
        fetchedAt = performance.now();
        refresh();
      }, Math.max(SETTLE_MS, rest) + Math.random() * SPREAD_MS);
    });
    source.addEventListener("end", () => {
      over = true;
      close();
      stale("over");
    });
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) close();
      if (!over) poll();
    });
  }

  function close() {
    source?.close();
    source = null;
    document.documentElement.dataset.live = "closed";
  }

  document.addEventListener("pointermove", () => { movedAt = performance.now(); }, { passive: true });
  window.setInterval(() => { if (!over && !polling) refresh(); }, QUIET_MS * (0.9 + Math.random() / 5));
  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(leaving);
    if (document.hidden) leaving = window.setTimeout(close, HIDDEN_MS);
    else open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  if (!document.hidden) open();
}

/**
 * The wall: its clock and date keep the city's time, areas come round one after the other until somebody looks closer;
 * once round, their figures are fetched anew.
 *
 *   <body data-bihuan-room>
 *     <time data-part="clock">10:30</time><span data-part="date">…</span>
 *     <p data-part="stale" hidden>                           says since when the figures stand still, and why
 *     <button data-part="full" hidden>                       the whole screen, where the browser allows it
 *     <section data-part="rotation"><article data-part="slide">… <p data-part="steps" hidden>back, pause, next</p>
 */
const TURN_MS = 12_000;
const STILL_MS = 30_000; // a pointer that rests there for so long is nobody reading
const clockOf = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });

const dateOf = new Intl.DateTimeFormat("zh-CN", { year: "numeric", month: "long", day: "numeric", weekday: "long", timeZone: "Asia/Shanghai" });

export function attach(body, { turn = TURN_MS } = {}) {
  const clock = body.querySelector("[data-part=clock]");
  // The server's clock counts: a wall's computer is seldom right.
  const ahead = Date.parse(clock.dateTime) - Date.now();
  const date = body.querySelector("[data-part=date]");
  window.setInterval(() => {
    clock.textContent = clockOf.format(Date.now() + ahead);
    if (date) date.textContent = dateOf.format(Date.now() + ahead);
  }, 1_000);

  const full = body.querySelector("[data-part=full]");
  if (document.fullscreenEnabled) {
    full.hidden = false;
    full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
    document.addEventListener("fullscreenchange", () => { full.textContent = document.fullscreenElement ? "退出全屏" : "全屏"; });
  }
  rotate(body.querySelector("[data-part=rotation]"), turn);
  sayWhenStale(body, () => Date.now() + ahead);
}

/** A wall whose figures stand still says so in large letters: its clock goes on and would pass them off as today's. */
function sayWhenStale(body, now) {
  const words = body.querySelector("[data-part=stale]");
  let since = now();
  body.addEventListener("bihuan:fresh", () => {
    since = now();
    words.hidden = true;
  });
  body.addEventListener("bihuan:stale", (event) => {
    const until = `数字停在 ${dateOf.format(since)} ${clockOf.format(since)}`;
    if (event.detail === "over") {
      const link = Object.assign(document.createElement("a"), { href: location.href, textContent: "重新登录" });
      words.replaceChildren(`登录已结束，${until}，请`, link);
    } else words.textContent = `连不上服务器，${until}，恢复后自动更新`;
    words.hidden = false;
  });
}

function rotate(section, turn) {
  let slides = [...section.querySelectorAll("[data-part=slide]")];
  const steps = section.querySelector("[data-part=steps]");
  if (!steps) return;
  const pause = steps.querySelector("[data-part=pause]");
  let shown = 0;
  let paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
  steps.hidden = false;

  function show(number) {
    shown = (number + slides.length) % slides.length;
    slides.forEach((slide, index) => { slide.hidden = index !== shown; });
  }
  function say() {
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "继续轮播" : "暂停轮播";
  }
  async function renew() {
    let answer;
    try {
      answer = await fetch(location.href, { headers: { "X-Bihuan-Background": "1" }, redirect: "error" });
    } catch {
      return; // no network, or the session is over: what stands there stays
    }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = [...fresh.querySelectorAll("[data-part=rotation] [data-part=slide]")].map((slide) => document.adoptNode(slide));
    if (!next.length || looking()) return;
    slides[0].before(...next);
    for (const slide of slides) slide.remove();
    slides = next;
    show(0);
  }
  let movedAt = -STILL_MS;
  section.addEventListener("pointermove", () => { movedAt = performance.now(); }, { passive: true });
  const looking = () =>
    (section.matches(":hover") && performance.now() - movedAt < STILL_MS) || section.contains(document.activeElement);
  say();
  window.setInterval(() => {
    if (paused || document.hidden || looking()) return;
    show(shown + 1);
    if (shown === 0) renew();
  }, turn);
  pause.addEventListener("click", () => { paused = !paused; say(); });
  steps.querySelector("[data-part=back]").addEventListener("click", () => show(shown - 1));
  steps.querySelector("[data-part=next]").addEventListener("click", () => show(shown + 1));
}

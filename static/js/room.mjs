/**
 * The wall: its clock keeps the city's time, areas come round one after the other until somebody looks closer.
 *
 *   <body data-bihuan-room>
 *     <time data-part="clock">10:30</time>
 *     <button data-part="full" hidden>                       the whole screen, where the browser allows it
 *     <section data-part="rotation"><article data-part="slide">… <p data-part="steps" hidden>back, pause, next</p>
 */
const TURN_MS = 12_000;
const clockOf = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });

export function attach(body, { turn = TURN_MS } = {}) {
  const clock = body.querySelector("[data-part=clock]");
  // The server's clock counts: a wall's computer is seldom right.
  const ahead = Date.parse(clock.dateTime) - Date.now();
  window.setInterval(() => { clock.textContent = clockOf.format(Date.now() + ahead); }, 1_000);

  const full = body.querySelector("[data-part=full]");
  if (document.fullscreenEnabled) {
    full.hidden = false;
    full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
    document.addEventListener("fullscreenchange", () => { full.textContent = document.fullscreenElement ? "退出全屏" : "全屏"; });
  }
  rotate(body.querySelector("[data-part=rotation]"), turn);
}

function rotate(section, turn) {
  const slides = [...section.querySelectorAll("[data-part=slide]")];
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
  const looking = () => section.matches(":hover") || section.contains(document.activeElement);
  say();
  window.setInterval(() => { if (!paused && !document.hidden && !looking()) show(shown + 1); }, turn);
  pause.addEventListener("click", () => { paused = !paused; say(); });
  steps.querySelector("[data-part=back]").addEventListener("click", () => show(shown - 1));
  steps.querySelector("[data-part=next]").addEventListener("click", () => show(shown + 1));
}

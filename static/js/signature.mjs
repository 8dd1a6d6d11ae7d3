/**
 * <fieldset data-bihuan-signature>: draws with any pointer; the PNG goes into the hidden input as a data URL.
 * The checkbox is the way without a pointer. With data-required one of the two must be given.
 */

const INK = "#12233a";

export function attach(root) {
  const part = (name) => root.querySelector(`[data-part=${name}]`);
  const [canvas, value, typed, clear] = ["canvas", "value", "typed", "clear"].map(part);
  const pen = canvas.getContext("2d");
  let strokes = []; // points in CSS px, so that turning the phone keeps the signature
  let current = null;

  function validity() {
    const given = value.value !== "" || typed.checked;
    typed.setCustomValidity("required" in root.dataset && !given ? "请签名；无法手写时勾选此项" : "");
  }

  function draw() {
    const ratio = Math.max(2, window.devicePixelRatio || 1);
    const { width, height } = canvas.getBoundingClientRect();
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen.scale(ratio, ratio);
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.strokeStyle = INK;
    for (const stroke of strokes) trace(stroke, 0);
  }

  function trace(stroke, from) {
    for (let index = Math.max(1, from); index < stroke.length; index += 1) {
      const [a, b] = [stroke[index - 1], stroke[index]];
      pen.lineWidth = 1.4 + 2.2 * b.force;
      pen.beginPath();
      pen.moveTo(a.x, a.y);
      pen.lineTo(b.x, b.y);
      pen.stroke();
    }
  }

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top, force: event.pressure || 0.5 };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const start = point(event);
    current = [start, { ...start, x: start.x + 0.1 }]; // a dot is a stroke too
    strokes.push(current);
    trace(current, 0);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current) return;
    const events = event.getCoalescedEvents?.() ?? [];
    const from = current.length;
    current.push(...(events.length ? events : [event]).map(point));
    trace(current, from);
  });
  const finish = () => {
    if (!current) return;
    current = null;
    value.value = canvas.toDataURL("image/png");
    value.dispatchEvent(new Event("change", { bubbles: true }));
    validity();
  };
  canvas.addEventListener("pointerup", finish);
  canvas.addEventListener("pointercancel", finish);

  function wipe() {
    strokes = [];
    current = null;
    value.value = "";
    draw();
    validity();
  }
  clear.addEventListener("click", wipe);
  typed.addEventListener("change", () => {
    root.classList.toggle("is-typed", typed.checked);
    if (typed.checked) wipe();
    validity();
  });
  // A canvas inside a closed dialog or a hidden panel has no size until it is shown.
  new ResizeObserver(draw).observe(canvas);
  validity();
}

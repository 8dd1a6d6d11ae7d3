/**
 * <div data-bihuan-gauge data-comparator="<=" data-number="2" data-upper="" data-demand="不大于 2 m"> inside a question:
 * judges the number in [data-part=measured] while it is typed, says so in [data-part=judged] and chooses the answer: 不合格
 * always, 合格 where the item asks for nothing but the number (data-alone).
 * A number that fails may still be passed by hand, with a written reason in the note; the server judges again.
 */
const FULFILS = {
  "<=": (value, number) => value <= number,
  ">=": (value, number) => value >= number,
  "<": (value, number) => value < number,
  ">": (value, number) => value > number,
  "=": (value, number) => value === number,
  between: (value, number, upper) => value >= number && value <= upper,
};

/** true, false, or null for what is no plain number: a reading in another unit is left to the server. */
export function judge({ comparator, number, upper }, text) {
  const bare = text.trim().replaceAll(",", "").replaceAll("，", "");
  if (!/^[-+]?\d+(\.\d+)?$/.test(bare)) return null;
  return FULFILS[comparator](Number(bare), Number(number), Number(upper));
}

export function attach(gauge) {
  const question = gauge.closest("[data-bihuan-question]");
  const input = gauge.querySelector("[data-part=measured]");
  const output = gauge.querySelector("[data-part=judged]");
  const note = question.querySelector(".note textarea");
  const answer = (value) => question.querySelector(`.answers input[value=${value}]`);

  function reason() {
    const passedAnyway = judge(gauge.dataset, input.value) === false && answer("pass").checked;
    note.setCustomValidity(passedAnyway && !note.value.trim() ? `实测${input.value}，标准${gauge.dataset.demand}，仍判合格请在备注写明理由` : "");
    if (passedAnyway) note.closest("details").open = true;
    gauge.classList.toggle("is-overruled", passedAnyway);
    // What fails for something else the item asks needs no number.
    const needed = (answer("pass").checked || ("alone" in gauge.dataset && answer("fail").checked)) && !input.value.trim();
    input.setCustomValidity(needed ? "请填写实测值；确实量不了的选“不适用”并备注原因" : "");
  }

  function show() {
    const passed = judge(gauge.dataset, input.value);
    output.className = `gauge-judged${passed === null ? "" : passed ? " is-pass" : " is-fail"}`;
    output.textContent = passed === null ? "" : !passed ? "不合格" : "alone" in gauge.dataset ? "合格" : "数值合格，其余看现场";
    reason();
    return passed;
  }

  input.addEventListener("input", () => {
    const passed = show();
    if (passed === null) return;
    const open = passed && !("alone" in gauge.dataset);
    // A number put right takes back the answer it had chosen; the rest is for somebody's eyes.
    const radio = answer(open || !passed ? "fail" : "pass");
    const checked = !open;
    if (open && gauge.dataset.chose !== "fail") return;
    gauge.dataset.chose = open ? "" : radio.value;
    if (radio.checked === checked) return;
    radio.checked = checked;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  });
  question.addEventListener("change", reason);
  note.addEventListener("input", reason);
  question.closest("form").addEventListener("bihuan:draft-restored", show);
  show();
}

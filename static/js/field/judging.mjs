/** Judges a number at once, exactly: decimals are compared as whole numbers, never as floats. */

const WORDS = { "<=": "不大于", ">=": "不小于", "<": "小于", ">": "大于", "=": "等于" };
const NUMBER = /^-?\d{1,12}(\.\d{1,6})?$/;
const SCALE = 6;

function whole(text) {
  const [head, tail = ""] = text.split(".");
  return BigInt(head + tail.padEnd(SCALE, "0").slice(0, SCALE));
}

/** What is demanded, in words: "不大于 2 m". */
export function demand(measure) {
  if (measure.comparator === "between") return `${measure.number} 至 ${measure.upper} ${measure.shown}`;
  return `${WORDS[measure.comparator] ?? measure.comparator} ${measure.number} ${measure.shown}`;
}

/**
 * {passed, words} for a value typed in the unit of the measure; null while there is nothing to judge.
 * `measure`: {label, comparator, number, upper, shown}: numbers as text, `shown` is the unit.
 */
export function judge(measure, typed) {
  const text = typed.normalize("NFKC").trim();
  if (!text) return null;
  if (!NUMBER.test(text)) return { passed: null, words: "请填数字，如 2.3" };
  const [value, limit] = [whole(text), whole(measure.number)];
  const passed = {
    "<=": () => value <= limit,
    ">=": () => value >= limit,
    "<": () => value < limit,
    ">": () => value > limit,
    "=": () => value === limit,
    between: () => value >= limit && value <= whole(measure.upper),
  }[measure.comparator]?.();
  if (passed === undefined) return null;
  return { passed, words: `实测 ${text} ${measure.shown}，标准 ${demand(measure)}，${passed ? "合格" : "不合格"}` };
}

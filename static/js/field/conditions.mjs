/** Which objects an item asks by what is known of them, as the server reads it: `fuel = 电；cylinder_stock > 100`. */

const PART = /^([a-z][a-z0-9_]{0,39}) ?(>=|<=|!=|=|>|<) ?([^；=<>!]+)$/;
const YES_NO = { 是: true, 否: false };
const number = (value) => (typeof value === "boolean" || String(value).trim() === "" ? NaN : Number(value));

/** Whether an item with this condition asks an object with these attributes; what is not known excludes nothing. */
export function applies(words, attributes) {
  const parts = words.split("；").filter(Boolean).map((text) => text.trim().match(PART));
  if (parts.includes(null)) return true;
  return parts.every(([, name, sign, written]) => {
    const known = attributes[name];
    if (known === undefined || known === null || known === "" || (Array.isArray(known) && !known.length)) return true;
    const value = written.trim();
    if (sign === "=" || sign === "!=") return isEqual(known, value.split("、")) === (sign === "=");
    const [one, bound] = [number(known), number(value)];
    if (Number.isNaN(one) || Number.isNaN(bound)) return true;
    return { ">": one > bound, ">=": one >= bound, "<": one < bound, "<=": one <= bound }[sign];
  });
}

function isEqual(known, wanted) {
  if (typeof known === "boolean") return wanted.some((each) => YES_NO[each] === known);
  if (Array.isArray(known)) return known.some((each) => wanted.includes(String(each)));
  if (typeof known === "number") return wanted.some((each) => number(each) === known);
  return wanted.includes(known);
}

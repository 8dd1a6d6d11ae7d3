/** Elements from words, never from markup: what comes from elsewhere can only become text. */

const SVG = "http://www.w3.org/2000/svg";

/** h("button", {class: "btn", onclick: f, disabled: true}, "text", node): an element; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return fill(element, ...children);
}

/** Put children in the place of what an element holds; null, undefined and false are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** A link to a page of the online system, beside the app: coming back needs no PIN. Without signal app.mjs says so. */
export const leaf = (href, ...words) => h("a", { class: "paper", href, target: "_blank", rel: "noopener" }, words);

let hiding;
/** A sentence at the lower edge. */
export function toast(words, { stay = 4000 } = {}) {
  const place = document.getElementById("field-toast");
  place.textContent = words;
  place.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { place.hidden = true; }, stay);
}

/** A question in a dialog; resolves to true when the person agrees. */
export function ask(words, { yes = "确定", no = "返回", danger = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "field-dialog", "aria-label": "请确认" });
    const close = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    dialog.append(
      h("p", {}, words),
      h("div", { class: "field-actions" },
        h("button", { type: "button", class: "big", onclick: () => close(false) }, no),
        h("button", { type: "button", class: `big ${danger ? "is-danger" : "is-main"}`, onclick: () => close(true) }, yes)),
    );
    dialog.addEventListener("cancel", () => close(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A labelled control. `field("地址", {value, oninput}, {tag: "textarea", help})`. */
let numbers = 0;
export function field(label, attributes, { tag = "input", help = "", children = [] } = {}) {
  numbers += 1;
  const id = `f${numbers}`;
  return h("div", { class: "field-row" },
    h("label", { for: id }, label),
    h(tag, { id, ...attributes }, ...children),
    help && h("p", { class: "help" }, help));
}

export const day = (iso) => (iso ? `${Number(iso.slice(5, 7))}月${Number(iso.slice(8, 10))}日` : "");
export const moment = (iso) => new Date(iso).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** Today in Shanghai as YYYY-MM-DD, whatever zone the phone is set to. */
export const today = (at = new Date()) => new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(at);

/**
 * <form data-inspection>: one form, two steps. 检查 is checked before 签字 opens; nothing is sent until 提交检查.
 * Also: 现场已改 / 限期改正 / 已告知用户 (fieldset.outcome), what is needed where ([data-need]), the review, the position on request,
 * and what the local draft must keep besides visible fields ([data-keep]: the device id above all, or a lost answer would
 * become a second inspection). Without this file the page is one long form.
 */
import { showToast } from "./toast.mjs";

const form = document.querySelector("form[data-inspection]");
const part = (name, root = document) => root.querySelector(`[data-part=${name}]`);
const WORDS = { pass: "合格", fail: "不合格", not_applicable: "不适用" };

// --- which fields count ---------------------------------------------------------------------

function isBegun(other) {
  // Until somebody opens it there is nothing in it (lazy.mjs).
  return Boolean(other.querySelector("textarea")?.value.trim()) || other.querySelector(".outcomes input:checked") !== null || other.querySelector(".photo-tile") !== null;
}

/** 立行立改: whoever photographs it put right has said what became of it; three taps with the answer and the first photo. */
function fixedByPhoto(block) {
  if (!block.querySelector(".fix-after .photo-tile")) return;
  block.querySelector('.outcomes input[value="fixed"]').checked = true;
}

function sync() {
  for (const block of form.querySelectorAll(".question-more, [data-other]")) {
    if (!block.querySelector(".outcomes input:checked")) fixedByPhoto(block);
    const outcome = block.querySelector(".outcomes input:checked")?.value;
    const after = block.querySelector(".fix-after > .photo-input");
    if (after) after.disabled = Boolean(outcome) && outcome !== "fixed";
    const how = block.querySelector("[data-fix-words]");
    if (how && outcome === "fixed" && !how.value.trim() && document.activeElement !== how) how.value = how.dataset.fixWords;
    for (const fieldset of block.querySelectorAll(":scope > .outcome")) fieldset.disabled = fieldset.dataset.outcome !== outcome;
    if (outcome) block.querySelector(".outcomes").classList.remove("is-missing");
  }
  for (const field of form.querySelectorAll("[data-need]")) {
    const other = field.closest("[data-other]");
    field.required = !other || isBegun(other);
    field.setCustomValidity(field.required && field.value.trim() === "" ? field.dataset.need : "");
  }
  let isOpen = true;
  for (const other of form.querySelectorAll("[data-other]")) {
    other.hidden = !isOpen;
    isOpen = isBegun(other);
  }
  for (const colleague of form.querySelectorAll("[data-colleague]")) {
    const present = part("present", colleague);
    if (present) colleague.querySelector(".colleague-more").disabled = !present.checked;
  }
}

/** A measured value belongs in the description, as long as nobody has rewritten it. */
function tellMeasure(input) {
  const text = input.closest(".question").querySelector("[data-prefill]");
  if (!text) return;
  const own = text.dataset.told ?? text.dataset.prefill;
  if (text.value !== own) return;
  const unit = /^[\d.,+-]+$/.test(input.value.trim()) ? input.parentElement.querySelector(".gauge-unit")?.textContent ?? "" : "";
  const reading = [input.value.trim(), unit].filter(Boolean).join(" ");
  text.value = reading ? `${text.dataset.prefill}（实测 ${reading}）` : text.dataset.prefill;
  text.dataset.told = text.value;
}

/** The words of the criterion whose code was written, from the page's one list. */
function tellCriterion(input) {
  const code = input.value.trim().toUpperCase();
  const option = [...document.querySelectorAll("#criteria option")].find((each) => each.value === code);
  input.closest(".field").querySelector("[data-part=criterion-words]").textContent = option?.textContent ?? (code ? "没有这一条，请从列表中选" : "登记为重大隐患时必填");
}

// --- what is missing ------------------------------------------------------------------------

function reveal(element) {
  for (let details = element.closest("details"); details; details = details.parentElement?.closest("details")) details.open = true;
  element.scrollIntoView({ block: "center" });
  element.focus({ preventScroll: true });
}

function complain(element, words) {
  reveal(element);
  showToast(words, { tone: "error" });
  return false;
}

function isWalkDone() {
  sync();
  const questions = [...form.querySelectorAll("[data-bihuan-question]")];
  const open = questions.filter((question) => !question.querySelector(".answers input:checked"));
  if (open.length) {
    open.forEach((question) => question.classList.add("is-missing"));
    return complain(open[0].querySelector("input[type=radio]"), `还有 ${open.length} 项没有回答，从第 ${open[0].dataset.no} 项起`);
  }
  const blocks = [...form.querySelectorAll(".question-more:not(:disabled)"), ...[...form.querySelectorAll("[data-other]")].filter(isBegun)];
  for (const block of blocks) {
    if (!block.querySelector(".outcomes input:checked")) {
      block.querySelector(".outcomes").classList.add("is-missing");
      return complain(block.querySelector(".outcomes input"), `请选${[...block.querySelectorAll(".outcome-choice")].map((choice) => `“${choice.textContent.trim()}”`).join("或")}`);
    }
    const bare = [...block.querySelectorAll(".photo-input")].find((input) => !input.matches(":disabled") && !input.querySelector(".photo-tile"));
    if (bare) return complain(bare.querySelector("[data-part=file]"), `请先拍照：${bare.querySelector("legend").firstChild.textContent.trim()}`);
  }
  return areValid('[data-step="walk"]');
}

function areValid(selector) {
  const wrong = [...form.querySelectorAll(`${selector} :is(input, textarea, select)`)].find((field) => field.willValidate && !field.checkValidity());
  return !wrong || complain(wrong, wrong.validationMessage);
}

function isSigned() {
  for (const pad of form.querySelectorAll('[data-step="sign"] [data-bihuan-signature]')) {
    const guest = pad.closest("[data-guest]");
    const isWanted = guest ? guest.querySelector("input").value.trim() !== "" : !pad.matches(":disabled");
    if (!isWanted || part("value", pad).value || part("typed", pad).checked) continue;
    return complain(part("typed", pad), `请签名：${pad.querySelector("legend").firstChild.textContent.trim()}`);
  }
  const refused = form.elements.accompanying_signature_typed.checked;
  const [name, refusal] = [form.elements.accompanying_name, form.elements.refusal];
  if (refused && !refusal.value.trim()) return complain(refusal, "陪同人没有签字，请写明情况");
  if (!refused && !name.value.trim()) return complain(name, "请填写陪同人姓名");
  return areValid('[data-step="sign"]');
}

// --- the two steps --------------------------------------------------------------------------

function show(step, { focus = true } = {}) {
  for (const section of form.querySelectorAll(".step")) section.hidden = section.dataset.step !== step;
  for (const button of document.querySelectorAll("[data-on]")) button.hidden = button.dataset.on !== step;
  if (step === "sign") review();
  if (focus) {
    window.scrollTo(0, 0);
    form.querySelector(`.step[data-step=${step}]`).focus({ preventScroll: true });
  }
}

function line(words, tone, state) {
  const item = document.createElement("li");
  const text = document.createElement("span");
  text.textContent = words;
  const badge = document.createElement("span");
  badge.className = `badge is-${tone}`;
  badge.textContent = state;
  item.append(text, badge);
  return item;
}

function review() {
  const counts = { pass: 0, fail: 0, not_applicable: 0 };
  const list = document.createElement("ul");
  for (const question of form.querySelectorAll("[data-bihuan-question]")) {
    const answer = question.querySelector(".answers input:checked")?.value;
    if (!answer) continue;
    counts[answer] += 1;
    if (answer === "fail") list.append(outcomeLine(question.querySelector(".question-more"), `${question.dataset.no}. `));
  }
  const others = [...form.querySelectorAll("[data-other]")].filter(isBegun);
  for (const other of others) list.append(outcomeLine(other, "其他："));
  const sentence = document.createElement("p");
  const total = counts.fail + others.length;
  const asked = Object.entries(counts).filter(([, number]) => number).map(([key, number]) => `${WORDS[key]} ${number} 项`).join("，");
  sentence.textContent = `${asked ? `${asked}。` : ""}${total ? `共发现问题 ${total} 项：` : "未发现隐患，也要签字留下记录。"}`;
  part("review", form).replaceChildren(sentence, list);
}

function outcomeLine(block, prefix) {
  const outcome = block.querySelector(".outcomes input:checked")?.value;
  const due = block.querySelector("input[type=date]")?.value;
  const state = { fixed: "现场已改", notified: "已告知用户" }[outcome] ?? `限 ${due ? due.slice(5) : ""} 改正`;
  return line(prefix + block.querySelector("textarea").value.trim(), outcome === "fixed" ? "green" : "orange", state);
}

// --- where ----------------------------------------------------------------------------------

function distance(a, b) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const [dLatitude, dLongitude] = [radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)];
  const h = Math.sin(dLatitude / 2) ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLongitude / 2) ** 2;
  return 2 * 6371000 * Math.asin(Math.sqrt(h)); // m
}

function locate() {
  const button = part("locate", form);
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      button.disabled = false;
      part("longitude", form).value = coords.longitude.toFixed(6);
      part("latitude", form).value = coords.latitude.toFixed(6);
      part("accuracy", form).value = Math.round(coords.accuracy);
      button.lastChild.textContent = "已记下位置";
      const door = { longitude: Number(form.dataset.longitude), latitude: Number(form.dataset.latitude) };
      const metres = form.dataset.longitude ? Math.round(distance(coords, door)) : null;
      const words = metres === null ? "" : metres < 2000 ? `${metres} 米` : `${(metres / 1000).toFixed(1)} 公里`;
      part("distance", form).textContent = words ? ` · 距离门口 ${words}` : "";
      form.dispatchEvent(new CustomEvent("bihuan:draft-touch"));
    },
    () => {
      button.disabled = false;
      showToast("没有取得位置，可以不填，继续检查", { tone: "error" });
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  );
}

// --- bound ----------------------------------------------------------------------------------

function attach() {
  form.noValidate = true; // hidden steps cannot be focused by the browser's own check
  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-part=measured]")) tellMeasure(event.target);
    if (event.target.matches("[data-criterion]")) tellCriterion(event.target);
    sync();
  });
  form.addEventListener("change", sync);
  form.addEventListener("bihuan:draft-touch", sync); // photos came or went
  form.addEventListener("bihuan:draft-collect", ({ detail }) => {
    for (const field of form.querySelectorAll("[data-keep]")) detail[`keep:${field.name}`] = field.value;
  });
  form.addEventListener("bihuan:draft-restore", ({ detail }) => {
    for (const field of form.querySelectorAll("[data-keep]")) field.value = detail[`keep:${field.name}`] || field.value;
  });
  form.addEventListener("bihuan:draft-restored", () => {
    sync();
    for (const other of form.querySelectorAll("[data-other]")) other.open ||= isBegun(other);
  });
  // Before the form's own listeners: the draft must not take a submit for sent that was stopped here.
  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    form.querySelectorAll('[data-step="walk"]').forEach((section) => { section.hidden = false; });
    if (!isWalkDone()) {
      show("walk", { focus: false });
    } else {
      show("sign", { focus: false });
      if (isSigned()) return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  part("to-sign").addEventListener("click", (event) => {
    event.preventDefault();
    if (isWalkDone()) show("sign");
  });
  part("to-walk").addEventListener("click", () => show("walk"));
  part("save").addEventListener("click", () => {
    form.dispatchEvent(new CustomEvent("bihuan:draft-touch"));
    showToast(globalThis.crypto?.subtle ? "草稿存在本机，下次打开这家接着填" : "网址不是 https，草稿没有存在本机，请尽快提交");
  });
  if (navigator.geolocation) {
    part("locate", form).hidden = false;
    part("locate", form).addEventListener("click", locate);
  }
  sync();
  show(form.dataset.openStep, { focus: false });
  document.querySelector("#problems")?.focus();
}

if (form) attach();

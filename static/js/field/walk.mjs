/** The walk: one item after another, three big answers, a number judged as it is typed. */
import { ask, h, icon, toast } from "./dom.mjs";
import { newFinding, problemsOf } from "./drafts.mjs";
import { findingBlock } from "./finding.mjs";
import { demand, judge } from "./judging.mjs";
import { photoRow } from "./photos.mjs";
import { distance } from "./places.mjs";

const VERDICTS = [["pass", "合格"], ["fail", "不合格"], ["na", "不适用"]];

export function walk(app, id) {
  const draft = app.drafts.byId.get(id);
  if (!draft || draft.locked || draft.state !== "open") return app.go("outbox");
  const changed = () => {
    if (app.drafts.touch(draft)) toast("内容有改动，先前的签名作废，请重新签名");
    count();
  };
  const step = h("span", { class: "field-step" });
  const bar = h("progress", { "aria-label": "已回答" });
  const done = () => draft.items.filter((item) => draft.answers[item.position]?.verdict).length;
  const count = () => {
    step.textContent = draft.items.length ? `${done()} / ${draft.items.length}` : "";
    bar.max = draft.items.length || 1;
    bar.value = done();
  };
  const others = h("div");
  const questions = h("div");
  const leftOut = h("div");
  const enterprise = app.data.get("enterprises", draft.enterprise.id);
  const body = [
    draft.problems?.length > 0 && h("div", { class: "band" }, h("p", { class: "name" }, "服务器没有接受，请改这几处："),
      h("ul", { class: "problems" }, draft.problems.map(({ message }) => h("li", {}, message)))),
    h("div", { class: "band soft" },
      h("p", {}, draft.task_name || "不归入任务的检查"),
      premises(),
      locate()),
    draft.items.length > 0 && bar,
    questions, leftOut,
    draft.items.length === 0 && h("div", { class: "band" }, h("p", {}, "这次检查没有检查表。发现的问题记在下面；没有发现问题的，拍一张现场照片，直接签字。")),
    others,
    h("div", { class: "band" }, h("button", { type: "button", class: "big", onclick: addOther }, icon("plus"), "表外发现问题")),
    h("div", { class: "band", id: "scene" }, h("h2", {}, "现场照片"), h("p", { class: "help" }, "门头、全景；没有发现隐患的，也拍一张"),
      photoRow(app, draft, draft.photos, { label: "拍现场照片", name: "现场", changed })),
  ];

  function premises() {
    const places = enterprise?.premises ?? [];
    if (!places.length) return null;
    return h("div", { class: "field-row" }, h("label", { for: "premises" }, "检查哪个场所"),
      h("select", { id: "premises", onchange: (event) => { draft.premises = Number(event.target.value) || null; changed(); } },
        h("option", { value: "" }, `${draft.enterprise.name}（本部）`),
        places.map(([key, name]) => h("option", { value: key, selected: draft.premises === key }, name))));
  }

  function locate() {
    const words = () => {
      if (draft.longitude === null) return "记下位置";
      const away = enterprise && distance(draft, enterprise);
      return `已记位置${away === null || away === undefined ? "" : `，距登记位置 ${away < 1000 ? `${Math.round(away)} 米` : `${(away / 1000).toFixed(1)} 公里`}`}，点此更新`;
    };
    const button = h("button", { type: "button", class: "link", onclick: () => find(() => toast("没有取得位置，可继续检查")) }, words());
    const find = (failed) => navigator.geolocation?.getCurrentPosition(({ coords }) => {
      Object.assign(draft, { longitude: coords.longitude, latitude: coords.latitude, accuracy: Math.round(coords.accuracy) });
      app.drafts.touch(draft, { signing: true });
      button.textContent = words();
    }, failed, { timeout: 20000, maximumAge: 60000, enableHighAccuracy: true });
    // Who has once allowed it need not press again at every door.
    if (draft.longitude === null) {
      navigator.permissions?.query({ name: "geolocation" }).then(({ state }) => state === "granted" && find(() => {})).catch(() => {});
    }
    return button;
  }

  function addOther() {
    draft.others.push(newFinding(null));
    changed();
    renderOthers();
    others.lastElementChild.scrollIntoView({ block: "start" });
  }

  function renderOthers() {
    others.replaceChildren(...draft.others.map((finding, index) => h("section", { class: "question", id: `o${index + 1}` },
      h("h2", {}, `其他问题 ${index + 1}`),
      findingBlock(app, draft, finding, { name: `其他问题 ${index + 1}`, changed }),
      h("button", { type: "button", class: "link", onclick: async () => {
        if (!(await ask("删去这个问题？", { yes: "删去", danger: true }))) return;
        draft.others.splice(index, 1);
        changed();
        renderOthers();
      } }, "删去这个问题"))));
  }

  function mark(problems) {
    document.querySelectorAll(".is-missing").forEach((each) => each.classList.remove("is-missing"));
    for (const { where } of problems) document.getElementById(where)?.classList.add("is-missing");
  }

  /** The items under the headings of their sections. */
  function renderQuestions() {
    let section = "";
    questions.replaceChildren(...draft.items.flatMap((item) => {
      const heading = item.section && item.section !== section ? [h("h2", { class: "section-line" }, item.section)] : [];
      section = item.section ?? section;
      return [...heading, question(app, draft, item, changed)];
    }));
  }

  /** The registry may be behind what stands here: whoever sees that takes the items in it had left out. */
  function renderLeftOut() {
    const checklist = draft.checklist && app.data.get("checklists", draft.checklist);
    const listed = new Set(draft.items.map((item) => item.position));
    const rest = checklist && enterprise ? app.data.leftOut(checklist, enterprise).filter((item) => !listed.has(item.position)) : [];
    leftOut.replaceChildren(...(rest.length ? [h("details", { class: "band more" }, h("summary", {}, `按底册登记的情况，有 ${rest.length} 项没有问`),
      h("ul", {}, rest.map((item) => h("li", {}, item.text))),
      h("button", { type: "button", class: "big", onclick: () => {
        draft.items = [...draft.items, ...rest].sort((one, other) => one.position - other.position);
        changed();
        renderQuestions();
        renderLeftOut();
      } }, `现场与底册不符，把这 ${rest.length} 项也列出来`))] : []));
  }

  async function next() {
    const problems = problemsOf(draft, app.data);
    mark(problems);
    if (!problems.length) {
      draft.stage = "sign";
      app.drafts.touch(draft, { signing: true });
      await app.drafts.flush(draft);
      app.go(`visit/${draft.id}/sign`);
      return;
    }
    document.getElementById(problems[0].where)?.scrollIntoView({ block: "center" });
    toast(problems.length > 1 ? `${problems[0].message}（还有 ${problems.length - 1} 处）` : problems[0].message, { stay: 7000 });
  }

  renderQuestions();
  renderLeftOut();
  renderOthers();
  count();
  return {
    title: draft.enterprise.name, back: "today", step, body, editing: true, after: () => mark(draft.problems ?? []),
    bottom: [
      h("button", { type: "button", class: "big", onclick: async () => {
        await app.drafts.flush(draft);
        toast("已存本机");
        app.go("today");
      } }, "存草稿"),
      h("button", { type: "button", class: "big is-main", onclick: next }, "下一步：签字"),
    ],
  };
}

function question(app, draft, item, changed) {
  const answer = () => (draft.answers[item.position] ??= { verdict: "", measured: "", note: "", photos: [], finding: null });
  const name = `第 ${item.position} 项`;
  const more = h("div");
  const verdict = h("p", { class: "judged", role: "status" });
  const buttons = VERDICTS.map(([value, label]) => h("button", { type: "button", class: `answer is-${value}`, "aria-pressed": "false", onclick: () => choose(value) }, label));
  const section = h("section", { class: "question", id: `q${item.position}`, "aria-label": name },
    h("h2", {}, `${item.position}. ${item.text}`),
    h("p", { class: "how" }, [item.method || "现场查看", item.criterion].filter(Boolean).join(" · "), item.major && h("strong", {}, " · 不合格即重大")),
    item.measure && measured(),
    h("div", { class: "answers" }, buttons),
    more);

  function measured() {
    const input = h("input", {
      inputmode: "decimal", maxlength: 20, "aria-label": `${name}实测值`, value: (answer().measured ?? "").replace(/\s.*$/, ""), oninput: () => {
        const found = judge(item.measure, input.value);
        answer().measured = input.value.trim() ? `${input.value.trim()} ${item.measure.shown}` : "";
        verdict.textContent = found?.words ?? "";
        verdict.dataset.passed = String(found?.passed ?? "");
        if (found && found.passed !== null) settle(found);
        changed();
      },
    });
    return h("div", { class: "measure" }, h("label", {}, `${item.measure.label || "实测"}（${demand(item.measure)}）`, input), h("span", {}, item.measure.shown), verdict);
  }

  /** A number that fails settles the item; one that passes only where nothing else is asked. */
  function settle(found) {
    const given = answer();
    if (!found.passed || item.alone) {
      choose(found.passed ? "pass" : "fail", { from: found });
      given.chosen = given.verdict;
      return;
    }
    verdict.textContent = `${found.words}；其余看现场`;
    if (given.verdict !== "fail" || given.chosen !== "fail") return;
    given.verdict = given.chosen = "";
    show();
  }

  function choose(value, { from = null } = {}) {
    const given = answer();
    const before = given.verdict;
    given.verdict = value;
    if (value === "fail") {
      given.finding ??= newFinding(item);
      const [plain, told] = [item.failure ?? "", given.told ?? item.failure ?? ""];
      // The sentence of the measurement belongs in the description, as long as nobody has rewritten it.
      if (from && given.finding.description === told) {
        given.told = given.finding.description = `${plain}（${from.words.split("，不合格")[0]}）`.slice(0, 500);
      }
    }
    changed();
    if (value !== before || from) show();
  }

  function show() {
    const given = draft.answers[item.position];
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(VERDICTS[index][0] === given?.verdict)));
    section.classList.remove("is-missing");
    if (given?.verdict === "fail") more.replaceChildren(findingBlock(app, draft, given.finding, { item, name, changed }));
    else if (given?.verdict) more.replaceChildren(remark(given));
    else more.replaceChildren();
  }

  function remark(given) {
    return h("details", { class: "more", open: Boolean(given.note || given.photos.length || item.photo === "always") }, h("summary", {}, "备注、照片"),
      h("textarea", { rows: 2, maxlength: 500, "aria-label": `${name}备注`, value: given.note, oninput: (event) => { given.note = event.target.value; changed(); } }),
      photoRow(app, draft, given.photos, { label: "拍照", name, changed }));
  }

  show();
  return section;
}

/** One enterprise: what is known, what is still open, who was there last, and the way into a visit. */
import { day, h, icon, moment, today } from "./dom.mjs";
import { STATES } from "./drafts.mjs";

const RISKS = { red: "红", orange: "橙", yellow: "黄", blue: "蓝" };

/** An attribute in words; what is not known is not shown. */
function said(value, unit) {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value === "boolean") return value ? "是" : "否";
  return `${Array.isArray(value) ? value.join("、") : value}${unit ? ` ${unit}` : ""}`;
}

export function card(app, id, query) {
  const one = app.data.get("enterprises", Number(id));
  if (!one) return app.go("search");
  const wanted = Number(query.get("task")) || null;
  const tasks = one.tasks.map((key) => app.data.get("tasks", key)).filter(Boolean);
  const mine = app.drafts.all().filter((draft) => draft.enterprise.id === one.id);
  const open = mine.find((draft) => draft.state === "open" && !draft.locked);
  const fact = (label, value) => value && h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, value));
  const planned = app.data.planned.filter((each) => each.enterprise === one.id);
  // Coming from the plan a visit begins as the kind that was planned.
  const chosen = planned.find((each) => each.id === Number(query.get("planned")));
  const kind = (app.data.me.kinds ?? []).find(([value]) => value === chosen?.kind)?.[0];
  const begin = async (task, checklist) => {
    const items = checklist ? app.data.asked(checklist, one) : [];
    const draft = await app.drafts.begin({ enterprise: one, task, checklist, items, me: app.data.me, skew: app.data.meta.skew ?? null, kind });
    app.go(`visit/${draft.id}`);
  };
  const starts = [
    ...tasks.sort((first, second) => Number(second.id === wanted) - Number(first.id === wanted)).map((task) => {
      const [checklist] = app.data.checklistsFor(one, task.id);
      return h("button", { type: "button", class: "big", onclick: () => begin(task, checklist) },
        icon("clipboard-check"), h("span", {}, `检查：${task.no} ${task.heading}`, one.seen.includes(task.id) ? "（已查过）" : ""));
    }),
    ...app.data.checklistsFor(one, null).map((checklist) => h("button", { type: "button", class: "big", onclick: () => begin(null, checklist) }, icon("checklist"), h("span", {}, `按《${checklist.title}》检查，${checklist.asked.length} 项`))),
    h("button", { type: "button", class: "big", onclick: () => begin(null, null) }, icon("pencil"), "不用检查表"),
  ];
  // What one came for stands at the thumb, however long the page.
  const first = open ? h("a", { class: "big", href: `#/visit/${open.id}` }, icon("pencil"), "继续没有做完的检查") : starts.shift();
  first.classList.add("is-main");
  return {
    title: one.name, bottom: [first], back: wanted ? `search?task=${wanted}` : "search",
    body: [
      h("section", { class: "band soft" },
        h("dl", {},
          fact("类型", app.data.label("kinds", one.kind)), fact("风险", RISKS[one.risk]), fact("地址", one.address),
          fact("所在", app.data.label("regions", one.locality)), fact("主管部门", app.data.label("organizations", one.department)),
          fact("从业人数", one.employees), fact("联系人", one.contacts.map(([, name]) => name).join("、")),
          one.permits.map(([kind, number, until]) => fact(kind, `${number}${until ? `，${until < today() ? "已于" : "有效至"} ${until}${until < today() ? " 到期" : ""}` : ""}`)),
          (app.data.get("kinds", one.kind)?.attributes ?? []).map(([name, label, unit]) => fact(label, said(one.attributes?.[name], unit))),
          fact("备注", one.remark))),
      planned.length > 0 && h("section", { class: "band" }, h("h2", {}, "计划检查"),
        planned.map((each) => h("p", { class: `row ${each.window_to < today() ? "is-late" : ""}` },
          h("strong", {}, each.source), h("span", {}, `${day(each.window_from)}至${day(each.window_to)}${each.mine ? " · 派给我" : ""}`)))),
      h("section", { class: "band" }, h("h2", {}, `未销号隐患 ${one.hazards.length} 项`),
        one.hazards.length === 0 && h("p", {}, "没有。"),
        one.hazards.map(([, description, level, status, due, location]) => h("p", { class: `row ${due && due < today() ? "is-late" : ""}` },
          h("strong", {}, level === "major" ? `重大：${description}` : description),
          h("span", {}, [status, location, due && (due < today() ? `逾期，应于 ${due}` : `限 ${due}`)].filter(Boolean).join(" · "))))),
      h("section", { class: "band" }, h("h2", {}, "检查历史"),
        one.visits.length === 0 && h("p", {}, "没有检查过。"),
        one.visits.map(([on, kind, count, organization]) => h("p", { class: "row" }, h("strong", {}, `${on} ${kind}`), h("span", {}, `${organization} · ${count ? `发现 ${count} 项` : "未发现隐患"}`))),
        // Somebody else may be here on the same day: both visits stay, and both are seen.
        one.visits.filter(([on]) => on === today()).length > 0 && h("p", { class: "notice" }, "今天已有检查记录。再查也会保留，两次都作数。"),
        mine.filter((draft) => draft !== open).slice(0, 3).map((draft) => h("a", { class: "row", href: "#/outbox" },
          h("strong", {}, `本机：${STATES[draft.state]}`), h("span", {}, `${moment(draft.begun_at)} 开始 · 在“收发”里查看`)))),
      starts.length > 0 && h("section", { class: "band", "aria-label": "另选检查表" }, h("h2", {}, "另选检查表"), starts),
    ],
  };
}

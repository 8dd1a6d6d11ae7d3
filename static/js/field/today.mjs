/** What there is to do today, and the way to whom. */
import { day, h, icon, leaf, moment, today as isoToday } from "./dom.mjs";
import { noticesOwed, STATES } from "./drafts.mjs";

const MOST = 8;

export function today(app) {
  const { data, drafts } = app;
  const on = isoToday();
  const open = drafts.in("open");
  const notices = drafts.all().filter((draft) => noticesOwed(draft).length);
  const duties = data.all("duties").sort((one, other) => (one.due_on ?? "9").localeCompare(other.due_on ?? "9"));
  const waits = drafts.in("waiting", "sending", "refused").length;
  return {
    title: "今天", home: true,
    body: [
      h("form", { class: "band search", role: "search", onsubmit: (event) => { event.preventDefault(); app.go(`search?q=${encodeURIComponent(event.target.q.value)}`); } },
        h("input", { name: "q", type: "search", placeholder: "企业名称、地址、类型、码牌编号", "aria-label": "查找企业", autocomplete: "off" }),
        h("button", { class: "big is-main" }, icon("search"), "查找")),
      open.length > 0 && h("section", { class: "band" }, h("h2", {}, "没有做完的检查"),
        open.map((draft) => h("a", { class: "row", href: draft.locked ? "#/outbox" : `#/visit/${draft.id}` },
          h("strong", {}, draft.enterprise.name), h("span", {}, draft.locked ?? `${STATES[draft.state]} · ${moment(draft.begun_at)}`)))),
      notices.length > 0 && h("section", { class: "band" }, h("h2", {}, "文书已编号，待打印送达"), notices.map((draft) => notice(app, draft))),
      planned(app, on),
      tasks(app),
      h("section", { class: "band" }, h("h2", {}, [`待办 ${duties.length + (data.meta.duties_left_out ?? 0)} 件`, ...dueWords(duties, on)].join("，")),
        duties.length === 0 && h("p", {}, "没有待办。"),
        listed(duties, (duty) => dutyRow(app, duty, on), "件"),
        data.meta.duties_left_out > 0 && h("p", { class: "help" }, `期限更晚的 ${data.meta.duties_left_out} 件没有带上。`),
        duties.length > 0 && leaf("/duties/", "联网时到“待办”页办理")),
      h("section", { class: "band soft" },
        h("p", {}, data.isEmpty ? "本机还没有底册，联网后点“同步”。" : `本机有 ${data.tables.get("enterprises")?.size ?? 0} 家企业，${moment(data.meta.at)} 同步。`, data.meta.left_out ? `范围内另有 ${data.meta.left_out} 家没有带上，可在设置里按乡镇选择。` : ""),
        app.persisted ? null : h("p", {}, "浏览器可能在空间不足时清理本机数据，请把本页“添加到主屏幕”。")),
    ],
    bottom: [
      h("button", { type: "button", class: "big", onclick: () => app.sync({ told: true }) }, icon("refresh"), "同步"),
      h("a", { class: "big", href: "#/outbox" }, icon("send"), `收发${waits ? ` ${waits}` : ""}`),
      h("a", { class: "big", href: "#/settings" }, icon("settings"), "设置"),
    ],
  };
}

/** The first few in sight, the others one press away: nothing is left out silently. */
function listed(rows, render, unit) {
  const rest = rows.slice(MOST);
  return [
    rows.slice(0, MOST).map(render),
    rest.length > 0 && h("details", { class: "more" }, h("summary", {}, `另有 ${rest.length} ${unit}`), rest.map(render)),
  ];
}

function dueWords(duties, on) {
  const [late, now] = [duties.filter((each) => each.due_on && each.due_on < on).length, duties.filter((each) => each.due_on === on).length];
  return [late && `逾期 ${late}`, now && `今天到期 ${now}`].filter(Boolean);
}

function dutyRow(app, duty, on) {
  const late = duty.due_on && duty.due_on < on;
  const due = duty.due_on && (late ? `逾期，应于${day(duty.due_on)}` : duty.due_on === on ? "今天到期" : `${day(duty.due_on)}前`);
  const words = [h("strong", {}, duty.title), h("span", {}, [duty.kind, due].filter(Boolean).join(" · "))];
  const aboard = duty.enterprise && app.data.tables.get("enterprises")?.has(duty.enterprise);
  const look = `row ${late ? "is-late" : ""}`;
  return aboard ? h("a", { class: look, href: `#/enterprise/${duty.enterprise}` }, words) : h("p", { class: look }, words);
}

/** Visits that plans foresee and nobody on this phone has made yet. */
function planned(app, on) {
  const made = app.drafts.finished();
  const rows = app.data.planned.filter((each) => !made.has(each.enterprise) || isoToday(new Date(made.get(each.enterprise).begun_at)) < each.window_from);
  if (!rows.length) return null;
  return h("section", { class: "band" }, h("h2", {}, `计划检查 ${rows.length} 家`), listed(rows, (each) => {
    const late = each.window_to < on;
    return h("a", { class: `row ${late ? "is-late" : ""}`, href: `#/enterprise/${each.enterprise}?planned=${each.id}` },
      h("strong", {}, app.data.label("enterprises", each.enterprise)),
      h("span", {}, [each.source, each.mine && "派给我", late ? `已过期，应于${day(each.window_to)}前` : `${day(each.window_from)}至${day(each.window_to)}`].filter(Boolean).join(" · ")));
  }, "家"));
}

function tasks(app) {
  const { data } = app;
  const columns = data.meta.columns.enterprises ?? [];
  const [of, been] = [columns.indexOf("tasks"), columns.indexOf("seen")];
  const rows = data.all("tasks").map((task) => {
    const mine = app.drafts.finished(task.id);
    let covered = 0;
    let seen = 0;
    for (const row of data.tables.get("enterprises").values()) {
      if (!row[of].includes(task.id)) continue;
      covered += 1;
      seen += Number(row[been].includes(task.id) || mine.has(row[0]));
    }
    return { ...task, covered, seen };
  }).filter((task) => task.covered);
  if (!rows.length) return null;
  return h("section", { class: "band" }, h("h2", {}, "检查任务"), rows.map((task) => h("a", { class: "row", href: `#/search?task=${task.id}` },
    h("strong", {}, `${task.no} ${task.heading}`), h("span", {}, `${task.campaign} · 还有 ${task.covered - task.seen} 家没查，共 ${task.covered} 家`))));
}

function notice(app, draft) {
  return h("div", { class: "row" },
    h("strong", {}, draft.enterprise.name),
    noticesOwed(draft).map((paper) => leaf(paper.url, `${paper.kind} ${paper.number}`)),
    h("button", { type: "button", class: "big", onclick: async () => {
      draft.served_at = Date.now();
      await app.drafts.flush(draft);
      app.show();
    } }, icon("check"), "已打印送达，不再提醒"));
}

/** What there is to do today, and the way to whom. */
import { day, h, icon, moment, today as isoToday } from "./dom.mjs";
import { STATES } from "./drafts.mjs";

export function today(app) {
  const { data } = app;
  const on = isoToday();
  const drafts = app.drafts.in("open");
  const duties = data.all("duties").sort((one, other) => (one.due_on ?? "9").localeCompare(other.due_on ?? "9"));
  const tasks = data.all("tasks").map((task) => {
    let covered = 0;
    let seen = 0;
    const columns = data.meta.columns.enterprises;
    const [of, been] = [columns.indexOf("tasks"), columns.indexOf("seen")];
    for (const row of data.tables.get("enterprises").values()) {
      if (!row[of].includes(task.id)) continue;
      covered += 1;
      seen += Number(row[been].includes(task.id));
    }
    return { ...task, covered, seen };
  }).filter((task) => task.covered);
  return {
    title: "今天", home: true,
    body: [
      h("form", { class: "band search", role: "search", onsubmit: (event) => { event.preventDefault(); app.go(`search?q=${encodeURIComponent(event.target.q.value)}`); } },
        h("input", { name: "q", type: "search", placeholder: "企业名称、地址、类型", "aria-label": "查找企业", autocomplete: "off" }),
        h("button", { class: "big is-main" }, icon("search"), "查找")),
      drafts.length > 0 && h("section", { class: "band" }, h("h2", {}, "没有做完的检查"),
        drafts.map((draft) => h("a", { class: "row", href: draft.locked ? "#/outbox" : `#/visit/${draft.id}` },
          h("strong", {}, draft.enterprise.name), h("span", {}, draft.locked ?? `${STATES[draft.state]} · ${moment(draft.begun_at)}`)))),
      tasks.length > 0 && h("section", { class: "band" }, h("h2", {}, "检查任务"),
        tasks.map((task) => h("a", { class: "row", href: `#/search?task=${task.id}` },
          h("strong", {}, `${task.no} ${task.heading}`), h("span", {}, `${task.campaign} · 还有 ${task.covered - task.seen} 家没查，共 ${task.covered} 家`)))),
      h("section", { class: "band" }, h("h2", {}, `待办 ${duties.length} 件`),
        duties.length === 0 && h("p", {}, "没有待办。"),
        duties.slice(0, 30).map((duty) => h("p", { class: `row ${duty.due_on && duty.due_on < on ? "is-late" : ""}` },
          h("strong", {}, duty.title), h("span", {}, [duty.kind, duty.due_on && (duty.due_on < on ? `逾期，应于${day(duty.due_on)}` : `${day(duty.due_on)}前`)].filter(Boolean).join(" · "))))),
      h("section", { class: "band soft" },
        h("p", {}, `本机有 ${data.tables.get("enterprises")?.size ?? 0} 家企业，${moment(data.meta.at)} 同步。`, data.meta.left_out ? `范围内另有 ${data.meta.left_out} 家没有带上，可在设置里按乡镇选择。` : ""),
        app.persisted ? null : h("p", {}, "浏览器可能在空间不足时清理本机数据，请把本页“添加到主屏幕”。")),
    ],
    bottom: [
      h("button", { type: "button", class: "big", onclick: () => app.sync({ told: true }) }, icon("refresh"), "同步"),
      h("a", { class: "big", href: "#/outbox" }, icon("send"), `收发${app.drafts.in("waiting", "sending", "refused").length ? ` ${app.drafts.in("waiting", "sending", "refused").length}` : ""}`),
      h("a", { class: "big", href: "#/settings" }, icon("settings"), "设置"),
    ],
  };
}

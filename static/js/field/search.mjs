/** Among 5,000 enterprises, as one types. */
import { h } from "./dom.mjs";
import { STATES } from "./drafts.mjs";

const RISKS = { red: "红", orange: "橙", yellow: "黄", blue: "蓝" };

export function search(app, _id, query) {
  const task = Number(query.get("task")) || null;
  const told = task && app.data.get("tasks", task);
  const mine = app.drafts.finished(task);
  const list = h("div", { class: "results" });
  const count = h("p", { class: "help", role: "status" });
  const input = h("input", { type: "search", "aria-label": "查找企业", placeholder: "企业名称、地址、类型、码牌编号", autocomplete: "off", value: query.get("q") ?? "", oninput: show });

  function show() {
    const { total, found } = app.data.search(input.value, { task, last: (key, seen) => task !== null && (seen.includes(task) || mine.has(key)) });
    count.textContent = total > found.length ? `共 ${total} 家，先列 ${found.length} 家` : `共 ${total} 家`;
    list.replaceChildren(...found.map((each) => h("a", { class: "row", href: `#/enterprise/${each.id}${task ? `?task=${task}` : ""}` },
      h("strong", {}, each.name),
      h("span", {}, [app.data.label("kinds", each.kind), each.address, `风险${RISKS[each.risk] ?? ""}`].filter(Boolean).join(" · ")),
      h("span", {}, [been(each), each.hazards.length ? `${each.hazards.length} 项隐患未销号` : ""].filter(Boolean).join(" · ")))));
  }

  /** What this phone did itself stands before what the copy knows. */
  function been(each) {
    const own = mine.get(each.id);
    if (own) return `本机已查，${STATES[own.state]}`;
    if (task && each.seen.includes(task)) return "本任务已查";
    return each.visits[0] ? `上次 ${each.visits[0][0]}` : "没有检查过";
  }

  show();
  return {
    title: told ? `${told.no} ${told.heading}` : "查找企业", back: "today",
    body: [h("div", { class: "band search" }, input), h("div", { class: "band" }, count, list)],
    after: () => !input.value && !task && input.focus(),
  };
}

/** What is wrong and what becomes of it: 现场已改 with a photo before and after, or 限期改正 with 五落实. */
import { field, fill, h, today } from "./dom.mjs";
import { photoRow } from "./photos.mjs";

const INTERIM = ["立即停用，整改合格前不得使用", "设置警示标志并隔离，专人看守", "停业，人员撤离"];
const CONTINGENCY = ["发现泄漏立即关阀、开窗、撤人并报警", "出现险情立即停用、疏散人员并报告街道"];

/** The block under a failed item, or of something off the list. `changed` is called after each change. */
export function findingBlock(app, draft, finding, { item = null, name, changed }) {
  const block = h("div", { class: "finding" });
  const text = (label, key, more = {}, options = {}) => field(label, {
    value: finding[key], oninput: (event) => { finding[key] = event.target.value; changed(); }, autocomplete: "off", ...more,
  }, options);
  const area = (label, key, length, options = {}) => text(label, key, { rows: 2, maxlength: length }, { tag: "textarea", ...options });

  function choose(outcome) {
    finding.outcome = outcome;
    if (outcome === "fixed" && !finding.fix_text) finding.fix_text = "当场改正，经现场复查合格";
    if (outcome === "deadline") {
      finding.responsible_person ||= app.data.get("enterprises", draft.enterprise.id)?.contacts?.[0]?.[1] ?? "";
      finding.due_on ||= app.data.deadline(finding.level, today(new Date(draft.started_at)))?.[0] ?? "";
    }
    changed();
    render();
  }

  function render() {
    const choice = (outcome, label) => h("button", {
      type: "button", class: `big ${finding.outcome === outcome ? "is-chosen" : ""}`, "aria-pressed": String(finding.outcome === outcome), onclick: () => choose(outcome),
    }, label);
    fill(block,
      // Two pictures are enough: the second one says that it was put right while everybody looked (立行立改).
      h("div", { class: "before-after" },
        photoRow(app, draft, finding.photos, { label: finding.outcome === "deadline" ? "拍现场" : "拍改前", name: `${name}整改前`, changed }),
        finding.outcome !== "deadline" && finding.level !== "major" && photoRow(app, draft, finding.after_photos, {
          label: "拍改后", name: `${name}整改后`, changed, taken: () => finding.outcome !== "fixed" && finding.after_photos.length && choose("fixed"),
        })),
      item?.dispositions?.length > 0 && h("p", { class: "help" }, `处置${item.authority ? `（${item.authority}）` : ""}：${item.dispositions.join(" → ")}`),
      item?.dispositions?.[0]?.startsWith("立即改正") && finding.outcome === "deadline" && h("p", { class: "help" }, "这一项应当立即改正：确实改不完的才选“限期改正”，整改前落实临时管控措施。"),
      area("问题", "description", 500),
      h("div", { class: "field-actions", role: "group", "aria-label": `${name}怎么处理` },
        finding.level !== "major" && choice("fixed", "现场已改"), choice("deadline", "限期改正")),
      finding.outcome === "fixed" && area("怎么改的", "fix_text", 1000),
      finding.outcome === "deadline" && deadlineFields(),
      (item?.guidance || item?.proof) && h("details", { class: "more" }, h("summary", {}, "企业怎么改"),
        item.guidance && h("p", {}, item.guidance), item.proof && h("p", { class: "help" }, `证明：${item.proof}`)),
      h("details", { class: "more" }, h("summary", {}, "部位、依据、等级"),
        text("部位", "location", { maxlength: 120 }), text("依据条款", "basis", { maxlength: 200 }), !item?.major && levelField()),
    );
  }

  function levelField() {
    if (!app.data.me.may_grade) return h("p", { class: "help" }, "等级：一般。认为构成重大隐患的，登记后报主管部门认定。");
    const criteria = app.data.all("criteria");
    return h("div", {},
      field("等级", { onchange: (event) => { finding.level = event.target.value; finding.due_on = ""; if (finding.level === "major" && finding.outcome === "fixed") finding.outcome = "deadline"; changed(); render(); } },
        { tag: "select", children: [["general", "一般"], ["major", "重大"]].map(([value, label]) => h("option", { value, selected: finding.level === value }, label)) }),
      finding.level === "major" && field("判定条款", { onchange: (event) => { finding.criterion_code = event.target.value; changed(); } },
        { tag: "select", children: [h("option", { value: "" }, "请选择判定条款"), ...criteria.map((each) => h("option", { value: each.code, selected: each.code === finding.criterion_code }, `${each.code} ${each.text}`))] }));
  }

  function deadlineFields() {
    const on = today(new Date(draft.started_at));
    const limit = app.data.deadline(finding.level, on);
    const list = (id, words) => h("datalist", { id }, words.map((value) => h("option", { value })));
    const contacts = app.data.get("enterprises", draft.enterprise.id)?.contacts ?? [];
    return h("div", {},
      text("整改期限", "due_on", { type: "date", min: on, max: limit?.[1] }, { help: limit ? `按规则为${limit[0]}，最晚${limit[1]}` : "期限由服务器按规则推算；不确定时留空" }),
      text("整改责任人", "responsible_person", { maxlength: 60, list: "field-people" }),
      area("整改措施", "measures", 500),
      text("整改资金（元）", "funds", { inputmode: "decimal", maxlength: 13 }, { help: "不需要投入的填 0" }),
      text("应急预案", "contingency", { maxlength: 300, list: "field-contingency" }),
      text("临时管控措施", "interim_measures", { maxlength: 300, list: "field-interim" }),
      list("field-people", contacts.map(([, contact]) => contact)), list("field-contingency", CONTINGENCY), list("field-interim", INTERIM));
  }

  render();
  return block;
}

/** Reading over, then signing: whoever inspected, and whoever was there. After this the visit joins the line. */
import { attach } from "../signature.mjs";
import { field, h, icon, toast, today } from "./dom.mjs";
import { photosOf, problemsOf, signatureProblems } from "./drafts.mjs";

export function signing(app, id) {
  const draft = app.drafts.byId.get(id);
  if (!draft || draft.locked || draft.state !== "open") return app.go("outbox");
  if (problemsOf(draft, app.data).length) return app.go(`visit/${id}`);
  const touch = () => app.drafts.touch(draft, { signing: true });
  const people = h("div");
  const accompanying = h("div");
  const me = app.data.me;
  const colleagues = app.data.all("colleagues");

  function renderPeople() {
    const chosen = new Map(draft.members.map((member) => [member.user ?? member, member]));
    const joint = draft.kind === "joint";
    people.replaceChildren(
      person(chosen.get(me.id), { own: true }),
      ...colleagues.filter((each) => each.expert || joint || me.organizations.includes(each.organization)).map((each) => {
        const member = chosen.get(each.id);
        return h("div", { class: "colleague" },
          h("label", { class: "check" }, h("input", { type: "checkbox", checked: Boolean(member), onchange: (event) => {
            if (event.target.checked) draft.members.push({ user: each.id, name: each.name, certificate_no: each.certificate_no, signature: null });
            else draft.members = draft.members.filter((one) => one.user !== each.id);
            touch();
            renderPeople();
          } }), `${each.name}${each.expert ? "（专家）" : ""}`),
          member && person(member));
      }),
      ...draft.members.filter((member) => member.user === null).map((member) => h("div", { class: "colleague" },
        field("姓名（没有账号的同行人员）", { value: member.name, maxlength: 60, autocomplete: "off", oninput: (event) => { member.name = event.target.value; touch(); } }),
        person(member),
        h("button", { type: "button", class: "link", onclick: () => { draft.members.splice(draft.members.indexOf(member), 1); touch(); renderPeople(); } }, "不是同行人员，移除"))),
      h("button", { type: "button", class: "link", onclick: () => { draft.members.push({ user: null, name: "", certificate_no: "", signature: null }); touch(); renderPeople(); } }, icon("plus"), "没有账号的同行人员"),
    );
  }

  function person(member, { own = false } = {}) {
    return h("div", {},
      own && h("p", { class: "name" }, `${member.name}（我）`),
      field("执法证号", { value: member.certificate_no, maxlength: 40, placeholder: "执法检查必填", oninput: (event) => { member.certificate_no = event.target.value; touch(); } }),
      pad(member, { label: `${member.name || "同行人员"}签名`, typed: own ? ["以登录身份确认，不手写", () => ({ method: "login", image: "", remark: "" })] : null }));
  }

  /** A drawing pad, or the ink already given. `typed`: [words, what to keep] of the way without a pen. */
  function pad(signed, { label, typed, after = () => {} }) {
    const place = h("div", { class: "signature-place" });
    const set = (signature) => {
      signed.signature = signature;
      touch();
      after();
    };
    function show() {
      if (signed.signature?.image) {
        place.replaceChildren(h("p", { class: "name" }, label),
          h("img", { class: "ink", src: signed.signature.image, alt: `${label}：已签` }),
          h("button", { type: "button", class: "link", onclick: () => { set(null); show(); } }, "重签"));
        return;
      }
      const box = h("input", { type: "checkbox", "data-part": "typed", checked: Boolean(signed.signature), onchange: () => set(box.checked ? typed[1]() : null) });
      const value = h("input", { type: "hidden", "data-part": "value", onchange: () => set({ method: "drawn", image: value.value, remark: "" }) });
      const sheet = h("fieldset", { class: "signature" },
        h("legend", {}, label),
        h("div", { class: "signature-sheet" }, h("canvas", { "data-part": "canvas", "aria-label": `${label}，在此手写` })),
        value,
        h("div", { class: "signature-bar" },
          h("label", { class: "check", hidden: !typed }, box, typed?.[0] ?? ""),
          h("button", { type: "button", class: "link", "data-part": "clear", onclick: () => !box.checked && set(null) }, "清除")));
      place.replaceChildren(sheet);
      attach(sheet);
    }
    show();
    return place;
  }

  function renderAccompanying() {
    const given = draft.accompanying;
    const refusal = h("div");
    const showRefusal = () => refusal.replaceChildren(...(given.signature?.method === "refused" ? [field("拒签情况", {
      rows: 2, maxlength: 200, value: given.signature.remark, placeholder: "理由，以及谁在场见证", oninput: (event) => { given.signature.remark = event.target.value; touch(); },
    }, { tag: "textarea", help: "拒绝签字的，须写明情况，检查记录照样有效" })] : []));
    accompanying.replaceChildren(
      field("陪同人姓名", { value: given.name, maxlength: 60, autocomplete: "off", list: "field-contacts", oninput: (event) => { given.name = event.target.value; touch(); } }),
      field("职务", { value: given.title, maxlength: 60, autocomplete: "off", oninput: (event) => { given.title = event.target.value; touch(); } }),
      h("datalist", { id: "field-contacts" }, (app.data.get("enterprises", draft.enterprise.id)?.contacts ?? []).map(([, contact]) => h("option", { value: contact }))),
      pad(given, { label: "陪同人签名", typed: ["拒绝签字或现场无人签字", () => ({ method: "refused", image: "", remark: "" })], after: showRefusal }),
      refusal);
    showRefusal();
  }

  async function finish(event) {
    const problems = signatureProblems(draft);
    if (problems.length) {
      toast(problems[0].message, { stay: 6000 });
      return;
    }
    event.target.disabled = true;
    await app.drafts.finish(draft);
    app.uploader.kick();
    toast(navigator.onLine ? "检查已完成，正在上传" : "检查已完成，存在本机，有信号后自动上传");
    app.go("outbox");
  }

  renderPeople();
  renderAccompanying();
  return {
    title: "签字", back: `visit/${draft.id}`, editing: true,
    body: [
      review(draft, app.data),
      h("div", { class: "band" },
        field("检查类别", { onchange: (event) => { draft.kind = event.target.value; touch(); renderPeople(); } }, { tag: "select", help: "执法检查须有两名持证人员",
          children: (me.kinds.length ? me.kinds : [[draft.kind, "开始检查时定的类别"]]).map(([value, label]) => h("option", { value, selected: value === draft.kind }, label)) }),
        field("检查意见", { rows: 2, maxlength: 500, placeholder: "可不填", value: draft.opinion, oninput: (event) => { draft.opinion = event.target.value; touch(); } }, { tag: "textarea" })),
      h("div", { class: "band" }, h("h2", {}, "检查人员"), h("p", { class: "help" }, "谁检查、谁签名、谁负责"), people),
      h("div", { class: "band" }, h("h2", {}, "陪同人"), accompanying),
    ],
    bottom: [
      h("button", { type: "button", class: "big", onclick: () => app.go(`visit/${draft.id}`) }, "返回修改"),
      h("button", { type: "button", class: "big is-main", onclick: finish }, "完成检查"),
    ],
  };
}

/** What everybody signs for, to be read out; the numbered papers follow when it has arrived. */
function review(draft, data) {
  const failed = draft.items.filter((item) => draft.answers[item.position]?.verdict === "fail").map((item) => draft.answers[item.position].finding);
  const findings = [...failed, ...draft.others];
  const counted = (verdict) => Object.values(draft.answers).filter((answer) => answer.verdict === verdict).length;
  const rule = (finding) => finding.due_on || data.deadline(finding.level, today(new Date(draft.started_at)))?.[0] || "按规则推算";
  return h("div", { class: "band review" },
    h("h2", {}, draft.enterprise.name),
    h("p", {}, draft.items.length ? `合格 ${counted("pass")} 项，不合格 ${counted("fail")} 项，不适用 ${counted("na")} 项` : "没有检查表", `；照片 ${photosOf(draft).length} 张`),
    findings.length === 0 ? h("p", {}, "未发现隐患。") : h("ol", {}, findings.map((finding) => h("li", {},
      finding.description, finding.level === "major" ? "（重大隐患）" : "", finding.outcome === "fixed" ? "：现场已改正" : `：限 ${rule(finding)} 前改正，责任人 ${finding.responsible_person}；整改前${finding.interim_measures}`))),
    h("p", { class: "help" }, "请读给陪同人听。签字后内容再改，签名即作废。", findings.some((finding) => finding.outcome === "deadline")
      ? "责令限期整改指令书和现场检查记录上传后编号制发，届时在“收发”里打开、打印、送达；现在请当面告知期限和临时管控措施。"
      : "现场检查记录上传后编号制发，可在“收发”里打开打印。"));
}

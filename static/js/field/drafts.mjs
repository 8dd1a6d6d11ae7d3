/**
 * A visit on the phone, from the first answer to the receipt.
 *   open → waiting → sending → sent, or refused (and open again when the person takes it back)
 * Every change is kept within a quarter of a second, photos before they are shown.
 */
import { mintId } from "../ids.mjs";
import { migrated, SCHEMA } from "./migrations.mjs";
import { today } from "./dom.mjs";
import { demand, judge } from "./judging.mjs";

const PAUSE_MS = 250;
const SENT_KEPT_MS = 7 * 86400000;
const OWED_KEPT_MS = 30 * 86400000;
const RECORD = "现场检查记录";

export const STATES = { open: "草稿", waiting: "等待上传", sending: "正在上传", sent: "已送达", refused: "未接受" };

/** What a person has said of one item or of something off the list. */
export function newFinding(item, { description = "", major = false } = {}) {
  return {
    description: item?.failure ?? description, outcome: "", location: "", basis: item?.basis ?? "",
    level: item?.major || major ? "major" : "general", criterion_code: item?.criterion_code ?? "",
    photos: [], after_photos: [], fix_text: "", due_on: "", responsible_person: "", measures: item?.guidance ?? "",
    funds: "0", contingency: "", interim_measures: "",
  };
}

export class Drafts {
  constructor(store) {
    this.store = store;
    this.byId = new Map();
    this.pending = new Map();
  }

  async load() {
    for (const draft of await this.store.visits()) {
      try {
        const schema = draft.schema;
        this.byId.set(draft.id, migrated(draft));
        if (schema !== draft.schema) await this.store.keepVisit(draft);
      } catch (error) {
        // Written by a newer app: shown, never touched.
        this.byId.set(draft.id, { ...draft, locked: error.message });
      }
    }
    for (const draft of this.all()) {
      if (draft.state === "sending") draft.state = "waiting"; // the phone went out meanwhile
      if (draft.state === "sent" && Date.now() - draft.sent_at > (noticesOwed(draft).length ? OWED_KEPT_MS : SENT_KEPT_MS)) await this.drop(draft.id);
    }
  }

  all() {
    return [...this.byId.values()].sort((one, other) => (other.begun_at ?? 0) - (one.begun_at ?? 0));
  }

  in(...states) {
    return this.all().filter((draft) => states.includes(draft.state));
  }

  /** Visits finished on this phone by enterprise, the newest of each: the copy of the registry may not know of them yet. */
  finished(task = null) {
    const found = new Map();
    for (const draft of this.in("waiting", "sending", "refused", "sent").reverse()) {
      if (task === null || draft.task === task) found.set(draft.enterprise.id, draft);
    }
    return found;
  }

  async begin({ enterprise, task, checklist, items, me, skew, kind = null }) {
    const draft = {
      schema: SCHEMA, id: mintId(), state: "open", stage: "walk", begun_at: Date.now(),
      enterprise: { id: enterprise.id, name: enterprise.name }, premises: null,
      task: task?.id ?? null, task_name: task ? `${task.no} ${task.heading}` : "", checklist: checklist?.id ?? null,
      items, clock_skew: skew,
      kind: kind ?? me.kinds?.[0]?.[0] ?? "", handed: false, started_at: new Date().toISOString(), finished_at: null,
      answers: {}, others: [], photos: [], members: [{ user: me.id, name: me.name, certificate_no: me.certificate_no, signature: null }],
      accompanying: { name: "", title: "", signature: null }, opinion: "", longitude: null, latitude: null, accuracy: null,
    };
    this.byId.set(draft.id, draft);
    await this.store.keepVisit(draft);
    return draft;
  }

  /** Something on the walk changed: what was signed before it is signed no more. Returns whether signatures went. */
  touch(draft, { signing = false } = {}) {
    let voided = false;
    if (!signing) {
      for (const signed of [...draft.members, draft.accompanying]) {
        voided ||= Boolean(signed.signature);
        signed.signature = null;
      }
    }
    clearTimeout(this.pending.get(draft.id));
    this.pending.set(draft.id, setTimeout(() => this.flush(draft), PAUSE_MS));
    return voided;
  }

  async flush(draft) {
    clearTimeout(this.pending.get(draft.id));
    this.pending.delete(draft.id);
    await this.store.keepVisit(draft);
    document.dispatchEvent(new CustomEvent("field:kept", { detail: draft.id }));
  }

  async flushAll() {
    await Promise.all([...this.pending.keys()].map((id) => this.flush(this.byId.get(id))));
  }

  async drop(id) {
    clearTimeout(this.pending.get(id));
    this.pending.delete(id);
    this.byId.delete(id);
    await this.store.dropVisit(id);
  }

  /** The visit is complete: it joins the line. */
  async finish(draft) {
    draft.finished_at = new Date().toISOString();
    // A clock that ran ahead and was put right meanwhile: an end before the beginning would never be accepted.
    if (draft.started_at > draft.finished_at) draft.started_at = draft.finished_at;
    draft.seq ??= await this.#number();
    draft.state = "waiting";
    draft.problems = [];
    await this.flush(draft);
  }

  /** The next number in the line; it never falls back, though what was sent leaves the phone after a week. */
  async #number() {
    const next = Math.max((await this.store.get("seq")) ?? 0, ...this.all().map((each) => each.seq ?? 0)) + 1;
    await this.store.put("seq", next);
    return next;
  }

  async takeBack(draft) {
    draft.state = "open";
    draft.stage = "walk";
    await this.flush(draft);
  }

  /** The task is over or no longer fits: what was found stays, off the list. */
  async withoutTask(draft) {
    for (const [position, answer] of Object.entries(draft.answers)) {
      if (answer.verdict === "fail" && answer.finding) draft.others.push(answer.finding);
      if (answer.photos?.length) draft.photos.push(...answer.photos);
      delete draft.answers[position];
    }
    Object.assign(draft, { task: null, task_name: "", checklist: null, items: [], problems: [] });
    this.touch(draft);
    await this.flush(draft);
  }
}

/** Every photo a visit names, once. */
export function photosOf(draft) {
  const findings = [...Object.values(draft.answers).map((answer) => answer.verdict === "fail" && answer.finding), ...draft.others].filter(Boolean);
  return [...new Set([
    ...Object.values(draft.answers).flatMap((answer) => answer.photos ?? []),
    ...findings.flatMap((finding) => [...finding.photos, ...(finding.outcome === "fixed" ? finding.after_photos : [])]),
    ...draft.photos,
  ])];
}

/** How many photos of a visit are not on the server yet. */
export const photosLeft = (draft) => photosOf(draft).filter((id) => !draft.uploaded?.includes(id)).length;

/** Where on the form a photo stands: {where, name}. */
export function placeOf(draft, id) {
  const inFinding = (finding) => Boolean(finding && (finding.photos.includes(id) || finding.after_photos.includes(id)));
  for (const [position, answer] of Object.entries(draft.answers)) {
    if (answer.photos?.includes(id) || inFinding(answer.finding)) return { where: `q${position}`, name: `第 ${position} 项` };
  }
  const other = draft.others.findIndex(inFinding);
  return other < 0 ? { where: "scene", name: "现场照片" } : { where: `o${other + 1}`, name: `其他问题 ${other + 1}` };
}

/** Notices that got their number after the visit and are still to be printed and handed over. */
export function noticesOwed(draft) {
  if (draft.state !== "sent" || draft.served_at) return [];
  return (draft.receipt?.papers ?? []).filter(({ kind }) => kind !== RECORD);
}

/** Whether the server may have it already: then it would arrive as another content if it were changed. */
export const mayBeThere = (draft) => draft.handed ?? Boolean(draft.uploaded?.length);

/** What goes to the server: the draft without what only the phone needs. */
export function payload(draft) {
  const answers = Object.entries(draft.answers).map(([position, answer]) => ({
    position: Number(position), verdict: answer.verdict ?? "", measured: answer.measured ?? "", note: answer.note ?? "",
    photos: answer.photos ?? [], finding: answer.verdict === "fail" ? answer.finding : null,
  }));
  return {
    schema: 1, client_id: draft.id, kind: draft.kind, enterprise: draft.enterprise.id, premises: draft.premises, task: draft.task,
    checklist: draft.checklist, started_at: draft.started_at, finished_at: draft.finished_at, members: draft.members,
    accompanying: draft.accompanying, answers, others: draft.others, longitude: draft.longitude, latitude: draft.latitude,
    // A draft of an earlier version of the app has no accuracy.
    accuracy: draft.accuracy ?? null, opinion: draft.opinion, photos: draft.photos, seq: draft.seq, clock_skew: draft.clock_skew,
  };
}

const missing = (where, message) => ({ where, message });

/** What keeps the walk from being signed, in the words of the form: [{where, message}]. */
export function problemsOf(draft, data) {
  const found = [];
  for (const item of draft.items) {
    const answer = draft.answers[item.position];
    const [where, name] = [`q${item.position}`, `第 ${item.position} 项`];
    if (!answer?.verdict) found.push(missing(where, `${name}没有回答，请选合格、不合格或不适用`));
    else if (answer.verdict === "fail") found.push(...findingProblems(answer.finding, where, name, draft, data));
    if (["pass", "fail"].includes(answer?.verdict)) found.push(...measureProblems(item, answer, where, name));
  }
  draft.others.forEach((finding, index) => found.push(...findingProblems(finding, `o${index + 1}`, `其他问题 ${index + 1}`, draft, data)));
  return found;
}

/** A number where one is demanded; one that fails is passed only with a written reason. A photo where owed. */
function measureProblems(item, answer, where, name) {
  const found = [];
  if (item.measure) {
    const judged = judge(item.measure, answer.measured?.split(" ")[0] ?? "");
    if (judged?.passed === undefined) (answer.verdict === "pass" || item.alone) && found.push(missing(where, `${name}要填${item.measure.label}的实测值（标准${demand(item.measure)}）；确实量不了的选“不适用”并备注原因`));
    else if (judged.passed === null) found.push(missing(where, `${name}：${judged.words}`));
    else if (!judged.passed && answer.verdict === "pass" && !answer.note?.trim()) found.push(missing(where, `${name}${judged.words}；仍判合格的，请在备注里写明理由`));
  }
  if (item.photo === "always" && !answer.photos?.length && !answer.finding?.photos.length) found.push(missing(where, `${name}要求每次拍照，请补拍`));
  return found;
}

function findingProblems(finding, where, name, draft, data) {
  const found = [];
  const need = (bad, words) => bad && found.push(missing(where, `${name}${words}`));
  need(!finding.description.trim(), "没有写问题，请写明看到了什么");
  need(finding.level === "major" && finding.outcome === "fixed", "按重大隐患判定，不能当场销号，请选“限期改正”");
  if (finding.outcome === "fixed") {
    need(!finding.photos.length, "现场已改，缺整改前照片，请补拍");
    need(!finding.after_photos.length, "现场已改，缺整改后照片，请补拍");
    need(!finding.fix_text.trim(), "现场已改，请写明怎么改的");
  } else if (finding.outcome === "deadline") {
    need(!finding.photos.length, "限期改正，缺现场照片，请补拍");
    need(!finding.responsible_person.trim(), "限期改正，缺整改责任人，请填写");
    need(!finding.measures.trim(), "限期改正，缺整改措施，请填写");
    need(!/^\d{1,10}(\.\d{1,2})?$/.test(finding.funds), "限期改正，缺整改资金，请填写金额（元），不需要投入的填 0");
    need(!finding.contingency.trim(), "限期改正，缺应急预案，请写明出现险情怎么办");
    need(!finding.interim_measures.trim(), "不能立即整改，缺临时管控措施，请写明整改前怎么保证安全");
    const limit = data.deadline(finding.level, today(new Date(draft.started_at)));
    need(finding.due_on && limit && finding.due_on > limit[1], `：整改期限最晚可定为${limit?.[1]}，所填为${finding.due_on}，请改早，确有需要时走延期`);
  } else need(true, "没有说怎么处理，请选“现场已改”或“限期改正”");
  return found;
}

/** What keeps a signed visit from being handed in. */
export function signatureProblems(draft) {
  const found = [];
  for (const member of draft.members) {
    if (!member.name.trim()) found.push(missing("members", "有一名检查人员没有姓名，请填写"));
    else if (!member.signature) found.push(missing("sign", `检查人员${member.name}没有签名，请签名后提交`));
  }
  const { name, signature } = draft.accompanying;
  if (!signature) found.push(missing("sign", "陪同人没有签名；拒绝签字的，请勾选并写明情况"));
  else if (signature.method === "refused" && !signature.remark.trim()) found.push(missing("sign", "陪同人拒绝签字，请写明理由和在场情况"));
  else if (signature.method === "drawn" && !name.trim()) found.push(missing("sign", "请填写陪同人姓名"));
  return found;
}

/** What has arrived, what waits, what was not accepted and why; and the way out when nothing helps. */
import { ask, h, icon, leaf, moment, toast } from "./dom.mjs";
import { mayBeThere, payload, photosLeft, photosOf, STATES } from "./drafts.mjs";

export function outbox(app) {
  const { uploader } = app;
  const shown = app.drafts.all();
  const count = (...states) => app.drafts.in(...states).length;
  return {
    title: "收发", back: "today",
    body: [
      h("div", { class: "band soft", role: "status" },
        h("p", {}, `等待 ${count("waiting", "sending")}，未接受 ${count("refused")}，已送达 ${count("sent")}，草稿 ${count("open")}`),
        uploader.note && h("p", {}, uploader.note),
        uploader.signIn && h("div", { class: "notice" }, h("p", {}, uploader.signIn), h("a", { class: "big is-main", href: "/accounts/login/?next=/field/" }, "去登录"))),
      shown.length === 0 && h("div", { class: "band" }, h("p", {}, "还没有检查。")),
      shown.map((draft) => entry(app, draft)),
    ],
    bottom: count("waiting", "sending") > 0 && [h("button", { type: "button", class: "big is-main", onclick: () => uploader.kick() }, icon("cloud-upload"), "现在上传")],
  };
}

function entry(app, draft) {
  const sending = draft.state === "sending" && app.uploader.progress?.visit === draft.id ? app.uploader.progress.words : "";
  const [photos, left] = draft.locked ? [0, 0] : [photosOf(draft).length, photosLeft(draft)];
  const line = {
    open: "继续填写后完成", refused: "服务器没有接受，请看原因",
    waiting: `在本机，等待上传${left < photos ? `，照片已传 ${photos - left} / ${photos}` : ""}`,
    sending: `正在上传${sending ? `：${sending}` : ""}`, sent: `${moment(draft.sent_at)} 送达`,
  }[draft.state];
  return h("section", { class: `band entry is-${draft.state}`, "data-visit": draft.id, "data-state": draft.state },
    h("h2", {}, draft.enterprise.name),
    h("p", {}, h("strong", {}, STATES[draft.state]), ` · ${line} · ${moment(draft.begun_at)} 开始`, draft.locked ? ` · ${draft.locked}` : ""),
    draft.problems?.length > 0 && h("ul", { class: "problems" }, draft.problems.map(({ message }) => h("li", {}, message))),
    draft.receipt && receipt(draft.receipt),
    h("div", { class: "field-actions" }, buttons(app, draft)));
}

function receipt({ url, hazards, papers, also }) {
  return h("div", {},
    h("p", {}, hazards ? `已登记隐患 ${hazards} 项。` : "未发现隐患，已登记。"), leaf(url, "打开检查记录"),
    papers.length > 0 && h("div", {}, "文书已编号，可打开打印：", papers.map((paper) => leaf(paper.url, `${paper.kind} ${paper.number}`))),
    also.length > 0 && h("div", { class: "notice" }, "同一天这家企业还有检查，两次都保留：", also.map((each) => leaf(each.url, `${each.by} ${moment(each.at)}`))));
}

function buttons(app, draft) {
  if (draft.locked || draft.state === "sending") return [];
  const take = h("button", { type: "button", class: "big", onclick: async () => {
    await app.drafts.takeBack(draft);
    app.go(`visit/${draft.id}`);
  } }, "取回修改");
  const save = h("button", { type: "button", class: "big", onclick: () => exported(app, draft) }, icon("download"), "导出到文件");
  const drop = h("button", { type: "button", class: "big", onclick: async () => {
    if (!(await ask("删除这份检查？内容和照片不能恢复。", { yes: "删除", danger: true }))) return;
    await app.drafts.drop(draft.id);
    app.show();
  } }, "删除");
  if (draft.state === "open") return [h("a", { class: "big is-main", href: `#/visit/${draft.id}` }, "继续"), drop];
  if (draft.state === "waiting") return mayBeThere(draft) ? [save] : [take, save];
  if (draft.state === "refused") {
    const about = new Set((draft.problems ?? []).map(({ where }) => where));
    return [
      draft.refusal === "other_content" ? null : take,
      (about.has("task") || about.has("enterprise") || about.has("checklist")) && draft.task && h("button", { type: "button", class: "big", onclick: async () => {
        await app.drafts.withoutTask(draft);
        await app.drafts.takeBack(draft);
        app.go(`visit/${draft.id}`);
      } }, "改做不归入任务的检查"),
      h("button", { type: "button", class: "big", onclick: async () => {
        draft.state = "waiting";
        await app.drafts.flush(draft);
        app.uploader.kick();
        app.show();
      } }, "再试一次"),
      save, drop,
    ];
  }
  return [];
}

/** The visit with its photos as one readable file, for whoever has to enter it by hand. */
async function exported(app, draft) {
  if (!(await ask("导出的文件没有加密，含企业情况、签名和照片，请只交给本单位的人。继续？", { yes: "导出" }))) return;
  const photos = {};
  for (const id of photosOf(draft)) {
    const bytes = await app.store.photo(id);
    if (bytes) photos[id] = await asDataUrl(new Blob([bytes], { type: "image/jpeg" }));
  }
  const text = JSON.stringify({ enterprise_name: draft.enterprise.name, task_name: draft.task_name, problems: draft.problems, visit: payload(draft), items: draft.items, photo_files: photos }, null, 1);
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { href: url, download: `检查-${draft.enterprise.name}-${draft.started_at.slice(0, 10)}.json` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  toast("已导出到下载文件夹");
}

const asDataUrl = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(blob);
});

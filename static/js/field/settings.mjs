/** This phone: who, which place, which version; locking it. */
import { field, fill, h, moment, toast } from "./dom.mjs";
import { pinChange } from "./lock.mjs";

/** How full the phone is, as far as the browser says. */
async function room(line) {
  const { usage, quota } = await navigator.storage?.estimate?.() ?? {};
  if (quota) fill(line, `本机已用 ${megabytes(usage)}，浏览器还可给 ${megabytes(quota - usage)}。${quota - usage < 200e6 ? "空间不多，请先上传，再清理手机。" : ""}`);
}

const megabytes = (bytes) => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

export function settings(app) {
  const { data } = app;
  const regions = data.all("regions");
  const place = field("带哪里的企业", { onchange: async (event) => {
    if (await app.sync({ region: event.target.value, told: true })) app.show();
  } }, { tag: "select", help: data.meta.left_out ? `范围内另有 ${data.meta.left_out} 家没有带上，选一个乡镇街道带全` : "一般不用选",
    children: [h("option", { value: "" }, "我的全部范围"), ...regions.map((each) => h("option", { value: each.key, selected: each.key === (data.meta.region ?? "") }, each.label))] });
  const line = h("p", {});
  return {
    title: "设置", back: "today", after: () => room(line),
    body: [
      h("section", { class: "band" }, h("h2", {}, "本机"),
        h("p", {}, [data.me.name, data.me.organization].filter(Boolean).join(" · ")),
        h("p", {}, `程序版本 ${app.version}。`, app.api.keys.signed_until ? `登录有效至 ${moment(app.api.keys.signed_until)}，过期后照样可以填写，上传时再登录。` : ""),
        h("p", {}, app.persisted ? "浏览器已答应不清理本机数据。" : "浏览器没有答应保留本机数据，请把本页“添加到主屏幕”并及时上传。"),
        line,
        h("p", {}, "手机遗失时，请在电脑上打开“现场设备”停用本机。")),
      h("section", { class: "band" }, place),
      h("section", { class: "band" },
        app.offer && h("button", { type: "button", class: "big is-main", onclick: () => app.install() }, "安装到主屏幕"),
        app.updates.ready && h("button", { type: "button", class: "big is-main", onclick: () => app.updates.apply() }, "更新到新版本"),
        h("button", { type: "button", class: "big", onclick: async () => toast((await app.updates.check()) ? "新版本已就绪" : "已是最新版本") }, "检查更新"),
        h("a", { class: "big", href: "/field/devices/", target: "_blank", rel: "noopener" }, "现场设备"),
        h("button", { type: "button", class: "big", onclick: () => app.lock() }, "锁定"),
        h("details", { class: "more" }, h("summary", {}, "更改 PIN"), pinChange(app.store.user))),
    ],
  };
}

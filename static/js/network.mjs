/** <div data-bihuan-network>: says in words whether there is a network and what still waits on this device. */
import { drafts } from "./draft.mjs";
import * as outbox from "./outbox.mjs";

export function attach(bar) {
  const state = bar.querySelector("[data-part=state]");

  async function show() {
    const photos = await outbox.waiting().catch(() => []);
    const forms = drafts().filter((draft) => draft.pending);
    const waits = [forms.length && `待提交 ${forms.length} 份`, photos.length && `待上传 ${photos.length} 张照片`].filter(Boolean).join("、");
    bar.classList.toggle("is-offline", !navigator.onLine);
    bar.classList.toggle("is-waiting", navigator.onLine && waits !== "");
    const words = navigator.onLine
      ? ["网络正常", waits || "没有待上传"]
      : ["无信号", globalThis.crypto?.subtle ? "填写内容存在本机" : "填写内容没有存下，请不要关掉本页", waits].filter(Boolean);
    if (state.textContent !== words.join(" · ")) state.textContent = words.join(" · ");
    bar.querySelector("a")?.remove();
    const elsewhere = [...forms, ...photos].find((one) => one.page.split("?")[0] !== location.pathname);
    if (elsewhere && navigator.onLine) {
      const link = document.createElement("a");
      link.href = elsewhere.page;
      link.textContent = "去提交";
      bar.append(link);
    }
  }

  window.addEventListener("online", show);
  window.addEventListener("offline", show);
  document.addEventListener("bihuan:outbox", show);
  show();
}

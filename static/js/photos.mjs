/**
 * <fieldset data-bihuan-photos data-name data-upload-url data-max>: see templates/components/photo_input.html.
 * Each photo is shrunk, shown at once, sent with its own client_id and retried when the network returns.
 * In a form with data-draft-key the waiting photos live in the outbox and come back with the draft.
 */
import { Refused, upload } from "./http.mjs";
import { mintId } from "./ids.mjs";
import { shrink } from "./image.mjs";
import * as outbox from "./outbox.mjs";
import { keyFor } from "./sealing.mjs";
import { showToast } from "./toast.mjs";

const RETRY_MS = 20000;

class Photos {
  constructor(root) {
    this.root = root;
    this.name = root.dataset.name;
    this.max = Number(root.dataset.max) || 9;
    this.adder = root.querySelector(".photo-add");
    this.file = root.querySelector("[data-part=file]");
    this.form = root.closest("form");
    this.photos = new Map(); // client_id -> {client_id, id, url, thumbnail, blob, state, tile}
    this.sending = false;
    this.file.removeAttribute("name"); // with script the files travel alone
    this.file.addEventListener("change", () => this.take([...this.file.files]));
    root.addEventListener("click", (event) => this.press(event));
    window.addEventListener("online", () => this.sendAll());
    setInterval(() => this.root.isConnected && this.sendAll(), RETRY_MS);
    this.form?.addEventListener("submit", (event) => this.check(event), true);
    this.form?.addEventListener("bihuan:draft-collect", (event) => this.collect(event.detail));
    this.form?.addEventListener("bihuan:draft-restore", (event) => this.restore(event.detail));
    this.show();
    if (this.file.files.length) this.take([...this.file.files]); // chosen while this script was on its way
  }

  get count() {
    return this.root.querySelectorAll(".photo-tile").length;
  }

  async take(files) {
    this.file.value = "";
    const room = this.max - this.count;
    if (files.length > room) showToast(`最多 ${this.max} 张，多出的 ${files.length - room} 张没有加入`, { tone: "error" });
    for (const file of files.slice(0, Math.max(0, room))) {
      const blob = await shrink(file);
      const photo = { client_id: mintId(), blob, filename: file.name.replace(/\.\w+$/, "") + (blob === file ? file.name.match(/\.\w+$/)?.[0] ?? "" : ".jpg") };
      this.add(photo);
      if (this.form?.dataset.draftKey) {
        await outbox.keep({ client_id: photo.client_id, blob, page: location.pathname }, await keyFor(this.form)).catch(() => {});
      }
      this.changed();
    }
    this.sendAll();
  }

  add(photo) {
    const tile = document.createElement("div");
    tile.className = "photo-tile";
    const image = document.createElement("img");
    image.alt = "待上传的照片";
    if (photo.blob) image.src = URL.createObjectURL(photo.blob);
    const state = document.createElement("span");
    state.className = "photo-state";
    const remove = document.createElement("button");
    remove.type = "button";
    remove.dataset.part = "remove";
    remove.textContent = "×";
    remove.setAttribute("aria-label", "移除这张照片");
    tile.append(image, state, remove);
    tile.dataset.clientId = photo.client_id;
    this.root.insertBefore(tile, this.adder);
    photo.tile = tile;
    photo.state = "waiting";
    this.photos.set(photo.client_id, photo);
    if (photo.id) this.done(photo, photo);
    else this.say(photo, "待上传");
    this.show();
  }

  say(photo, words) {
    photo.tile.querySelector(".photo-state").textContent = words;
    photo.tile.classList.toggle("is-failed", photo.state === "failed");
    photo.tile.querySelector(".photo-retry")?.remove();
    if (photo.state === "failed") {
      const retry = document.createElement("button");
      retry.type = "button";
      retry.className = "photo-retry";
      retry.dataset.part = "retry";
      retry.textContent = "重试";
      photo.tile.append(retry);
    }
  }

  async sendAll() {
    if (this.sending || !navigator.onLine) return;
    this.sending = true;
    for (const photo of this.photos.values()) if (photo.state === "waiting") await this.send(photo);
    this.sending = false;
    this.changed();
  }

  async send(photo) {
    photo.state = "sending";
    const data = new FormData();
    data.append("file", photo.blob, photo.filename ?? "photo.jpg");
    data.append("client_id", photo.client_id);
    try {
      this.done(photo, await upload(this.root.dataset.uploadUrl, data, (share) => this.say(photo, `${Math.round(share * 100)}%`)));
      await outbox.drop(photo.client_id).catch(() => {});
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // The network is to blame for 0 and 5xx: wait. Anything else will not get better by itself.
      photo.state = error.status === 0 || error.status >= 500 ? "waiting" : "failed";
      this.say(photo, photo.state === "waiting" ? "待上传" : "未接受");
      if (photo.state === "failed") showToast(`照片未接受：${error.message}`, { tone: "error", stay: 10000 });
    }
  }

  done(photo, answer) {
    Object.assign(photo, { id: answer.id, url: answer.url, thumbnail: answer.thumbnail, state: "done" });
    const image = photo.tile.querySelector("img");
    image.alt = "已上传的照片";
    if (!photo.blob && (answer.thumbnail || answer.url)) image.src = answer.thumbnail || answer.url;
    photo.tile.querySelector(".photo-state").textContent = "✓ 已上传";
    photo.tile.classList.remove("is-failed");
    photo.tile.querySelector(".photo-retry")?.remove();
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = this.name;
    input.value = answer.id;
    photo.tile.append(input);
    this.root.querySelector("[data-part=status]").textContent = `已上传 ${this.root.querySelectorAll("input[type=hidden]").length} 张`;
  }

  async press(event) {
    const tile = event.target.closest(".photo-tile");
    const photo = tile && this.photos.get(tile.dataset.clientId);
    if (event.target.closest("[data-part=retry]")) {
      photo.state = "waiting";
      this.say(photo, "待上传");
      this.sendAll();
    }
    if (event.target.closest("[data-part=remove]")) {
      tile.remove();
      if (photo) {
        this.photos.delete(photo.client_id);
        await outbox.drop(photo.client_id).catch(() => {});
      }
      this.show();
      this.changed();
    }
  }

  /** Stops a submit that would leave photos behind. Drafts (formnovalidate) may leave. */
  check(event) {
    if (event.submitter?.formNoValidate || this.root.matches(":disabled")) return;
    const waiting = [...this.photos.values()].filter((photo) => photo.state !== "done").length;
    const missing = "required" in this.root.dataset && this.count === 0;
    if (!waiting && !missing) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    showToast(waiting ? `还有 ${waiting} 张照片没有传完，已存本机，有网络时自动上传` : `请先拍照：${this.root.querySelector("legend").firstChild.textContent.trim()}`, { tone: "error" });
    this.root.scrollIntoView({ block: "center" });
    this.file.focus();
    this.sendAll();
  }

  collect(extra) {
    extra[`photos:${this.name}`] = [...this.photos.values()].map(({ client_id, id, url, thumbnail, filename }) => ({ client_id, id, url, thumbnail, filename }));
  }

  async restore(extra) {
    for (const kept of extra[`photos:${this.name}`] ?? []) {
      if (this.photos.has(kept.client_id)) continue;
      const blob = kept.id ? null : await outbox.find(kept.client_id, await keyFor(this.form)).catch(() => null);
      if (kept.id) await outbox.drop(kept.client_id).catch(() => {}); // arrived just before the page went away
      if (kept.id || blob) this.add({ ...kept, blob });
    }
    this.sendAll();
  }

  show() {
    this.root.classList.toggle("is-full", this.count >= this.max);
  }

  changed() {
    this.form?.dispatchEvent(new CustomEvent("bihuan:draft-touch"));
  }
}

export function attach(root) {
  new Photos(root);
}

/** The outbox at work: visits in their order, the photos of each before it, each sent until its receipt is here. */
import { Offline, Refused, SignIn } from "./api.mjs";
import { sha256 } from "./crypto.mjs";
import { payload, photosOf } from "./drafts.mjs";

const PIECE = 256 * 1024;
const FIRST_PAUSE = 3000;
const LONGEST_PAUSE = 5 * 60000;
const TRIES = 3;

export class Uploader {
  constructor({ store, api, drafts, changed }) {
    Object.assign(this, { store, api, drafts, changed });
    this.note = "";
    this.signIn = null;
    this.progress = null;
    this.pause = FIRST_PAUSE;
    window.addEventListener("online", () => this.kick());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.kick());
  }

  /** Begin now: the network is back, the person pressed, a visit was finished. */
  kick() {
    this.pause = FIRST_PAUSE;
    return this.run();
  }

  async run() {
    clearTimeout(this.timer);
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    try {
      await this.#drain();
    } finally {
      this.running = false;
      this.progress = null;
      this.changed();
    }
    if (this.again) {
      this.again = false;
      await this.run();
    } else if (this.drafts.in("waiting").length && !this.signIn) {
      this.timer = setTimeout(() => this.run(), this.pause);
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    }
  }

  async #drain() {
    this.note = "";
    this.signIn = null;
    const line = this.drafts.in("waiting").filter((draft) => !draft.locked).sort((one, other) => one.seq - other.seq);
    for (const draft of line) {
      if (!navigator.onLine) {
        this.note = "没有信号，有信号后自动上传";
        return;
      }
      draft.state = "sending";
      this.changed();
      try {
        await this.#send(draft);
        this.pause = FIRST_PAUSE;
      } catch (error) {
        if (error instanceof Refused) {
          draft.state = "refused";
          draft.problems = error.problems.length ? error.problems : [{ where: "visit", message: error.message }];
          draft.refusal = error.code;
          await this.drafts.flush(draft);
          continue; // it steps aside and does not hold up the next
        }
        draft.state = "waiting";
        if (error instanceof SignIn) this.signIn = error.message;
        else if (error instanceof Offline) this.note = `${error.message}，稍后自动重试`;
        else throw error;
        return;
      } finally {
        this.changed();
      }
    }
  }

  async #send(draft) {
    const ids = photosOf(draft);
    const here = new Set(await this.store.photosOf(draft.id));
    draft.uploaded ??= [];
    for (const [index, id] of ids.entries()) {
      if (draft.uploaded.includes(id)) continue;
      this.progress = { visit: draft.id, words: `照片 ${index + 1} / ${ids.length}` };
      this.changed();
      if (!here.has(id)) throw new Refused(422, { detail: "有一张照片已不在本机，请取回后补拍" });
      await this.#sendPhoto(id);
      draft.uploaded.push(id);
      await this.drafts.flush(draft);
    }
    this.progress = { visit: draft.id, words: "检查内容" };
    this.changed();
    const answer = await this.api.call("visits/", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(payload(draft)) });
    const receipt = await answer.json();
    await this.#arrived(draft, receipt);
  }

  /** The receipt first, then the photos go: a phone that dies in between sends the same again and learns the same. */
  async #arrived(draft, receipt) {
    Object.assign(draft, { state: "sent", sent_at: Date.now(), receipt, problems: [] });
    for (const each of [...draft.members, draft.accompanying]) each.signature = null;
    draft.items = [];
    await this.drafts.flush(draft);
    for (const id of await this.store.photosOf(draft.id)) await this.store.dropPhoto(id);
  }

  async #sendPhoto(id) {
    const bytes = await this.store.photo(id);
    const digest = await sha256(bytes);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#sendPieces(id, bytes, digest);
      } catch (error) {
        if (!(error instanceof Refused && error.code === "digest") || attempt === TRIES) throw error;
      }
    }
  }

  async #sendPieces(id, bytes, digest) {
    const path = `photos/${id}/`;
    const known = await this.api.call(path, { method: "HEAD" });
    if (known.headers.get("Upload-Complete") === "?1") return;
    let offset = Number(known.headers.get("Upload-Offset"));
    for (;;) {
      const piece = bytes.slice(offset, offset + PIECE);
      try {
        const answer = await this.api.call(path, {
          method: "PATCH",
          headers: {
            "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset), "Upload-Length": String(bytes.byteLength),
            "Upload-Sha256": digest, "Upload-Name": encodeURIComponent("现场.jpg"),
          },
          body: piece,
        });
        if (answer.headers.get("Upload-Complete") === "?1") return;
        offset = Number(answer.headers.get("Upload-Offset"));
      } catch (error) {
        // A piece whose answer was lost: the server says where it stands.
        if (!(error instanceof Refused && error.status === 409 && error.offset >= 0)) throw error;
        offset = error.offset > bytes.byteLength ? 0 : error.offset;
      }
    }
  }
}

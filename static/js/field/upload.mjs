/** The outbox at work: visits in their order, the photos of each before it, each sent until its receipt is here. */
import { Offline, Refused, SignIn } from "./api.mjs";
import { sha256 } from "./crypto.mjs";
import { payload, photosOf, placeOf } from "./drafts.mjs";

const LARGEST = 256 * 1024;
const SMALLEST = 16 * 1024;
const FIRST_PAUSE = 3000;
const LONGEST_PAUSE = 5 * 60000;
const TRIES = 3;

export class Uploader {
  /** `changed` after every step; `arrived` when the line is empty and something of it has arrived. */
  constructor({ store, api, drafts, changed, arrived = () => {} }) {
    Object.assign(this, { store, api, drafts, changed, arrived });
    this.note = "";
    this.signIn = null;
    this.progress = null;
    this.pause = FIRST_PAUSE;
    this.piece = LARGEST;
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
      if (await this.#drain()) this.arrived();
    } finally {
      this.running = false;
      this.progress = null;
      if (this.again) {
        this.again = false;
        this.timer = setTimeout(() => this.run());
      } else if (this.#line().length && !this.signIn) {
        this.timer = setTimeout(() => this.run(), this.pause);
        this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
      }
      this.changed();
    }
  }

  #line() {
    return this.drafts.in("waiting").filter((draft) => !draft.locked).sort((one, other) => one.seq - other.seq);
  }

  /** How many visits have arrived. */
  async #drain() {
    this.note = "";
    this.signIn = null;
    let count = 0;
    for (const draft of this.#line()) {
      if (!navigator.onLine) {
        this.note = "没有信号，有信号后自动上传";
        return count;
      }
      draft.state = "sending";
      this.changed();
      try {
        await this.#send(draft);
        this.pause = FIRST_PAUSE;
        count += 1;
      } catch (error) {
        if (error instanceof Refused) {
          draft.state = "refused";
          draft.problems = error.problems.length ? error.problems : [{ where: "visit", message: error.message }];
          draft.refusal = error.code;
          draft.handed = error.code === "other_content";
          await this.drafts.flush(draft);
          continue; // it steps aside and does not hold up the next
        }
        draft.state = "waiting";
        if (error instanceof SignIn) this.signIn = error.message;
        else if (error instanceof Offline) this.note = `${error.message}，稍后自动重试`;
        else {
          this.note = `出错了：${error.message}，稍后自动重试；内容都在本机`;
          throw error;
        }
        return count;
      } finally {
        this.changed();
      }
    }
    return count;
  }

  async #send(draft) {
    const ids = photosOf(draft);
    const here = new Set(await this.store.photosOf(draft.id));
    draft.uploaded ??= [];
    for (const [index, id] of ids.entries()) {
      if (draft.uploaded.includes(id)) continue;
      this.progress = { visit: draft.id, words: `照片 ${index + 1} / ${ids.length}` };
      this.changed();
      await this.#sendPhoto(draft, id, here);
      draft.uploaded.push(id);
      await this.drafts.flush(draft);
    }
    this.progress = { visit: draft.id, words: "检查内容" };
    this.changed();
    // From here on the server may have it, whatever becomes of the answer: it is not changed until the server has said no.
    draft.handed = true;
    await this.drafts.flush(draft);
    const receipt = await this.api.json("visits/", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(payload(draft)) });
    if (!receipt.id) throw new Offline("服务器的回执不完整");
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

  /** One photo, whole. What is wrong with it is said with its place on the form, and the photo is marked. */
  async #sendPhoto(draft, id, here) {
    const { where, name } = placeOf(draft, id);
    if (!here.has(id)) throw this.#badPhoto(draft, id, where, `${name}有一张照片已不在本机，请取回后补拍`);
    const bytes = await this.store.photo(id);
    const digest = await sha256(bytes);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#sendPieces(id, bytes, digest);
      } catch (error) {
        if (!(error instanceof Refused) || error.status === 403) throw error;
        if (error.code !== "digest") throw this.#badPhoto(draft, id, where, `${name}有一张照片没有被接受：${error.message}`);
        if (attempt === TRIES) throw new Offline("照片几次都在传输中损坏");
      }
    }
  }

  #badPhoto(draft, id, where, message) {
    draft.bad_photos = [...(draft.bad_photos ?? []), id];
    return new Refused(422, { problems: [{ where, message }] });
  }

  async #sendPieces(id, bytes, digest) {
    const path = `photos/${id}/`;
    const size = bytes.byteLength;
    let { offset, complete } = await this.api.progress(path, { method: "HEAD" });
    let stuck = 0;
    while (!complete) {
      const before = offset;
      try {
        ({ offset, complete } = await this.api.progress(path, {
          method: "PATCH",
          headers: {
            "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset), "Upload-Length": String(size),
            "Upload-Sha256": digest, "Upload-Name": encodeURIComponent("现场.jpg"),
          },
          body: bytes.slice(offset, offset + this.piece),
        }));
        this.piece = Math.min(this.piece * 2, LARGEST);
      } catch (error) {
        // A weak line carries smaller pieces; each that arrives need never be sent again.
        if (error instanceof Offline) this.piece = Math.max(this.piece / 2, SMALLEST);
        // A piece whose answer was lost: the server says where it stands.
        if (!(error instanceof Refused && error.status === 409 && error.offset >= 0)) throw error;
        offset = Math.min(error.offset, size);
      }
      stuck = offset > before ? 0 : stuck + 1;
      if (stuck >= TRIES) throw new Offline("照片传不上去");
    }
  }
}

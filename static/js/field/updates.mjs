/**
 * The app is fetched whole and kept before it counts as carried along; one that breaks off is fetched again. A new version is
 * fetched whole beside the old one and waits. It takes over when the person says so, never under an open visit; a phone that
 * was switched off meanwhile starts with it, and drafts are led to its schema (migrations.mjs).
 */

const AGAIN_MS = 10000;
const LONGEST_MS = 5 * 60000;

export class Updates {
  /** `changed` when a version became ready or carried; `again` milliseconds until an installation that failed is tried anew. */
  constructor(changed, { again = AGAIN_MS } = {}) {
    this.changed = changed;
    this.again = this.pause = again;
    this.ready = false;
    this.carried = false;
  }

  async start() {
    if (!navigator.serviceWorker) return; // plain http: lock.mjs says what that means
    navigator.serviceWorker.addEventListener("controllerchange", () => (this.asked ? location.reload() : this.#look()));
    await this.#register();
  }

  async #register() {
    this.registration = await navigator.serviceWorker.register("/sw.js", { scope: "/field/", updateViaCache: "none" }).catch(() => null);
    if (!this.registration) return this.#later();
    this.registration.addEventListener("updatefound", () => this.#watch(this.registration.installing));
    this.#watch(this.registration.installing);
  }

  #watch(worker) {
    if (!worker || worker === this.watched) return this.#look();
    this.watched = worker;
    let fetched = false;
    const moved = () => {
      if (worker.state === "installed") {
        fetched = true;
        this.pause = this.again;
      }
      this.#look();
      // It broke off (a weak line, a server half way through an upgrade); with a first one the registration is gone as well.
      if (worker.state === "redundant" && !fetched) this.#later();
    };
    worker.addEventListener("statechange", moved);
    moved(); // on a slow phone it may be further than when it was announced
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.carried ? this.check() : this.#register()), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_MS);
  }

  #look() {
    const carried = Boolean(this.registration?.active || navigator.serviceWorker.controller);
    const ready = Boolean(this.registration?.waiting && navigator.serviceWorker.controller);
    if (ready === this.ready && carried === this.carried) return;
    Object.assign(this, { ready, carried });
    document.documentElement.toggleAttribute("data-carried", carried);
    this.changed();
  }

  /** Ask the server for a newer one; whether one waits now. */
  async check() {
    if (!this.registration) return false;
    await this.registration.update().catch(() => null);
    const installing = this.registration.installing;
    if (installing) await new Promise((resolve) => installing.addEventListener("statechange", () => installing.state !== "installing" && resolve()));
    this.#look();
    return this.ready;
  }

  apply() {
    this.asked = true;
    this.registration.waiting?.postMessage("activate");
  }
}

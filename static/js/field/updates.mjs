/**
 * A new version is fetched whole beside the old one and waits. It takes over when the person says so, never under an open
 * visit; a phone that was switched off meanwhile starts with it, and drafts are led to its schema (migrations.mjs).
 */

export class Updates {
  constructor(changed) {
    this.changed = changed;
    this.ready = false;
  }

  async start() {
    if (!navigator.serviceWorker) return; // plain http: lock.mjs says what that means
    this.registration = await navigator.serviceWorker.register("/sw.js", { scope: "/field/", updateViaCache: "none" }).catch(() => null);
    if (!this.registration) return;
    this.#look();
    this.registration.addEventListener("updatefound", () => {
      this.registration.installing?.addEventListener("statechange", () => this.#look());
    });
    navigator.serviceWorker.addEventListener("controllerchange", () => this.asked && location.reload());
  }

  #look() {
    const ready = Boolean(this.registration.waiting && navigator.serviceWorker.controller);
    if (ready === this.ready) return;
    this.ready = ready;
    this.changed();
  }

  /** Ask the server for a newer one; whether one waits now. */
  async check() {
    await this.registration?.update().catch(() => null);
    const installing = this.registration?.installing;
    if (installing) await new Promise((resolve) => installing.addEventListener("statechange", () => installing.state !== "installing" && resolve()));
    if (this.registration) this.#look();
    return this.ready;
  }

  apply() {
    this.asked = true;
    this.registration.waiting?.postMessage("activate");
  }
}

/**
 * IndexedDB of the field app, one vault per person. Values are sealed (crypto.mjs); in the clear stand only ids, times
 * and the state of a visit, so that a locked app can say how much is waiting.
 *   vaults  {user, name, salt, iv, rounds, sealed, failures, until}
 *   data    {key: "user/group/n", iv, box}           the copy of the registry, in chunks
 *   visits  {id, user, state, seq, at, iv, box}      drafts and the outbox
 *   photos  {id, user, visit, size, at, iv, box}     pictures not yet on the server
 * A later version of this layout adds an `upgrade` step; it never empties a store.
 */
import { openDB } from "../../vendor/idb/idb.mjs";
import { open, openJson, seal, sealJson } from "./crypto.mjs";

const NAME = "bihuan-field";
const VERSION = 1;

const HANDLERS = {
  upgrade(db, from) {
    if (from < 1) {
      db.createObjectStore("vaults", { keyPath: "user" });
      db.createObjectStore("data", { keyPath: "key" });
      db.createObjectStore("visits", { keyPath: "id" }).createIndex("user", "user");
      db.createObjectStore("photos", { keyPath: "id" }).createIndex("visit", "visit");
    }
  },
  // Another tab with a newer app wants to change the layout: let it, this one is about to be replaced.
  blocking(_current, _blocked, event) {
    event.target.close();
    location.reload();
  },
};

/** A server that went back to an earlier app meets a later layout: layouts only grow, so the earlier app works with it. */
const database = () => openDB(NAME, VERSION, HANDLERS).catch((error) => {
  if (error.name !== "VersionError") throw error;
  return openDB(NAME, undefined, { blocking: HANDLERS.blocking });
});
let opened;
const db = () => (opened ??= database());

export const vaults = async () => (await db()).getAll("vaults");
export const keepVault = async (vault) => (await db()).put("vaults", vault);

/** Put one row, and wait until it is on the flash: an empty battery must cost nothing either. */
async function keep(name, row) {
  const change = (await db()).transaction(name, "readwrite", { durability: "strict" });
  await Promise.all([change.store.put(row), change.done]);
}

/** Ask the browser not to clear this storage when space runs short. */
export const persist = async () => (await navigator.storage?.persist?.().catch(() => false)) ?? false;

/** How many visits wait on this phone for whom, told without a PIN. */
export async function waiting(user) {
  const rows = await (await db()).getAllFromIndex("visits", "user", user);
  return rows.filter((row) => row.state !== "sent").length;
}

/** Everything of one person leaves the phone: the way out of a forgotten PIN. */
export async function wipe(user) {
  const handle = await db();
  const change = handle.transaction(["vaults", "data", "visits", "photos"], "readwrite");
  await change.objectStore("vaults").delete(user);
  for (const name of ["data", "visits", "photos"]) {
    const store = change.objectStore(name);
    for (let at = await store.openCursor(); at; at = await at.continue()) {
      if (at.value.user === user || String(at.key).startsWith(`${user}/`)) await at.delete();
    }
  }
  await change.done;
}

/** The opened storage of one person. */
export class Store {
  constructor(user, key) {
    this.user = user;
    this.key = key;
  }

  // --- small values and the copy of the registry -------------------------------------------

  async put(name, value) {
    const sealed = await sealJson(this.key, value);
    await (await db()).put("data", { key: `${this.user}/${name}`, ...sealed });
  }

  async get(name) {
    const row = await (await db()).get("data", `${this.user}/${name}`);
    return row ? openJson(this.key, row) : undefined;
  }

  /** Several values in one transaction: either the phone has the new copy or the old one. */
  async putAll(values, gone = []) {
    const sealed = await Promise.all(Object.entries(values).map(async ([name, value]) => ({ key: `${this.user}/${name}`, ...(await sealJson(this.key, value)) })));
    const change = (await db()).transaction("data", "readwrite");
    await Promise.all([...sealed.map((row) => change.store.put(row)), ...gone.map((name) => change.store.delete(`${this.user}/${name}`)), change.done]);
  }

  // --- visits --------------------------------------------------------------------------------

  async keepVisit(visit) {
    const sealed = await sealJson(this.key, visit);
    await keep("visits", { id: visit.id, user: this.user, state: visit.state, seq: visit.seq ?? 0, at: Date.now(), ...sealed });
  }

  async visits() {
    const rows = await (await db()).getAllFromIndex("visits", "user", this.user);
    return Promise.all(rows.map((row) => openJson(this.key, row)));
  }

  async visit(id) {
    const row = await (await db()).get("visits", id);
    return row && row.user === this.user ? openJson(this.key, row) : undefined;
  }

  async dropVisit(id) {
    const change = (await db()).transaction(["visits", "photos"], "readwrite");
    const photos = change.objectStore("photos");
    for (const key of await photos.index("visit").getAllKeys(id)) await photos.delete(key);
    await change.objectStore("visits").delete(id);
    await change.done;
  }

  // --- photos --------------------------------------------------------------------------------

  async keepPhoto(id, visit, blob) {
    const sealed = await seal(this.key, await blob.arrayBuffer());
    await keep("photos", { id, user: this.user, visit, size: blob.size, at: Date.now(), ...sealed });
  }

  async photo(id) {
    const row = await (await db()).get("photos", id);
    return row ? open(this.key, row) : undefined;
  }

  async photosOf(visit) {
    return (await db()).getAllKeysFromIndex("photos", "visit", visit);
  }

  async dropPhoto(id) {
    await (await db()).delete("photos", id);
  }
}

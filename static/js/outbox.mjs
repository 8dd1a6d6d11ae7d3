/**
 * Photos that have not reached the server yet, kept on the device (IndexedDB), so that closing the page loses nothing.
 * A row: {client_id, page, at, type, iv, box}, the picture sealed (sealing.mjs). Every change fires bihuan:outbox on document.
 */
import { openDB } from "../vendor/idb/idb.mjs";
import { seal, unseal } from "./sealing.mjs";

const KEEP_DAYS = 30;
const database = openDB("bihuan", 1, { upgrade: (db) => db.createObjectStore("photos", { keyPath: "client_id" }) });

const changed = () => document.dispatchEvent(new CustomEvent("bihuan:outbox"));

/** Keep a picture under a key of `sealing.keyFor`; without one nothing is kept. */
export async function keep({ client_id, blob, page }, key) {
  if (!key) return;
  const sealed = await seal(key, await blob.arrayBuffer());
  await (await database).put("photos", { client_id, page, at: Date.now(), type: blob.type, ...sealed });
  changed();
}

export async function drop(clientId) {
  await (await database).delete("photos", clientId);
  changed();
}

/** The picture kept under an id, or null. A row of an earlier version holds it open. */
export async function find(clientId, key) {
  const row = await (await database).get("photos", clientId);
  if (row?.blob) return row.blob;
  return row && key ? new Blob([await unseal(key, row)], { type: row.type }) : null;
}

/** Rows still waiting; what is older than a month belongs to a form long gone and is thrown away. */
export async function waiting() {
  const db = await database;
  const rows = await db.getAll("photos");
  const limit = Date.now() - KEEP_DAYS * 86400000;
  await Promise.all(rows.filter((row) => row.at < limit).map((row) => db.delete("photos", row.client_id)));
  return rows.filter((row) => row.at >= limit);
}

/**
 * Photos that have not reached the server yet, kept on the device (IndexedDB), so that closing the page loses nothing.
 * A row: {client_id, blob, page, at}. Every change fires bihuan:outbox on document.
 */
import { openDB } from "../vendor/idb/idb.mjs";

const KEEP_DAYS = 30;
const database = openDB("bihuan", 1, { upgrade: (db) => db.createObjectStore("photos", { keyPath: "client_id" }) });

const changed = () => document.dispatchEvent(new CustomEvent("bihuan:outbox"));

export async function keep(row) {
  await (await database).put("photos", row);
  changed();
}

export async function drop(clientId) {
  await (await database).delete("photos", clientId);
  changed();
}

export async function find(clientId) {
  return (await database).get("photos", clientId);
}

/** Rows still waiting; what is older than a month belongs to a form long gone and is thrown away. */
export async function waiting() {
  const db = await database;
  const rows = await db.getAll("photos");
  const limit = Date.now() - KEEP_DAYS * 86400000;
  await Promise.all(rows.filter((row) => row.at < limit).map((row) => db.delete("photos", row.client_id)));
  return rows.filter((row) => row.at >= limit);
}

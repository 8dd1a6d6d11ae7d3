/** Takes along what is new, and keeps it sealed: rows in chunks, all of one answer in one transaction. */
import { Data } from "./data.mjs";

const CHUNK = 1000;

/** The copy on the phone; an empty one where part of it is gone or spoilt: it is brought anew, drafts stand elsewhere. */
export async function load(store) {
  const meta = await store.get("meta").catch(() => null);
  if (!meta) return new Data();
  const tables = {};
  for (const [name, count] of Object.entries(meta.chunks ?? {})) {
    const parts = await Promise.all(Array.from({ length: count }, (_, index) => store.get(`${name}/${index}`).catch(() => null)));
    if (!parts.every(Array.isArray)) return new Data();
    tables[name] = parts.flat();
  }
  return new Data({ meta, tables });
}

/** Ask the server for what changed; `heard` is called with the bytes so far. Rejects as `Api.json` does; what is on the phone stays then. */
export async function sync(api, store, data, { region = data.meta.region ?? "", heard } = {}) {
  const cursor = region === (data.meta.region ?? "") ? data.meta.cursor : "";
  const answer = await api.json(`sync/?${new URLSearchParams({ cursor, region })}`, { heard });
  const changed = data.take(answer);
  data.meta.region = region;
  // How far this phone's clock runs ahead, for whoever weighs the times of a visit.
  data.meta.skew = Math.round((Date.now() - Date.parse(answer.now)) / 1000);
  data.meta.chunks ??= {};
  const values = {};
  const gone = [];
  for (const name of changed) {
    const rows = [...data.tables.get(name).values()];
    const count = Math.ceil(rows.length / CHUNK);
    for (let index = 0; index < count; index += 1) values[`${name}/${index}`] = rows.slice(index * CHUNK, (index + 1) * CHUNK);
    for (let index = count; index < (data.meta.chunks[name] ?? 0); index += 1) gone.push(`${name}/${index}`);
    data.meta.chunks[name] = count;
  }
  try {
    await store.putAll({ ...values, meta: data.meta }, gone);
  } catch (error) {
    data.meta.cursor = ""; // what memory holds and the phone does not must travel again, whole
    throw error;
  }
  return changed;
}

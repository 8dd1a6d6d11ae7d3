/** The copy of the registry in memory: tables by key, and words of 5,000 enterprises ready to be searched. */
import { applies } from "./conditions.mjs";

export class Data {
  constructor(kept) {
    this.meta = kept?.meta ?? { cursor: "", columns: {}, at: null };
    this.tables = new Map(Object.entries(kept?.tables ?? {}).map(([name, rows]) => [name, new Map(rows.map((row) => [row[0], row]))]));
    this.words = null;
  }

  get isEmpty() {
    return !this.meta.at;
  }

  /** Take in the answer of a sync; returns the names of the tables that changed. */
  take(answer) {
    const changed = [];
    for (const [name, group] of Object.entries(answer.groups)) {
      const table = answer.whole ? new Map() : this.tables.get(name) ?? new Map();
      for (const key of group.gone) table.delete(key);
      for (const row of group.rows) table.set(row[0], row);
      if (answer.whole || group.rows.length || group.gone.length) changed.push(name);
      this.tables.set(name, table);
      this.meta.columns[name] = group.columns;
    }
    Object.assign(this.meta, { cursor: answer.cursor, at: answer.now, me: answer.me, deadlines: answer.deadlines, left_out: answer.left_out, duties_left_out: answer.duties_left_out ?? 0 });
    this.words = null;
    return changed;
  }

  record(name, row) {
    return row && Object.fromEntries(this.meta.columns[name].map((column, index) => [column, row[index]]));
  }

  get(name, key) {
    return this.record(name, this.tables.get(name)?.get(key));
  }

  all(name) {
    return [...(this.tables.get(name)?.values() ?? [])].map((row) => this.record(name, row));
  }

  label(name, key) {
    return this.tables.get(name)?.get(key)?.[1] ?? "";
  }

  /** Who carries the phone; without a copy only as much as the door knows. */
  get me() {
    return this.meta.me ?? { certificate_no: "", organization: "", organizations: [], kinds: [], ...this.owner };
  }

  /** [the day the rule gives, the last day that may be set] for a hazard found on a day; null outside the copied days. */
  deadline(level, on) {
    return this.meta.deadlines?.[level]?.[on] ?? null;
  }

  /**
   * Enterprises whose name, address, kind, place or number on the plate holds every word, those for which `last` is true
   * behind the others; at most `most` of them, and how many there are.
   */
  search(text, { task = null, most = 50, last = () => false } = {}) {
    this.words ??= this.#words();
    const terms = text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean).map((term) => term.replace(/^(\d{8,})-\d+$/, "$1"));
    const [first, rest] = [[], []];
    for (const [row, words] of this.words) {
      if (task !== null && !row[this.at.tasks].includes(task)) continue;
      if (!terms.every((term) => words.includes(term))) continue;
      (last(row[0], row[this.at.seen]) ? rest : first).push(row);
    }
    const shown = [...first, ...rest].slice(0, most);
    return { total: first.length + rest.length, found: shown.map((row) => this.record("enterprises", row)) };
  }

  #words() {
    const columns = this.meta.columns.enterprises ?? [];
    this.at = Object.fromEntries(columns.map((column, index) => [column, index]));
    return [...(this.tables.get("enterprises")?.values() ?? [])].map((row) => [
      row,
      [row[this.at.name], row[this.at.address], this.label("kinds", row[this.at.kind]), this.label("regions", row[this.at.locality]), String(row[0]).padStart(8, "0")].join(" ").toLowerCase(),
    ]);
  }

  /** Visits planned for enterprises on board, the first to end first. */
  get planned() {
    const aboard = this.tables.get("enterprises");
    return this.all("planned").filter((each) => aboard?.has(each.enterprise)).sort((one, other) => one.window_to.localeCompare(other.window_to));
  }

  /** What sorts of object an enterprise is: its own kind and those of its places. */
  kindsOf(enterprise) {
    return new Set([enterprise.kind, ...(enterprise.premises ?? []).map(([, , , kind]) => kind)]);
  }

  /** The items of a checklist for the kinds of an enterprise. */
  #theirs(checklist, enterprise) {
    const kinds = this.kindsOf(enterprise);
    return checklist.items.filter((item) => !item.kinds?.length || item.kinds.some((kind) => kinds.has(kind)));
  }

  /** The items of a checklist that concern an enterprise, as the server asks them. */
  asked(checklist, enterprise) {
    return this.#theirs(checklist, enterprise).filter((item) => !item.when || applies(item.when, enterprise.attributes ?? {}));
  }

  /** Items for its kinds that are not asked because of what the registry says; on the spot it may be otherwise. */
  leftOut(checklist, enterprise) {
    return this.#theirs(checklist, enterprise).filter((item) => item.when && !applies(item.when, enterprise.attributes ?? {}));
  }

  /** The checklist of a task, or those of the library that ask an enterprise anything, those made for its kind first. */
  checklistsFor(enterprise, task) {
    if (task) {
      const found = this.get("checklists", this.get("tasks", task)?.checklist);
      return found ? [found] : [];
    }
    return this.all("checklists").filter((each) => each.book)
      .map((each) => ({ ...each, asked: this.asked(each, enterprise) }))
      .map((each) => ({ ...each, specific: each.asked.filter((item) => item.kinds?.length).length }))
      .filter((each) => each.asked.length)
      .sort((one, other) => other.specific - one.specific || other.asked.length - one.asked.length);
  }
}

/**
 * Drafts outlive versions of the app. Each step leads a draft of one schema to the next; a released step is never changed
 * or removed. STEPS[0] leads from schema 1 to 2, and so on: the schema of today is one more than there are steps.
 */

export const STEPS = [];
export const SCHEMA = STEPS.length + 1;

export class TooNew extends Error {}

/** The draft in today's schema (changed in place). Throws TooNew for one a newer app has written. */
export function migrated(draft, steps = STEPS) {
  const today = steps.length + 1;
  const from = draft.schema ?? 1;
  if (from > today) throw new TooNew("这份草稿由更新版本的程序保存，请更新程序后打开；草稿没有改动");
  for (let schema = from; schema < today; schema += 1) {
    steps[schema - 1](draft);
    draft.schema = schema + 1;
  }
  return draft;
}

/** Photos of a visit: shrunk, sealed and kept before they are shown. A list of ids in the draft is all that names them. */
import { mintId } from "../ids.mjs";
import { shrink } from "../image.mjs";
import { h, icon, toast } from "./dom.mjs";

const MOST = 9;

/**
 * A row of tiles with a camera button. `list` is the draft's own array; `changed` is called after each change.
 * `taken` once after all pictures of one go. `label` is what the button says.
 */
export function photoRow(app, draft, list, { label, changed, taken = () => {}, name = label }) {
  const row = h("div", { class: "photos", role: "group", "aria-label": name });
  const file = h("input", { type: "file", accept: "image/*", capture: "environment", multiple: true, "aria-label": label, onchange: take });
  const adder = h("label", { class: "photo-button" }, icon("camera"), h("span", {}, label), file);
  row.append(adder);
  list.forEach(show);

  async function take() {
    const files = [...file.files];
    file.value = "";
    for (const each of files) {
      if (list.length >= MOST) {
        toast(`最多 ${MOST} 张`);
        break;
      }
      const id = mintId();
      try {
        await app.store.keepPhoto(id, draft.id, await shrink(each));
      } catch {
        toast("本机存储空间不足，照片没有存下。请清理手机空间，或先上传已完成的检查", { stay: 10000 });
        return;
      }
      list.push(id);
      changed();
      await app.drafts.flush(draft);
      await show(id);
    }
    taken();
  }

  async function show(id) {
    const image = h("img", { alt: `${name}照片` });
    const remove = h("button", { type: "button", class: "photo-remove", "aria-label": "移除这张照片", onclick: async () => {
      list.splice(list.indexOf(id), 1);
      tile.remove();
      changed();
      await app.drafts.flush(draft);
      await app.store.dropPhoto(id);
    } }, "×");
    const tile = h("div", { class: "photo" }, image, remove);
    row.insertBefore(tile, adder);
    const bytes = await app.store.photo(id);
    if (!bytes) return;
    image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  }
  return row;
}

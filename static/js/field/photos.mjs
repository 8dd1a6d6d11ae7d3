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
    adder.classList.add("is-busy");
    try {
      for (const each of files) if (!(await keep(each))) break;
    } finally {
      adder.classList.remove("is-busy");
    }
    taken();
  }

  /** Whether to go on with the next one. */
  async function keep(picture) {
    if (list.length >= MOST) {
      toast(`最多 ${MOST} 张`);
      return false;
    }
    const small = await readable(picture);
    if (!small) {
      toast("这张照片本机读不出来，没有存下。相机格式是 HEIC 的，请在相机设置里改为 JPEG（“兼容性最佳”）后重拍", { stay: 10000 });
      return true;
    }
    const id = mintId();
    try {
      await app.store.keepPhoto(id, draft.id, small);
    } catch {
      toast("本机存储空间不足，照片没有存下。请清理手机空间，或先上传已完成的检查", { stay: 10000 });
      return false;
    }
    list.push(id);
    changed();
    await app.drafts.flush(draft);
    await show(id);
    return true;
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
    const bad = draft.bad_photos?.includes(id);
    const tile = h("div", { class: `photo ${bad ? "is-bad" : ""}` }, image, bad && h("span", {}, "请重拍"), remove);
    row.insertBefore(tile, adder);
    const bytes = await app.store.photo(id);
    if (!bytes) return;
    image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  }
  return row;
}

/** The picture made small, or null for what the server could not read either: better said where it can be taken again. */
async function readable(picture) {
  const small = await shrink(picture);
  if (small !== picture) return small;
  try {
    (await createImageBitmap(picture)).close();
    return picture;
  } catch {
    return null;
  }
}

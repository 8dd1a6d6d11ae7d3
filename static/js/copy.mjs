/** <button data-bihuan-copy="text"> copies the text; data-bihuan-copy="#id" copies what that element says. */
import { showToast } from "./toast.mjs";

export function attach(button) {
  button.addEventListener("click", async () => {
    const what = button.dataset.bihuanCopy;
    const text = what.startsWith("#") ? document.querySelector(what)?.textContent.trim() ?? "" : what;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Plain http in a closed network has no clipboard object; the old way still works there.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    showToast("已复制");
  });
}

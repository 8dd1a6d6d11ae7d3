/** <button data-bihuan-font aria-pressed>: big-font mode, remembered on this device. */

export function attach(button) {
  const root = document.documentElement;
  const show = () => button.setAttribute("aria-pressed", String(root.dataset.font === "large"));
  button.addEventListener("click", () => {
    const large = root.dataset.font !== "large";
    if (large) root.dataset.font = "large";
    else delete root.dataset.font;
    try {
      localStorage.setItem("bihuan.font", large ? "large" : "normal");
    } catch {
      // Without storage the choice lasts for this page only.
    }
    show();
  });
  show();
}

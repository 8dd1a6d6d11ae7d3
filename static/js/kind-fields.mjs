/**
 * <section data-bihuan-kind-fields data-url="…">: shows the fields that the kind chosen in the same form asks for.
 * Without script the button in the section brings the page back with them.
 */

export function attach(section) {
  const form = section.closest("form");
  const kind = form?.elements.namedItem("kind");
  if (!kind) return;
  section.querySelectorAll("[data-bihuan-without-script]").forEach((button) => { button.hidden = true; });
  const body = section.querySelector('[data-part="fields"]');
  const said = section.querySelector('[data-part="said"]');
  let latest = 0;
  kind.addEventListener("change", async () => {
    const turn = ++latest;
    try {
      const url = `${section.dataset.url}?kind=${encodeURIComponent(kind.value)}`;
      const response = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const html = await response.text();
      if (turn !== latest) return;
      // What was filled in stays where the other kind asks the same.
      const filled = new Map([...body.querySelectorAll("input, select")].map((field) => [field.name, field.value]));
      body.innerHTML = html;
      for (const field of body.querySelectorAll("select, input[type=text], input[type=date]")) {
        const value = filled.get(field.name);
        if (value && (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value))) field.value = value;
      }
      said.textContent = body.querySelector("[data-field]") ? "已换成该类型的专有属性" : "该类型没有专有属性";
    } catch {
      if (turn === latest) said.textContent = "专有属性没有取到，保存时会再要求补填";
    }
  });
}

/** <div data-bihuan-drop> around a file input: files may be dropped; shows their names. */

export function attach(zone) {
  const input = zone.querySelector("input[type=file]");
  const names = document.createElement("p");
  names.className = "muted";
  names.setAttribute("role", "status");
  zone.append(names);
  const show = () => {
    names.textContent = [...input.files].map((file) => `${file.name}（${Math.max(1, Math.round(file.size / 1024))} KB）`).join("、");
  };
  input.addEventListener("change", show);
  for (const type of ["dragenter", "dragover"]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    const chosen = new DataTransfer();
    for (const file of [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1)) chosen.items.add(file);
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

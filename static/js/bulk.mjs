/** <form data-bihuan-bulk>: a head checkbox with data-part="all", row checkboxes with data-part="row", and the bar of bulk_bar.html. */

export function attach(form) {
  const all = form.querySelector("[data-part=all]");
  const bar = form.querySelector("[data-part=bulk]");
  const rows = () => [...form.querySelectorAll("[data-part=row]")];
  let last = null;

  function show() {
    const picked = rows().filter((box) => box.checked);
    rows().forEach((box) => box.closest("tr")?.classList.toggle("is-picked", box.checked));
    if (all) {
      all.checked = picked.length > 0 && picked.length === rows().length;
      all.indeterminate = picked.length > 0 && picked.length < rows().length;
    }
    if (!bar) return;
    bar.hidden = picked.length === 0;
    bar.querySelector("[data-part=picked]").textContent = String(picked.length);
  }

  form.addEventListener("click", (event) => {
    const box = event.target;
    if (box.matches?.("[data-part=row]")) {
      if (event.shiftKey && last) {
        const list = rows();
        const [from, to] = [list.indexOf(last), list.indexOf(box)].sort((a, b) => a - b);
        list.slice(from, to + 1).forEach((other) => { other.checked = box.checked; });
      }
      last = box;
    }
    if (box.matches?.("[data-part=all]")) rows().forEach((row) => { row.checked = box.checked; });
    if (box.closest?.("[data-part=none]")) rows().forEach((row) => { row.checked = false; });
    show();
  });
  show();
}

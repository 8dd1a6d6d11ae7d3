/** <form data-bihuan-autosubmit>: filters apply when a choice changes, text after a pause. The submit button stays for those without script. */

const PAUSE_MS = 500;

export function attach(form) {
  form.querySelectorAll("[data-bihuan-without-script]").forEach((button) => { button.hidden = true; });
  let waiting;
  const byGet = (form.getAttribute("method") ?? "get").toLowerCase() === "get";
  const send = () => {
    clearTimeout(waiting);
    // Empty fields would only lengthen the address.
    const empty = [];
    for (const field of form.elements) if (field.name && field.value === "" && byGet && !field.disabled && field !== document.activeElement) empty.push(field);
    empty.forEach((field) => { field.disabled = true; });
    form.requestSubmit();
    empty.forEach((field) => { field.disabled = false; });
  };
  form.addEventListener("change", (event) => {
    if (!event.target.matches("input[type=text], input[type=search]")) send();
  });
  const typed = (event) => {
    if (!event.target.matches("input[type=text], input[type=search]") || event.isComposing) return;
    clearTimeout(waiting);
    waiting = setTimeout(send, PAUSE_MS);
  };
  form.addEventListener("input", typed);
  form.addEventListener("compositionend", typed); // pinyin: half a word is not a filter
}

/** <form data-bihuan-autosubmit>: filters apply when a choice changes, text after a pause. The submit button stays for those without script. */

const PAUSE_MS = 500;

export function attach(form) {
  form.querySelectorAll("[data-bihuan-without-script]").forEach((button) => { button.hidden = true; });
  let waiting;
  const send = () => {
    clearTimeout(waiting);
    // Empty fields would only lengthen the address.
    for (const field of form.elements) if (field.name && field.value === "" && form.method === "get") field.disabled = true;
    form.requestSubmit();
    for (const field of form.elements) field.disabled = false;
  };
  form.addEventListener("change", (event) => {
    if (!event.target.matches("input[type=text], input[type=search]")) send();
  });
  form.addEventListener("input", (event) => {
    if (!event.target.matches("input[type=text], input[type=search]") || event.isComposing) return;
    clearTimeout(waiting);
    waiting = setTimeout(send, PAUSE_MS);
  });
}

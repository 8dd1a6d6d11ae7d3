/** <button data-bihuan-print hidden>: shown where there is script, opens the browser's own print dialog. */
for (const button of document.querySelectorAll("[data-bihuan-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

/** <button data-bihuan-print>: prints the page. Loaded by the pages that have one, through the block extra_js. */
for (const button of document.querySelectorAll("[data-bihuan-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

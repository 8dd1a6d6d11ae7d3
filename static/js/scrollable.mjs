/**
 * <div class="table-wrap"> without a tabindex of its own: while its table or chart is wider than the screen, the keyboard
 * can reach and scroll it, under the name of its caption.
 */

export function attach(wrap) {
  const chart = wrap.querySelector(":scope > .chart");
  const name = wrap.querySelector("caption")?.textContent.trim() || chart?.getAttribute("aria-label") || "表格";
  const look = () => {
    const isWide = wrap.scrollWidth > wrap.clientWidth || wrap.scrollHeight > wrap.clientHeight;
    if (isWide) {
      wrap.tabIndex = 0;
      wrap.setAttribute("role", "group");
      wrap.setAttribute("aria-label", `${name}，可左右滚动`);
    } else {
      for (const attribute of ["tabindex", "role", "aria-label"]) wrap.removeAttribute(attribute);
    }
  };
  new ResizeObserver(look).observe(wrap);
  look();
  if (chart) wrap.scrollLeft = wrap.scrollWidth; // today is at the right
}

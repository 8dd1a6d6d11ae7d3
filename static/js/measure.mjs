/**
 * Sizes that depend on data, set through CSSOM because the policy forbids style attributes:
 * data-percent="91.6" or data-width="240" (px) set the width, data-grow="30" the share in a flex row.
 */

export function attach(element) {
  const { percent, width, grow } = element.dataset;
  if (percent !== undefined) element.style.width = `${Math.min(100, Math.max(0, Number(percent) || 0))}%`;
  if (width !== undefined) element.style.width = `${Number(width) || 0}px`;
  if (grow !== undefined) element.style.flexGrow = String(Number(grow) || 1);
}

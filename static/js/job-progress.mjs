/**
 * <section data-job="running" data-job-percent="42">: how far long work is, also in the title of a tab in the background.
 * The section replaces itself every second (htmx); at its end the title is the page's own again, marked once.
 */

const title = document.title;

export function attach(section) {
  const { job: state, jobPercent: percent } = section.dataset;
  if (state === "running" && percent) document.title = `${percent}% ${title}`;
  else if (state === "waiting" || state === "running") document.title = `… ${title}`;
  else document.title = document.title === title ? title : `${state === "done" ? "✓" : "！"} ${title}`;
}

/**
 * <div data-bihuan-map data-query data-extent …>: the map of objects and zones, and the list beside it that says the same.
 * Asks the server for what is in the window: objects one by one when few, counted in cells when many.
 */
import { boundsOf, fetchJson, makeMap, words, zoneLayer } from "./map-base.mjs";

const L = window.L;
const LISTED = 200;
const WAIT = 180;

export function attach(page) {
  const part = (name) => page.querySelector(`[data-part="${name}"]`);
  const map = makeMap(part("map"), page.dataset);
  if (page.dataset.extent) map.fitBounds(boundsOf(JSON.parse(page.dataset.extent)), { maxZoom: 15 });
  const marks = L.layerGroup().addTo(map);
  let zones = L.layerGroup().addTo(map);
  let asked = null;
  let timer = 0;

  const open = (url) => window.location.assign(url);

  async function load() {
    asked?.abort();
    asked = new AbortController();
    const box = map.getBounds();
    const place = new URLSearchParams({
      bbox: [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((value, at) => Math.min(Math.max(value, at % 2 ? -90 : -180), at % 2 ? 90 : 180).toFixed(6)).join(","),
      zoom: String(map.getZoom()),
    });
    const { signal } = asked;
    try {
      const [objects, areas] = await Promise.all([
        fetchJson(`${page.dataset.objectsUrl}?${page.dataset.query}&${place}`, { signal }),
        fetchJson(`${page.dataset.zonesUrl}?${place}`, { signal }),
      ]);
      zones.remove();
      zones = zoneLayer(areas, open).addTo(map);
      show(objects);
    } catch (error) {
      if (error.name !== "AbortError") part("said").textContent = error.message;
    }
  }

  function show(found) {
    marks.clearLayers();
    const rows = [];
    for (const each of found.objects) {
      const said = `${each.risk_words}色风险 · ${each.kind}${each.status ? ` · ${each.status}` : ""}`;
      const icon = L.divIcon({ className: `map-pin is-${each.risk}`, html: words(each.risk_words), iconSize: null });
      L.marker([each.y, each.x], { icon, keyboard: false })
        .bindTooltip(words(`${each.name}（${said}）`))
        .on("click", () => open(each.url))
        .addTo(marks);
      if (rows.length < LISTED) rows.push(objectRow(each, said));
    }
    for (const cell of found.cells) {
      const number = cell.n.toLocaleString("zh-CN");
      const size = cell.n >= 1000 ? " is-large" : cell.n >= 100 ? " is-middle" : "";
      const icon = L.divIcon({ className: `map-cluster is-${cell.risk}${size}`, html: words(number), iconSize: null });
      const enter = () => map.setView([cell.y, cell.x], Math.min(map.getZoom() + 2, 18));
      L.marker([cell.y, cell.x], { icon, keyboard: false }).bindTooltip(words(`${number} 家：${cell.words}`)).on("click", enter).addTo(marks);
      if (rows.length < LISTED) rows.push(cellRow(`${number} 家`, cell.words, enter));
    }
    part("list").replaceChildren(...rows);
    const total = `图上 ${found.total.toLocaleString("zh-CN")}${found.more ? " 家以上" : " 家"}`;
    part("said").textContent = found.total ? `${total}${found.cells.length ? "，较密，点数字放大" : ""}` : "这一片没有符合条件的对象，移动或缩小地图再看";
  }

  function objectRow(each, said) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = each.url;
    link.className = "row-link";
    link.textContent = each.name;
    item.append(words("", `map-dot is-${each.risk}`), link, words(said, "sub"));
    return item;
  }

  function cellRow(label, said, enter) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-sm";
    button.textContent = `放大看 ${label}`;
    button.addEventListener("click", enter);
    item.append(button, words(said, "sub"));
    return item;
  }

  map.on("moveend", () => {
    clearTimeout(timer);
    timer = setTimeout(load, WAIT);
  });
  load();
}

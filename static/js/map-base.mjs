/**
 * What every map shares: Leaflet in Chinese, the schematic base or approved tiles, colours by class only.
 * makeMap(element, settings) takes the data attributes of templates/zones/_map_data.html.
 */
// The library is a script of its own in the head; whichever is here first waits for it.
if (!window.L) {
  await new Promise((done) => document.querySelector('script[src*="leaflet"]').addEventListener("load", done, { once: true }));
}
const L = window.L;
const START = [35, 104];

/** Words as an element: Leaflet would take a string as markup. */
export function words(text, className = "") {
  const span = document.createElement("span");
  span.textContent = text;
  if (className) span.className = className;
  return span;
}

export async function fetchJson(url, options = {}) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, ...options });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.detail || "没有取到地图数据，请刷新页面重试");
  return body;
}

/** A map in `element`; `data` is a dataset with baseUrl and perhaps tiles and approval. */
export function makeMap(element, data, { scroll = true } = {}) {
  const map = L.map(element, { zoomControl: false, attributionControl: true, scrollWheelZoom: scroll, maxZoom: 18, minZoom: 3 });
  map.attributionControl.setPrefix(false);
  L.control.zoom({ zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.setView(START, 4);
  map.createPane("base").classList.add("map-base-pane");
  const tiles = data.tiles ? JSON.parse(data.tiles) : [];
  for (const url of tiles) L.tileLayer(url, { subdomains: "01234567", maxZoom: 18 }).addTo(map);
  map.attributionControl.addAttribution(data.approval ? `审图号：${plain(data.approval)}` : "示意图，不作划界依据");
  if (data.baseUrl) drawBase(map, data.baseUrl, tiles.length > 0);
  return map;
}

function plain(text) {
  return text.replace(/[&<>"']/g, "");
}

async function drawBase(map, url, light) {
  let outlines;
  try {
    outlines = await fetchJson(url);
  } catch {
    return; // the objects can be drawn without it
  }
  const names = L.layerGroup().addTo(map);
  L.geoJSON(outlines, {
    pane: "base",
    interactive: false,
    style: (feature) => ({ className: `base-area${feature.properties.leaf ? " is-leaf" : ""}${light ? " is-light" : ""}` }),
    onEachFeature: (feature, layer) => {
      if (!feature.properties.leaf) return;
      const icon = L.divIcon({ className: "map-name", html: words(feature.properties.name), iconSize: null });
      L.marker(layer.getBounds().getCenter(), { icon, interactive: false, keyboard: false, pane: "base" }).addTo(names);
    },
  }).addTo(map);
  const show = () => (map.getZoom() >= 8 ? names.addTo(map) : names.remove());
  map.on("zoomend", show);
  show();
}

/** Bounds of [west, south, east, north], with a little room. */
export function boundsOf([west, south, east, north]) {
  return L.latLngBounds([south, west], [north, east]).pad(0.06);
}

export function zoneLayer(features, open) {
  return L.geoJSON(features, {
    style: (feature) => ({ className: `zone-path is-${feature.properties.tone}` }),
    onEachFeature: (feature, layer) => {
      layer.bindTooltip(words(`${feature.properties.kind}：${feature.properties.name}`), { sticky: true });
      if (open) layer.on("click", () => open(feature.properties.url));
    },
  });
}

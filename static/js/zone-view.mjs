/** <div data-bihuan-zone-view data-geometry data-tone …>: one zone on its own small map. */
import { makeMap } from "./map-base.mjs";

export function attach(box) {
  const map = makeMap(box, box.dataset, { scroll: false });
  const layer = window.L.geoJSON(JSON.parse(box.dataset.geometry), {
    interactive: false,
    style: () => ({ className: `zone-path is-${box.dataset.tone}` }),
  }).addTo(map);
  map.fitBounds(layer.getBounds().pad(0.15));
}

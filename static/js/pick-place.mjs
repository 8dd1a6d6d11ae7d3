/**
 * <fieldset data-bihuan-place data-base-url …> around inputs longitude, latitude and the select source_crs:
 * a point is taken from a map or from the phone, and the numbers are then CGCS2000.
 */
import { makeMap } from "./map-base.mjs";

export function attach(box) {
  const L = window.L;
  const field = (name) => box.querySelector(`[name$="${name}"]`);
  const said = box.querySelector('[data-part="said"]');
  const holder = box.querySelector('[data-part="map"]');
  const tools = box.querySelector('[data-part="tools"]');
  tools.hidden = false;
  let map = null;
  let mark = null;

  function put(longitude, latitude, words) {
    field("longitude").value = longitude.toFixed(6);
    field("latitude").value = latitude.toFixed(6);
    field("source_crs").value = "cgcs2000";
    field("longitude").dispatchEvent(new Event("input", { bubbles: true }));
    said.textContent = words;
    show();
  }

  function current() {
    const [x, y] = ["longitude", "latitude"].map((name) => Number.parseFloat(field(name).value));
    return Number.isFinite(x) && Number.isFinite(y) && field("source_crs").value === "cgcs2000" ? [y, x] : null;
  }

  function show() {
    if (!map) return;
    const at = current();
    mark?.remove();
    mark = at ? L.marker(at, { icon: L.divIcon({ className: "draw-handle is-picked", iconSize: null }), keyboard: false }).addTo(map) : null;
  }

  async function open() {
    holder.hidden = !holder.hidden;
    if (holder.hidden) return;
    if (!map) {
      map = makeMap(holder, box.dataset);
      map.on("click", ({ latlng }) => put(latlng.lng, latlng.lat, "已在图上取点，保存后生效"));
      const at = current();
      if (at) {
        map.setView(at, 15);
      } else {
        const base = await fetch(box.dataset.baseUrl).then((answer) => answer.json()).catch(() => null);
        if (base?.features?.length) map.fitBounds(L.geoJSON(base).getBounds());
      }
    }
    map.invalidateSize();
    show();
  }

  box.querySelector('[data-part="pick"]').addEventListener("click", open);
  box.querySelector('[data-part="locate"]').addEventListener("click", () => {
    if (!navigator.geolocation) {
      said.textContent = "这台设备不提供定位，请在图上取点";
      return;
    }
    said.textContent = "正在定位……";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => put(coords.longitude, coords.latitude, `已取手机位置，误差约 ${Math.round(coords.accuracy)} 米，请站在场所门口取`),
      () => { said.textContent = "没有取到位置：请打开定位并允许本站使用，或在图上取点"; },
      { enableHighAccuracy: true, timeout: 20000 },
    );
  });
}

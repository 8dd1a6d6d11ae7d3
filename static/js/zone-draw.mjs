/**
 * <section data-bihuan-zone-draw> around the textarea data-part="vertices": the same vertices as text, as handles on a map
 * and as a table for the keyboard. The text is what is sent, so that the form works without this script.
 * Only CGCS2000 is drawn; in another system the text stays alone until the server has converted it.
 */
import { boundsOf, makeMap } from "./map-base.mjs";

const L = window.L;
const MOST_HANDLES = 400;
const CUT_OUT = "挖去";

/** Rings out of the text: [{hole, vertices: [[longitude, latitude], …]}, …]; null when a line is no pair of numbers. */
export function parseVertices(text) {
  const rings = [];
  let ring = null;
  let hole = false;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (!line) {
      ring = null;
      hole = false;
    } else if (line.replace(/[：:]$/, "") === CUT_OUT) {
      ring = null;
      hole = true;
    } else {
      const match = line.match(/^(-?\d+(?:\.\d+)?)\s*[,，]\s*(-?\d+(?:\.\d+)?)$/);
      if (!match) return null;
      if (!ring) rings.push((ring = { hole, vertices: [] }));
      ring.vertices.push([Number(match[1]), Number(match[2])]);
    }
  }
  return rings;
}

export function writeVertices(rings) {
  return rings
    .filter((ring) => ring.vertices.length)
    .map((ring) => [...(ring.hole ? [CUT_OUT] : []), ...ring.vertices.map(([x, y]) => `${x.toFixed(7)}, ${y.toFixed(7)}`)].join("\n"))
    .join("\n\n");
}

export function attach(section) {
  const part = (name) => section.querySelector(`[data-part="${name}"]`);
  const text = part("vertices");
  const crs = section.querySelector('select[name="crs"]');
  let rings = parseVertices(text.value) ?? [];
  let selected = null; // [ring, vertex]
  let begun = null; // the ring that was begun last, which the next clicks go on with
  const past = [];

  for (const name of ["map", "tools", "table-box"]) part(name).hidden = false;
  const map = makeMap(part("map"), section.dataset);
  const shapes = L.layerGroup().addTo(map);
  const handles = L.layerGroup().addTo(map);

  const say = (words) => {
    part("said").textContent = words;
  };

  // A number changed in the table leaves the table alone: rebuilding it would take the focus away.
  function change(edit, { table = true } = {}) {
    past.push(JSON.stringify(rings));
    if (past.length > 100) past.shift();
    edit();
    text.value = writeVertices(rings);
    crs.value = "cgcs2000";
    draw(table);
  }

  function draw(table = true) {
    shapes.clearLayers();
    handles.clearLayers();
    const count = rings.reduce((sum, ring) => sum + ring.vertices.length, 0);
    for (const ring of rings) {
      const line = ring.vertices.map(([x, y]) => [y, x]);
      const shape = line.length > 2 ? L.polygon : L.polyline;
      shape(line, { className: `zone-path ${ring.hole ? "is-outline" : "is-drawn"}`, interactive: false }).addTo(shapes);
    }
    if (count <= MOST_HANDLES) rings.forEach(drawHandles);
    part("remove").disabled = !selected;
    const blocks = rings.filter((ring) => !ring.hole && ring.vertices.length).length;
    say(count ? `${blocks} 块，${count} 个顶点${count > MOST_HANDLES ? "；顶点较多，图上只显示范围，请在文字里修改" : ""}` : "点图加第一个顶点");
    if (table && part("table-box").open) drawTable();
  }

  function drawHandles(ring, number) {
    ring.vertices.forEach(([x, y], at) => {
      const isPicked = selected && selected[0] === number && selected[1] === at;
      const icon = L.divIcon({ className: `draw-handle${isPicked ? " is-picked" : ""}`, iconSize: null });
      const handle = L.marker([y, x], { icon, draggable: true, title: `第${number + 1}块第${at + 1}个顶点`, alt: `第${number + 1}块第${at + 1}个顶点` });
      handle.on("click", (event) => {
        L.DomEvent.stop(event);
        selected = isPicked ? null : [number, at];
        draw();
      });
      handle.on("keydown", ({ originalEvent }) => {
        if (originalEvent.key === "Delete" || originalEvent.key === "Backspace") {
          selected = [number, at];
          remove();
        }
      });
      handle.on("dragend", () => {
        const { lng, lat } = handle.getLatLng();
        selected = [number, at];
        change(() => { ring.vertices[at] = [lng, lat]; });
      });
      handle.addTo(handles);
      if (ring.vertices.length < 3) return;
      const [x2, y2] = ring.vertices[(at + 1) % ring.vertices.length];
      const middle = L.marker([(y + y2) / 2, (x + x2) / 2], { icon: L.divIcon({ className: "draw-middle", iconSize: null }), keyboard: false, title: "在这条边上加一个顶点" });
      middle.on("click", (event) => {
        L.DomEvent.stop(event);
        insert(number, at);
      });
      middle.addTo(handles);
    });
  }

  function insert(number, at) {
    const { vertices } = rings[number];
    const [x, y] = vertices[at];
    const [x2, y2] = vertices[(at + 1) % vertices.length];
    change(() => vertices.splice(at + 1, 0, [(x + x2) / 2, (y + y2) / 2]));
  }

  function remove() {
    if (!selected) return;
    const [number, at] = selected;
    selected = null;
    change(() => {
      rings[number].vertices.splice(at, 1);
      if (!rings[number].vertices.length) rings.splice(number, 1);
    });
  }

  function drawTable() {
    const table = document.createElement("table");
    table.className = "table draw-table";
    table.innerHTML = '<caption class="visually-hidden">顶点表</caption><thead><tr><th scope="col">块</th><th scope="col">顶点</th><th scope="col">经度</th><th scope="col">纬度</th><th scope="col">操作</th></tr></thead>';
    const body = document.createElement("tbody");
    rings.forEach((ring, number) => ring.vertices.forEach((vertex, at) => body.append(tableRow(ring, number, vertex, at))));
    table.append(body);
    const add = button("在末尾加一个顶点", () => change(() => {
      if (!rings.length) rings.push({ hole: false, vertices: [] });
      const { vertices } = rings.at(-1);
      const centre = map.getCenter();
      vertices.push(vertices.length ? [...vertices.at(-1)] : [centre.lng, centre.lat]);
    }));
    part("table").replaceChildren(table, add);
  }

  function tableRow(ring, number, vertex, at) {
    const row = document.createElement("tr");
    for (const said of [`${number + 1}${ring.hole ? "（挖去）" : ""}`, String(at + 1)]) {
      const cell = document.createElement("td");
      cell.textContent = said;
      row.append(cell);
    }
    ["经度", "纬度"].forEach((label, axis) => {
      const input = document.createElement("input");
      input.type = "number";
      input.step = "0.000001";
      input.className = "form-control";
      input.value = vertex[axis].toFixed(7);
      input.setAttribute("aria-label", `第${number + 1}块第${at + 1}个顶点的${label}`);
      input.addEventListener("change", () => {
        const value = Number(input.value);
        if (input.value.trim() && Number.isFinite(value)) change(() => { ring.vertices[at][axis] = value; }, { table: false });
        else input.value = vertex[axis].toFixed(7);
      });
      const cell = document.createElement("td");
      cell.append(input);
      row.append(cell);
    });
    const cell = document.createElement("td");
    cell.append(
      button("在后面插入", () => { insert(number, at); focusRow(number, at + 1); }, `在第${number + 1}块第${at + 1}个顶点后面插入`),
      button("删除", () => { selected = [number, at]; remove(); focusRow(number, Math.max(0, at - 1)); }, `删除第${number + 1}块第${at + 1}个顶点`),
    );
    row.append(cell);
    return row;
  }

  /** After the table was rebuilt: where the keyboard goes on. */
  function focusRow(number, at) {
    const label = `第${number + 1}块第${at + 1}个顶点的经度`;
    (part("table").querySelector(`input[aria-label="${label}"]`) ?? part("table").querySelector("button:last-of-type"))?.focus();
  }

  function button(label, act, name = label) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-quiet btn-sm";
    made.textContent = label;
    made.setAttribute("aria-label", name);
    made.addEventListener("click", act);
    return made;
  }

  function fit() {
    const points = rings.flatMap((ring) => ring.vertices);
    if (points.length > 1) {
      const xs = points.map(([x]) => x);
      const ys = points.map(([, y]) => y);
      map.fitBounds(boundsOf([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]), { maxZoom: 16 });
    } else {
      map.whenReady(() => fitBase());
    }
  }

  async function fitBase() {
    if (!section.dataset.baseUrl) return;
    const base = await fetch(section.dataset.baseUrl).then((answer) => answer.json()).catch(() => null);
    if (base?.features?.length) map.fitBounds(L.geoJSON(base).getBounds());
  }

  map.on("click", ({ latlng }) => {
    const ring = selected ? rings[selected[0]] : rings.includes(begun) ? begun : rings.at(-1);
    selected = null;
    change(() => {
      if (ring) ring.vertices.push([latlng.lng, latlng.lat]);
      else rings.push({ hole: false, vertices: [[latlng.lng, latlng.lat]] });
    });
  });
  part("undo").addEventListener("click", () => {
    if (!past.length) return;
    rings = JSON.parse(past.pop());
    selected = null;
    text.value = writeVertices(rings);
    draw();
  });
  part("remove").addEventListener("click", remove);
  part("piece").addEventListener("click", () => {
    selected = null;
    rings.push((begun = { hole: false, vertices: [] }));
    say("点图画新的一块");
  });
  // What is cut out stands behind its piece: the one with the picked vertex, else the last.
  part("hole").addEventListener("click", () => {
    if (!rings.some((ring) => !ring.hole && ring.vertices.length > 2)) return say("先画外面的一块，再画要挖去的部分");
    rings.splice(selected ? selected[0] + 1 : rings.length, 0, (begun = { hole: true, vertices: [] }));
    selected = null;
    return say("在这一块里面点图，画要挖去的部分");
  });
  part("fit").addEventListener("click", fit);
  part("table-box").addEventListener("toggle", () => part("table-box").open && drawTable());
  text.addEventListener("change", () => {
    const read = parseVertices(text.value);
    if (!read) return say("文字里有看不懂的一行，保存时会指出在哪里");
    rings = read;
    draw();
    return fit();
  });
  crs.addEventListener("change", () => {
    const isOurs = crs.value === "cgcs2000";
    for (const name of ["map", "tools", "table-box"]) part(name).hidden = !isOurs;
    if (isOurs) map.invalidateSize();
  });
  crs.dispatchEvent(new Event("change"));
  draw();
  fit();
}

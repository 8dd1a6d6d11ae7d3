/**
 * <section data-bihuan-draw="address of the file"> with a button [data-part=start] and a list [data-part=said]:
 * recomputes a public draw in the reader's own browser and says what fits. Written after docs/how-to/draws.md and apart
 * from the server's program; SHA-256 stands here because a page over plain http has no crypto.subtle.
 */
const ALGORITHM = "bihuan-draw-1";
const encoder = new TextEncoder();

const ROUND = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** SHA-256 of bytes, as 32 bytes (FIPS 180-4). */
export function sha256(bytes) {
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor((bytes.length * 8) / 0x100000000));
  view.setUint32(padded.length - 4, (bytes.length * 8) >>> 0);
  const state = new Uint32Array([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ]);
  const words = new Uint32Array(64);
  const turn = (word, by) => (word >>> by) | (word << (32 - by));
  for (let start = 0; start < padded.length; start += 64) {
    for (let no = 0; no < 16; no += 1) words[no] = view.getUint32(start + no * 4);
    for (let no = 16; no < 64; no += 1) {
      const early = words[no - 15], late = words[no - 2];
      const small = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
      const large = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
      words[no] = words[no - 16] + small + words[no - 7] + large;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let no = 0; no < 64; no += 1) {
      const first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[no] + words[no];
      const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(first + second) >>> 0, a, b, c, (d + first) >>> 0, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((value, no) => { state[no] += value; });
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, no) => out.setUint32(no * 4, word));
  return new Uint8Array(out.buffer);
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function hmac(key, text) {
  const block = new Uint8Array(64);
  block.set(key); // 32 bytes, never longer than a block
  const inner = sha256(joined(block.map((byte) => byte ^ 0x36), encoder.encode(text)));
  return sha256(joined(block.map((byte) => byte ^ 0x5c), inner));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const textHash = (text) => hex(sha256(encoder.encode(text)));
const byId = (one, other) => one.id.length - other.id.length || (one.id < other.id ? -1 : 1);
const byText = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** The digest of the inputs: their canonical JSON, keys in the order of the alphabet, no blanks. */
function digest(inputs) {
  return textHash(JSON.stringify({
    algorithm: ALGORITHM,
    count: inputs.count,
    inspectors: [...inputs.inspectors].sort(byId).map(({ id, name }) => ({ id, name })),
    objects: [...inputs.objects].sort(byId).map(({ id, name, weight }) => ({ id, name, weight })),
    per_object: inputs.per_object,
    recusals: [...inputs.recusals].sort((one, other) => byText(one[0], other[0]) || byText(one[1], other[1])),
  }));
}

/** Whole numbers of 128 bits without end, two from every block. */
function* numbers(key, label) {
  for (let block = 0; ; block += 1) {
    const data = hmac(key, `${label}:${block}`);
    yield BigInt(`0x${hex(data.subarray(0, 16))}`);
    yield BigInt(`0x${hex(data.subarray(16))}`);
  }
}

function below(limit, chance) {
  const most = BigInt(limit);
  const end = ((1n << 128n) / most) * most;
  for (;;) {
    const { value } = chance.next();
    if (value < end) return Number(value % most);
  }
}

function takeWeighted(pot, chance) {
  let fallsOn = below(pot.reduce((sum, each) => sum + each.weight, 0), chance);
  const place = pot.findIndex((each) => (fallsOn -= each.weight) < 0);
  return pot.splice(place, 1)[0];
}

/** The result of a draw as [{object, inspectors}], replacements included; throws when it cannot be held. */
export function draw({ inputs, seed, public_value: value, replacements }) {
  const key = sha256(encoder.encode([ALGORITHM, seed, value, digest(inputs)].join("\n")));
  const pot = [...inputs.objects].sort(byId);
  const people = [...inputs.inspectors].sort(byId).map((each) => each.id);
  const apart = new Set(inputs.recusals.map(([person, thing]) => `${person}|${thing}`));
  const load = new Map(people.map((id) => [id, 0]));
  const fill = (pair, chance, gone = new Set()) => {
    while (pair.inspectors.length < inputs.per_object) {
      const free = people.filter((id) => !apart.has(`${id}|${pair.object}`) && !pair.inspectors.includes(id) && !gone.has(id));
      if (!free.length) throw new Error("没有可以派出的检查人员");
      const least = Math.min(...free.map((id) => load.get(id)));
      const idle = free.filter((id) => load.get(id) === least);
      const chosen = idle[below(idle.length, chance)];
      pair.inspectors.push(chosen);
      load.set(chosen, load.get(chosen) + 1);
    }
  };
  const objects = numbers(key, "objects");
  const pairs = Array.from({ length: inputs.count }, () => ({ object: takeWeighted(pot, objects).id, inspectors: [] }));
  const inspectors = numbers(key, "inspectors");
  pairs.forEach((pair) => fill(pair, inspectors));
  const gone = new Map();
  replacements.forEach((each, no) => {
    const chance = numbers(key, `replacement:${no + 1}`);
    const wanted = each.what === "object" ? each.out : each.at_object;
    const place = pairs.findIndex((pair) => pair.object === wanted);
    if (place < 0) throw new Error(`要替换的对象（编号 ${wanted}）不在结果里`);
    const pair = pairs[place];
    if (each.what === "object") {
      pair.inspectors.forEach((id) => load.set(id, load.get(id) - 1));
      pairs[place] = { object: takeWeighted(pot, chance).id, inspectors: [] };
      fill(pairs[place], chance);
      return;
    }
    if (!gone.has(pair.object)) gone.set(pair.object, new Set());
    gone.get(pair.object).add(each.out);
    pair.inspectors = pair.inspectors.filter((id) => id !== each.out);
    load.set(each.out, load.get(each.out) - 1);
    fill(pair, chance, gone.get(pair.object));
  });
  return pairs;
}

/** What fits and what does not, one sentence each: [{fits, words}]. */
export function verify(file) {
  if (file.algorithm !== ALGORITHM) return [{ fits: false, words: `算法“${file.algorithm}”本页不会复算` }];
  const said = [
    [textHash(file.seed) === file.commitment, "种子与事先公布的承诺值"],
    [digest(file.inputs) === file.inputs_digest, "名录与事先公布的摘要"],
  ];
  const plain = (pairs) => JSON.stringify(pairs.map(({ object, inspectors }) => [object, inspectors]));
  let result = false;
  try {
    result = plain(draw(file)) === plain(file.result);
  } catch {
    // A draw that cannot be held gave no such result.
  }
  said.push([result, `从 ${file.inputs.objects.length} 家中抽 ${file.inputs.count} 家的结果与公示的结果`]);
  return said.map(([fits, words]) => ({ fits, words: `${fits ? "相符" : "不符"}：${words}` }));
}

export function attach(section) {
  const start = section.querySelector("[data-part=start]");
  const list = section.querySelector("[data-part=said]");
  start.hidden = false;
  start.addEventListener("click", async () => {
    start.disabled = true;
    let said;
    try {
      const answer = await fetch(section.dataset.bihuanDraw, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      said = verify(await answer.json());
    } catch {
      said = [{ fits: false, words: "没有取到抽取材料，请检查网络后再试" }];
    }
    list.replaceChildren(...said.map(({ fits, words }) => {
      const line = document.createElement("li");
      line.className = fits ? "fits" : "fits-not";
      line.textContent = words;
      return line;
    }));
    start.disabled = false;
  });
}

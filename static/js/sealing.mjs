/**
 * What a form leaves on this device until the server has it lies there sealed (AES-GCM). The key comes with the page
 * (core/sealing.py), to the person whose form it is and to nobody else: whoever finds the phone and cannot sign in reads nothing.
 * Browsers encrypt on https and localhost only; elsewhere there is no key, and nothing may be kept.
 */
import { openJson, sealJson } from "./field/crypto.mjs";

export { open as unseal, seal } from "./field/crypto.mjs";

const keys = new Map();

/** The key for what `form` keeps; null where this browser cannot encrypt or nobody is signed in. */
export async function keyFor(form) {
  const text = form?.dataset.draftSeal;
  if (!text || !globalThis.crypto?.subtle) return null;
  if (!keys.has(text)) keys.set(text, crypto.subtle.importKey("raw", fromText(text), "AES-GCM", false, ["encrypt", "decrypt"]));
  return keys.get(text);
}

/** A value as sealed text, for storage that holds text only. */
export async function sealText(key, value) {
  const { iv, box } = await sealJson(key, value);
  return `${toText(iv)}.${toText(new Uint8Array(box))}`;
}

/** The value again. Rejects for what another key sealed. */
export async function unsealText(key, text) {
  const [iv, box] = text.split(".").map(fromText);
  return openJson(key, { iv, box });
}

const fromText = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function toText(bytes) {
  let letters = "";
  for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(letters);
}

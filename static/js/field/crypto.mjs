/**
 * What lies on the phone is sealed: AES-GCM under a random key, that key under one derived from the PIN.
 * crypto.subtle exists on https and localhost only; without it nothing is stored (see lock.mjs).
 */

export const ROUNDS = 600000;
export const PIN = /^\d{6,12}$/;
const text = new TextEncoder();

export const isPossible = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB && navigator.serviceWorker);

export class WrongPin extends Error {}

async function keyOf(pin, salt, rounds) {
  const material = await crypto.subtle.importKey("raw", text.encode(pin), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, material, { name: "AES-GCM", length: 256 }, false, ["wrapKey", "unwrapKey"]);
}

/** A new data key sealed under the PIN: {salt, rounds, iv, sealed} to store, `key` to hold in memory. */
export async function makeVault(pin) {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
  return { vault: await sealKey(key, pin), key: await unsealKey(await sealKey(key, pin), pin) };
}

async function sealKey(key, pin) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.wrapKey("raw", key, await keyOf(pin, salt, ROUNDS), { name: "AES-GCM", iv });
  return { salt, iv, rounds: ROUNDS, sealed };
}

/** The data key, which cannot leave the browser again. Rejects with WrongPin. */
export async function unsealKey(vault, pin) {
  const wrapping = await keyOf(pin, vault.salt, vault.rounds);
  try {
    return await crypto.subtle.unwrapKey("raw", vault.sealed, wrapping, { name: "AES-GCM", iv: vault.iv }, { name: "AES-GCM" }, false, ["encrypt", "decrypt"]);
  } catch {
    throw new WrongPin("PIN 不正确");
  }
}

/** Bytes under the data key: {iv, box}. */
export async function seal(key, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, box: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes) };
}

export async function open(key, { iv, box }) {
  return crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, box);
}

export const sealJson = (key, value) => seal(key, text.encode(JSON.stringify(value)));
export const openJson = async (key, sealed) => JSON.parse(new TextDecoder().decode(await open(key, sealed)));

export async function sha256(bytes) {
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

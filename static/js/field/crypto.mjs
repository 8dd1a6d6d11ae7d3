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
  const { vault, wrapping } = await sealKey(key, pin);
  return { vault, key: await unwrapped(vault, wrapping) };
}

async function sealKey(key, pin) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const wrapping = await keyOf(pin, salt, ROUNDS);
  const sealed = await crypto.subtle.wrapKey("raw", key, wrapping, { name: "AES-GCM", iv });
  return { vault: { salt, iv, rounds: ROUNDS, sealed }, wrapping };
}

async function unwrapped(vault, wrapping, extractable = false) {
  try {
    return await crypto.subtle.unwrapKey("raw", vault.sealed, wrapping, { name: "AES-GCM", iv: vault.iv }, { name: "AES-GCM" }, extractable, ["encrypt", "decrypt"]);
  } catch {
    throw new WrongPin("PIN 不正确");
  }
}

/** The data key, which cannot leave the browser again. Rejects with WrongPin. */
export async function unsealKey(vault, pin) {
  return unwrapped(vault, await keyOf(pin, vault.salt, vault.rounds));
}

/** The same data key under another PIN: what is sealed with it stays as it is. Rejects with WrongPin. */
export async function resealed(vault, pin, next) {
  const key = await unwrapped(vault, await keyOf(pin, vault.salt, vault.rounds), true);
  return (await sealKey(key, next)).vault;
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

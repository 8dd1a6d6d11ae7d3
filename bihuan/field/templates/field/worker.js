{% autoescape off %}/* The field app without signal: one checked set of files per version, chosen whole. */
"use strict";
const LISTED = {{ listed }};
const CACHE = `bihuan-field-${LISTED.version}`;
const OURS = new Map(LISTED.files);

async function digest(body) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* A file that is not what this version consists of (a server half way through an upgrade) fails the whole installation. */
async function take(cache, [url, sha256]) {
  const answer = await fetch(url, { cache: "reload", credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${url} ${answer.status}`);
  const body = await answer.arrayBuffer();
  if (await digest(body) !== sha256) throw new Error(`${url} is of another version`);
  await cache.put(url, new Response(body, { headers: { "Content-Type": answer.headers.get("Content-Type") ?? "", "Content-Security-Policy": answer.headers.get("Content-Security-Policy") ?? "" } }));
}

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await Promise.all(LISTED.files.map((file) => take(cache, file)));
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("bihuan-field-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

/* Only the person decides when a new version takes over (updates.mjs). */
self.addEventListener("message", (event) => {
  if (event.data === "activate") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || !OURS.has(url.pathname)) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    return await cache.match(url.pathname) ?? fetch(request);
  })());
});
{% endautoescape %}

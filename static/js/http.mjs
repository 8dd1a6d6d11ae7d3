/** Talking to our own server from a script. */

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content
    ?? document.querySelector('input[name="csrfmiddlewaretoken"]')?.value ?? "";
}

/** An answer that was not a success; status 0 means the network did not carry it. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** POST FormData with progress (fetch reports none). Resolves to parsed JSON, rejects with Refused. */
export function upload(url, data, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("load", () => {
      const body = request.response;
      if (request.status >= 200 && request.status < 300 && body && body.id) resolve(body);
      else reject(new Refused(request.status, body?.detail ?? body?.title ?? body?.error ?? `服务器未接受（${request.status}）`));
    });
    request.addEventListener("error", () => reject(new Refused(0, "网络不通")));
    request.addEventListener("timeout", () => reject(new Refused(0, "网络超时")));
    request.timeout = 120000;
    request.send(data);
  });
}

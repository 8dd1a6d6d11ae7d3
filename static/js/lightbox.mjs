/** <ul data-bihuan-lightbox> of <a><img></a>: shows the large picture in #lightbox; arrow keys move, Escape closes. */

let links = [];
let at = 0;

const box = () => document.getElementById("lightbox");
const part = (name) => box().querySelector(`[data-part=${name}]`);

function show(index) {
  at = (index + links.length) % links.length;
  const alt = links[at].querySelector("img")?.alt ?? "";
  part("image").src = links[at].href;
  part("image").alt = alt;
  part("caption").textContent = alt;
  part("position").textContent = `${at + 1} / ${links.length}`;
  for (const name of ["previous", "next"]) part(name).hidden = links.length < 2;
}

let wired = false;
function wire() {
  if (wired) return;
  wired = true;
  part("previous").addEventListener("click", () => show(at - 1));
  part("next").addEventListener("click", () => show(at + 1));
  box().addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
  });
}

export function attach(list) {
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || !link.querySelector("img") || event.ctrlKey || event.metaKey || event.shiftKey || !box()) return;
    event.preventDefault();
    wire();
    links = [...list.querySelectorAll("a")].filter((other) => other.querySelector("img"));
    show(links.indexOf(link));
    box().showModal();
  });
}

// @ts-check
// How many links each peer has, as bars beside the overlay: the power law as it arises.
import { byId, element } from "../dom.js";

const shown = 16;

/** @param {import("../model.js").Model} model @param {(id: string) => void} select */
export function drawDegreeBars(model, select) {
  const peers = model.sorted().filter(n => n.role === "peer" && (n.degree ?? 0) > 0)
    .sort((a, b) => (b.degree ?? 0) - (a.degree ?? 0));
  const key = peers.map(p => `${p.name} ${p.degree}`).join();
  const place = byId("degree-bars");
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const most = peers[0]?.degree ?? 1;
  place.replaceChildren(...peers.slice(0, shown).map(peer => {
    const bar = element("i");
    bar.style.width = `${100 * (peer.degree ?? 0) / most}%`;
    const row = element("li", "", { title: `${peer.name} has ${peer.degree} links` });
    const track = element("span");
    track.append(bar);
    row.append(element("span", peer.name), track, String(peer.degree));
    row.addEventListener("click", () => select(peer.id));
    return row;
  }));
  if (peers.length > shown) place.append(element("li", `and ${peers.length - shown} more`, { class: "more" }));
}

// @ts-check
// The token that lets this page act. It comes in the address that gossipctl printed, and survives a reload.

/** @returns {string|null} none: the page only shows */
export function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (!token) return sessionStorage.getItem("token");
  sessionStorage.setItem("token", token);
  fragment.delete("token"); // a screenshot, a copied address and the history do not show it
  const rest = `#${fragment}`.replace(/^#$/, "");
  history.replaceState(history.state, "", location.pathname + location.search + rest);
  return token;
}

// @ts-check
// The token that lets this page act. It comes in the address that gossipctl printed, and survives a reload.

/** @returns {string|null} none: the page only shows */
export function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1)).get("token");
  if (fragment) sessionStorage.setItem("token", fragment);
  return fragment ?? sessionStorage.getItem("token");
}

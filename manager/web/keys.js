// @ts-check
// The page's keys, but for the clock's: acts on the selected node, panels, the group, the menu, and the fields.
import { byId, isShortcut } from "./dom.js";
import { verbs } from "./menu.js";
import { tabs } from "./panels.js";

/**
 * @param {{card: import("./node_card.js").NodeCard, help: import("./key_help.js").KeyHelp,
 *   menu: import("./node_menu.js").NodeMenu, panels: import("./panels.js").Panels,
 *   presenter: import("./stage/presenter.js").Presenter, selection: import("./selection.js").Selection,
 *   shell: import("./shell.js").Shell}} parts
 */
export function addKeys({ card, help, menu, panels, presenter, selection, shell }) {
  const leave = () => {
    if (help.isOpen) help.toggle();
    else if (presenter.isOn) presenter.toggle();
    else selection.clear();
  };
  document.addEventListener("keydown", event => {
    if (!isShortcut(event)) return;
    const { key } = event;
    /** @param {() => void} act the key is then not typed into what it opens */
    const instead = act => {
      event.preventDefault();
      act();
    };
    const found = verbs.find(v => v.key === key);
    if (found) card.act(found.verb);
    const tab = tabs[Number(key) - 1];
    if (tab) panels.show(tab.name, true);
    if (key === "Escape") leave();
    if (key === "?") help.toggle();
    if (key === "f") presenter.toggle();
    if (key === "g" && selection.node) selection.toggle(selection.node);
    if (key === "a" && shell.acts) instead(() => shell.ask("add 1", "1"));
    const opensMenu = key === "m" || key === "ContextMenu" || (key === "F10" && event.shiftKey);
    if (opensMenu) instead(() => menu.open(selection.node));
    if (key === "s" && !byId("say").hidden) instead(() => byId("say-text").focus());
    if (key === ":" && shell.token !== null) instead(() => shell.field.focus());
  });
}

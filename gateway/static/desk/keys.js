// Keyboard shortcuts: single keys outside of text fields (they can be turned off), Ctrl+Enter in the reply.
// What has data-key="c" is clicked, or focused if it is a field, by the key c.
import { all, one, remember, remembered } from "./page.js";

const dialog = one("#keys");
const on = one("#keys-on");
on.checked = remembered("keys", "on") === "on";
on.addEventListener("change", () => remember("keys", on.checked ? "on" : "off"));

const rows = () => all("#queue [data-chat] a");
const step = (by) => {
  const links = rows();
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at < 0 ? 0 : at + by))].focus();
};
const ways = {
  "?": () => dialog.showModal(),
  q: () => location.assign("/desk"),
  l: () => location.assign("/desk/ask"),
  j: () => step(1),
  k: () => step(-1),
};

// A tick box takes no letters: it also has the focus for a moment when the dialog has closed.
const written = "input:not([type=checkbox]), textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  if (event.target.closest(written)) return;
  if (!on.checked && event.key !== "?") return;
  const marked = all("[data-key]").find((it) => it.dataset.key === event.key && it.checkVisibility());
  if (!marked && !ways[event.key]) return;
  event.preventDefault();
  if (!marked) ways[event.key]();
  else if (marked.matches("input, textarea")) marked.focus();
  else marked.click();
});

document.documentElement.dataset.keys = "ready";

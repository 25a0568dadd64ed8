// The list of chats: it stays fresh, without taking the focus, or a tick, from a row that somebody is on.
import "./keys.js";
import { draftsOf } from "./drafts.js";
import { inTurn, listen, signedOut } from "./live.js";
import { all, element, one } from "./page.js";

const list = one("#queue");
const { me, chat } = one("main").dataset;

export const refreshList = inTurn(async () => {
  const reply = await fetch(list.dataset.part);
  if (reply.status === 401) return signedOut();
  if (!reply.ok) return;
  const rows = await reply.text();
  const on = document.activeElement?.closest?.("#queue [data-chat]");
  const where = on && [on.dataset.chat, document.activeElement.matches("input") ? "input" : "a"];
  const filter = list.contains(document.activeElement) && !on && document.activeElement.getAttribute("href");
  const ticked = all("input:checked", list).map((box) => box.value);
  list.innerHTML = rows;
  for (const box of all("input[name=chat]", list)) box.checked = ticked.includes(box.value);
  if (where) one(`[data-chat="${CSS.escape(where[0])}"] ${where[1]}`, list)?.focus();
  if (filter) one(`a[href="${CSS.escape(filter)}"]`, list)?.focus();
  markDrafts();
});

// Where a reply was begun and not sent.
export function markDrafts() {
  const begun = draftsOf(me);
  for (const row of all("[data-chat]", list)) {
    const tags = one(".tags", row);
    one(".draft-tag", tags)?.remove();
    if (begun.has(row.dataset.chat)) tags.append(element("span", "draft", { class: "tag draft-tag" }));
  }
}

const tickAll = one("#tick-all");
tickAll?.addEventListener("change", () => {
  for (const box of all("input[name=chat]", list)) box.checked = tickAll.checked;
});

markDrafts();
if (!chat) listen(refreshList);
setInterval(refreshList, 60_000); // the waits are in minutes

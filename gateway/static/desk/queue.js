// Keeps the queue fresh, without taking the focus from a row that somebody is on.
import "./keys.js";
import { inTurn, listen } from "./live.js";
import { one } from "./page.js";

const queue = one("#queue");
const refresh = inTurn(async () => {
  const reply = await fetch(queue.dataset.part);
  if (reply.status === 401) return location.reload();
  if (!reply.ok) return;
  const rows = await reply.text();
  const chat = document.activeElement?.closest?.("tr[data-chat]")?.dataset.chat; // now: a key may have moved on meanwhile
  queue.innerHTML = rows;
  if (chat) one(`tr[data-chat="${CSS.escape(chat)}"] a`)?.focus();
});

listen(refresh);
setInterval(refresh, 60_000); // the waits are in minutes

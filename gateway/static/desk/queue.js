// Keeps the queue fresh, without taking the focus from a row that somebody is on.
import "./keys.js";
import { inTurn, listen } from "./live.js";
import { one } from "./page.js";

const queue = one("#queue");
const refresh = inTurn(async () => {
  const reply = await fetch(queue.dataset.part);
  if (reply.status === 401) return location.reload();
  if (!reply.ok) return;
  const chat = document.activeElement?.closest?.("tr[data-chat]")?.dataset.chat;
  queue.innerHTML = await reply.text();
  if (chat) one(`tr[data-chat="${CSS.escape(chat)}"] a`)?.focus();
});

listen(refresh);
setInterval(refresh, 60_000); // the waits are in minutes

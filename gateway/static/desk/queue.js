// Keeps the queue fresh, without taking the focus from a row that somebody is on.
import "./keys.js";
import { listen } from "./live.js";
import { one } from "./page.js";

const queue = one("#queue");
let running = false;
let again = false;

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const reply = await fetch(queue.dataset.part);
    if (reply.status === 401) return location.reload();
    if (!reply.ok) return;
    const chat = document.activeElement?.closest?.("tr[data-chat]")?.dataset.chat;
    queue.innerHTML = await reply.text();
    if (chat) one(`tr[data-chat="${CSS.escape(chat)}"] a`)?.focus();
  } catch {
    // The stream says when it works again.
  } finally {
    running = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

listen(refresh);
setInterval(refresh, 60_000); // the waits are in minutes

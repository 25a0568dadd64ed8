// Looks again until the messages are grouped.
import { one } from "/static/desk/page.js";

const groups = one("#groups");

async function look() {
  try {
    const reply = await fetch("/studio/parts/inbox");
    if (reply.status === 401) return location.reload();
    const text = await reply.text();
    if (reply.ok) groups.innerHTML = text;
    if (reply.ok && !one(".empty [href='/studio/inbox']", groups)) return;
  } catch {
    // It is asked for again.
  }
  setTimeout(look, 2000);
}

if (groups.dataset.ready === "0" && one(".empty", groups)) setTimeout(look, 1000);

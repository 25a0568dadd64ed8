// Shows how far a dry run is, and what it found once it is over.
import { one, renew } from "/static/desk/page.js";

const part = one("#dry-run");

async function look() {
  try {
    const reply = await fetch("/studio/parts/dry-run");
    if (reply.status === 401) return location.reload();
    if (reply.ok) {
      renew(part, await reply.text());
      if (!one("progress", part)) {
        one("#start").disabled = false;
        one("#verdict")?.focus();
        return;
      }
    }
  } catch {
    // It is asked for again.
  }
  setTimeout(look, 1000);
}

if (part.dataset.running === "1") setTimeout(look, 1000);

// Shows how far a job is; once it is over, the page is read again, as all of it may have changed.
import { one, renew } from "/static/desk/page.js";

const part = one("#job");

async function look() {
  try {
    const reply = await fetch("/studio/parts/publish");
    if (reply.status === 401) return location.reload();
    if (reply.ok) {
      renew(part, await reply.text());
      if (!one("progress", part)) return location.reload();
    }
  } catch {
    // The gateway may just be going over to the new model: it is asked again.
  }
  setTimeout(look, 1000);
}

const effects = one("#effects");

async function lookAtEffects() {
  try {
    const reply = await fetch("/studio/parts/effects");
    if (reply.status === 401) return location.reload();
    if (reply.ok) {
      renew(effects, await reply.text());
      if (!one("[role=status]", effects)) return;
    }
  } catch {
    // It is asked for again.
  }
  setTimeout(lookAtEffects, 2000);
}

if (effects?.dataset.working === "1") setTimeout(lookAtEffects, 1000);
if (part.dataset.running === "1") setTimeout(look, 1000);

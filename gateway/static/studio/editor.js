// Looks at the answer and the examples while somebody writes, and warns before unsaved work is left behind.
import { one, send } from "/static/desk/page.js";

const form = one("#edit");
const unsaved = one("#unsaved");
let changed = false;

function look(part, into, pause) {
  let timer = 0;
  let wanted = 0;
  const ask = async () => {
    const mine = ++wanted;
    try {
      const reply = await send(`${form.action}/parts/${part}`, new FormData(form));
      if (mine !== wanted) return;
      if (reply.ok) into.innerHTML = await reply.text();
      else unsaved.textContent = "The check did not work. You can still save.";
    } catch {
      unsaved.textContent = "The connection is lost. Keep this page open.";
    }
  };
  return (now = false) => {
    clearTimeout(timer);
    timer = setTimeout(ask, now ? 0 : pause);
  };
}

const answer = look("answer", one("#answer-check"), 400);
const examples = look("examples", one("#examples-check"), 1200);

form.addEventListener("input", (event) => {
  changed = true;
  unsaved.textContent = "Not saved yet.";
  (event.target.id === "examples" ? examples : answer)();
});
form.addEventListener("submit", () => {
  changed = false;
});
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
examples(true);

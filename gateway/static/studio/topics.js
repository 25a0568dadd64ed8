// Narrows the list of topics down to those that hold the typed words.
import { all, one } from "/static/desk/page.js";

const filter = one("#filter");
const field = one("input", filter);
filter.hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/);
  for (const row of all("#topics tbody tr")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});

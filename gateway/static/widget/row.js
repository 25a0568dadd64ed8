/* The quiet row under an answer: more of it, where it comes from, what the patient thinks of it. One stop for the Tab
   key; the arrow keys go along it. */

import { button, make } from "./dom.js";
import { drawFeedback } from "./feedback.js";

const sourceLine = (source) =>
  make(
    "li",
    {},
    source.url?.startsWith("http")
      ? make("a", { href: source.url, target: "_blank", rel: "noopener noreferrer", text: source.title })
      : make("span", { text: source.title }),
    source.section && make("span", { text: `, ${source.section}` }),
  );

/* Where an answer comes from, and what to read next. */
function drawSources(body, strings, home, choose) {
  const others = (body.see_also ?? []).slice(0, 3).map((other) =>
    make(
      "li",
      {},
      button("link", other.title, () => choose({ id: other.id, label: other.title })),
    ),
  );
  return make(
    "div",
    { class: "sources", hidden: true },
    make("ul", {}, ...body.sources.map(sourceLine)),
    body.link && make("p", {}, make("a", { href: new URL(body.link.replace(/^\//, ""), home), target: "_blank", rel: "noopener", text: strings.as_page })),
    others.length > 0 && make("p", { text: strings.see_also }),
    others.length > 0 && make("ul", {}, ...others),
  );
}

/* The arrow keys move through the buttons, of which Tab meets one. */
function rove(bar) {
  const stops = () => [...bar.querySelectorAll("button")];
  const settle = (chosen = stops()[0]) => {
    for (const stop of stops()) stop.tabIndex = stop === chosen ? 0 : -1;
  };
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || !event.target.matches("button")) return;
    event.preventDefault();
    const all = stops();
    const next = all.at((all.indexOf(event.target) + by) % all.length);
    settle(next);
    next.focus();
  });
  new MutationObserver(() => settle()).observe(bar, { childList: true, subtree: true });
  settle();
}

/* The row and what it opens, or nothing where a message is no answer. `more` is the button for the longer text. */
export function drawRow(event, strings, home, more, choose, rate) {
  const { body } = event;
  const feedback = drawFeedback(event, strings, rate, choose);
  const sources = body.sources?.length ? drawSources(body, strings, home, choose) : null;
  if (!feedback && !sources && !more) return [];
  const bar = make(
    "div",
    { class: "row", role: "toolbar", "aria-label": body.title ?? strings.choices, "aria-live": "off" },
    more && button("link", more.label, () => choose(more)),
    sources &&
      button(
        "link",
        `${strings.sources} (${body.sources.length})`,
        ({ currentTarget }) => {
          sources.hidden = !sources.hidden;
          currentTarget.setAttribute("aria-expanded", String(!sources.hidden));
          sources.scrollIntoView({ block: "nearest" });
        },
        { "aria-expanded": "false" },
      ),
    feedback,
  );
  rove(bar);
  return [bar, sources];
}

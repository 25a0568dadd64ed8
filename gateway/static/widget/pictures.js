/* Pictures and tables under answers. A drawing becomes part of the window: it takes its colours from there, and a page
   that forbids images of other sites shows it too. Whoever cannot see it has its words, and a button for each part. */

import { button, make } from "./dom.js";

const styles = new CSSStyleSheet();
styles.replaceSync(`
.message:has(.picture) { max-width: 100%; }
.picture { margin: .6em 0 0; }
.picture figcaption, .picture caption { font-weight: 600; text-align: start; padding: .2em 0 .4em; }
.picture svg {
  --ink: var(--text); --paper: var(--surface); display: block; width: 100%; max-width: 22em; height: auto; border-radius: .6em;
}
.picture [data-part] { cursor: pointer; }
.picture [data-part]:hover, .picture .shown { stroke: var(--ink); stroke-width: 4; }
.parts { display: flex; flex-wrap: wrap; gap: 0 .4em; margin-top: .3em; }
.wide { container-type: inline-size; }
.picture table { border-collapse: collapse; width: 100%; overflow-wrap: normal; font-size: .9em; background: var(--surface); }
.picture th, .picture td { border: 1px solid var(--line); padding: .35em .5em; text-align: start; vertical-align: top; }
.picture th { font-weight: 600; }
@container (max-width: 15em) {
  thead { display: none; }
  tbody, tr, .picture th, .picture td { display: block; overflow-wrap: anywhere; }
  td::before { content: attr(data-column) ": "; font-weight: 600; }
}
.picture details { font-size: .85em; margin-top: .2em; }
@media (forced-colors: active) {
  .picture svg { --ink: CanvasText; --paper: Canvas; --soft: Canvas; --line: CanvasText; --accent: Highlight; --alarm: Mark; }
}
`);

/* The drawing as a document: parsing it from text is what a page with Trusted Types forbids. */
function load(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onload = () => (request.response?.documentElement ? resolve(request.response.documentElement) : reject(new Error("no drawing")));
    request.onerror = reject;
    request.send();
  });
}

function table({ title, table: { columns, rows } }) {
  const head = (text, scope) => make("th", { scope, text });
  return make(
    "div",
    { class: "wide" },
    make(
      "table",
      {},
      make("caption", { text: title }),
      make("thead", {}, make("tr", {}, make("td"), ...columns.map((text) => head(text, "col")))),
      make(
        "tbody",
        {},
        ...rows.map(([about, ...cells]) => make("tr", {}, head(about, "row"), ...cells.map((text, at) => make("td", { text, "data-column": columns[at] })))),
      ),
    ),
  );
}

/* A dot of the drawing does what its button does, for whoever points. */
function connect(drawing, picture, ask) {
  const buttons = picture.parts.map(({ part, label, ask: question }) => {
    const places = drawing?.querySelector(`[data-part="${part}"]`);
    const mark = (on) => places?.classList.toggle("shown", on);
    places?.addEventListener("click", () => ask(question));
    return button("link", label, () => ask(question), {
      "aria-label": question,
      onmouseenter: () => mark(true),
      onmouseleave: () => mark(false),
      onfocus: () => mark(true),
      onblur: () => mark(false),
    });
  });
  return buttons.length ? make("div", { class: "parts", role: "group", "aria-label": picture.title }, ...buttons) : null;
}

/* `choose` is called with the question about a part of the body. */
export async function fillPicture(place, picture, strings, home, choose) {
  const root = place.getRootNode();
  if (root.adoptedStyleSheets && !root.adoptedStyleSheets.includes(styles)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, styles];
  if (picture.table) return place.replaceChildren(table(picture));
  const drawing = await load(new URL(picture.image.slice(1), home)).catch(() => null);
  const parts = connect(drawing, picture, (text) => choose({ text }));
  const words = make("p", { text: picture.words });
  place.replaceChildren(
    ...[
      make("figcaption", { text: picture.title }),
      drawing,
      parts,
      drawing ? make("details", {}, make("summary", { text: strings.picture_words }), words) : words,
    ].filter(Boolean),
  );
}

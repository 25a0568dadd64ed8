/* Makes elements. Text always goes in as text, so nothing that somebody typed can become markup. */

export function make(tag, { text, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter(Boolean));
  return element;
}

export const button = (name, text, onclick, properties) => make("button", { type: "button", class: name, text, onclick, ...properties });

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  chat: "M4 5h16v11H10l-4 4v-4H4z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12L20 4l-5 16-4-6z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  down: "M12 5v14M6 13l6 6 6-6",
  up: "M7 11v9H4v-9zM7 11l4-7c2 0 3 1 2.5 3L13 9h6l-1.5 9c-.2 1-1 2-2 2H7",
  flag: "M6 21V4h11l-2 4 2 4H6",
  restart: "M5 12a7 7 0 1 1 2 5M5 19v-4h4",
  sheet: "M6 3h9l4 4v14H6zM10 11h5M10 15h5",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
};

/* A drawing that says nothing by itself: the words stand beside it. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" })) drawing.setAttribute(key, value);
  line.setAttribute("d", ICONS[name]);
  drawing.append(line);
  return drawing;
}

/* The clinic's logo, or its first letter where there is none, or it cannot be loaded. */
export const drawMark = (letter, logo) => (logo ? make("img", { src: logo, alt: "", onerror: ({ target }) => target.replaceWith(letter) }) : letter);

/* "Call {number}" with {number: 911} */
export const fill = (template, values = {}) => (template ?? "").replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

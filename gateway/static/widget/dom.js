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

/* "Call {number}" with {number: 911} */
export const fill = (template, values = {}) => (template ?? "").replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

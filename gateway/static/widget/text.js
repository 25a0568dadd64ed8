/* From the plain text of a reply to elements: blank lines part paragraphs, lines that begin with "- " or "1. " are
   lists, a label at the start of a paragraph ("Common: ...") stands in bold, and so does the first sentence of an answer.
   Phone numbers, addresses and pages can be tapped. What patients type stays as typed. */

import { make } from "./dom.js";

const ITEM = /^\s*(-|\d{1,2}\.)\s+/;
const LABEL = /^[\p{Lu}\d][^.:!?\n]{0,40}:(?=\s|$)/u;
const SENTENCE = /^[^\n]{1,180}?[.!?](?=\s+\S)/;
const SCHEMES = /^(tel|mailto|https?):/;

/* The way to a place in a text, or null if it leads nowhere that we know. */
function anchor({ kind, text, href }) {
  if (!SCHEMES.test(href)) return null;
  const page = href.startsWith("http");
  return make("a", { href, text, "data-tel": kind === "tel", ...(page && { target: "_blank", rel: "noopener noreferrer" }) });
}

/* The text with its links in their places. */
function linked(text, links = []) {
  if (!links.length) return [text];
  const words = links
    .map((link) => link.text)
    .sort((one, other) => other.length - one.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text
    .split(new RegExp(`(?<![\\w$-])(${words.join("|")})(?![\\w-])`))
    .map((part, at) => (at % 2 && anchor(links.find((link) => link.text === part))) || part);
}

function paragraph(lines, links, lead) {
  const text = lines.join("\n");
  const strong = text.match(LABEL)?.[0] ?? (lead ? text.match(SENTENCE)?.[0] : null);
  const element = make("p", { dir: "auto" });
  element.append(...(strong ? [make("strong", {}, ...linked(strong, links)), ...linked(text.slice(strong.length), links)] : linked(text, links)));
  return element;
}

const list = (lines, links) =>
  make(lines[0].trim().startsWith("-") ? "ul" : "ol", {}, ...lines.map((line) => make("li", { dir: "auto" }, ...linked(line.replace(ITEM, ""), links))));

/* `lead`: the first sentence is the answer, and stands out. */
export function formatted(text, links, lead = false) {
  const blocks = [];
  for (const part of (text ?? "").split(/\n\s*\n/)) {
    let run = [];
    const finish = () => run.length && blocks.push(ITEM.test(run[0]) ? list(run, links) : paragraph(run, links, lead && !blocks.length));
    for (const line of part.split("\n")) {
      if (run.length && ITEM.test(line) !== ITEM.test(run[0])) {
        finish();
        run = [];
      }
      run.push(line);
    }
    finish();
  }
  return blocks;
}

export const asTyped = (text) => (text ?? "").split(/\n\s*\n/).map((part) => make("p", { dir: "auto", text: part }));

/* From the plain text of a reply to elements: blank lines part paragraphs, lines that begin with "- " or "1. " are
   lists, and a label at the start of a paragraph ("Common: ...") stands in bold. What patients type stays as typed. */

import { make } from "./dom.js";

const ITEM = /^\s*(-|\d{1,2}\.)\s+/;
const LABEL = /^[\p{Lu}\d][^.:!?\n]{0,40}:(?=\s|$)/u;

function paragraph(lines) {
  const text = lines.join("\n");
  const label = text.match(LABEL)?.[0];
  const element = make("p", { dir: "auto" });
  element.append(...(label ? [make("strong", { text: label }), text.slice(label.length)] : [text]));
  return element;
}

const list = (lines) =>
  make(lines[0].trim().startsWith("-") ? "ul" : "ol", {}, ...lines.map((line) => make("li", { dir: "auto", text: line.replace(ITEM, "") })));

export function formatted(text) {
  const blocks = [];
  for (const part of (text ?? "").split(/\n\s*\n/)) {
    let run = [];
    const finish = () => run.length && blocks.push(ITEM.test(run[0]) ? list(run) : paragraph(run));
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

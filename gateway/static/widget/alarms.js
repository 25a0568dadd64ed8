/* What is said of danger: the number to call first, in full width, then what to do as a short numbered list. */

import { button, make } from "./dom.js";
import { formatted } from "./text.js";

const ALARMS = ["emergency", "urgent", "crisis"];
const MOST_CALLS = 2; // numbers that stand open besides the first

export const isAlarm = (event) => ALARMS.includes(event.body?.kind);

/* "Call 988": its number is not broken over two lines. */
function call({ tel, sms, label }, look = "") {
  const [, words, number] = label.match(/^(.*?)([\d-]*)$/);
  return make(
    "a",
    { class: `button call ${look}`, href: tel ? `tel:${tel}` : `sms:${sms}` },
    make("span", {}, words, make("span", { "data-tel": true, text: number })),
  );
}

/* Sentences that tell to do something, as steps; the catalogue knows with which words they begin. */
function steps({ text, links }, strings) {
  const [alarm, ...below] = text.split(/\n\s*\n/);
  const [first, ...others] = alarm.split(/(?<=[.!?])\s+/);
  const begins = new RegExp(`^(${strings.step_words})(?![\\p{L}])`, "u");
  const orders = others.filter((sentence) => begins.test(sentence));
  const told = orders.length > 1 ? orders : []; // one is no list
  const why = [others.filter((sentence) => !told.includes(sentence)).join(" "), ...below].filter(Boolean).join("\n\n");
  return [
    make("strong", { class: "headline", text: first }),
    ...(told.length ? formatted(told.map((step, at) => `${at + 1}. ${step}`).join("\n"), links) : []),
    ...(why ? formatted(why, links) : []),
  ];
}

/* The calls and words of a message that names whom to call, or null if it names nobody; `choose` gets the patient's answer. */
export function drawCalls(body, strings, choose) {
  const calls = (body.buttons ?? []).filter(({ tel, sms }) => tel || sms);
  if (!calls.length) return null;
  const first = calls.splice(0, calls[1]?.sms ? 2 : 1);
  const others = calls.map((given) => call(given));
  const answers = body.buttons.filter(({ id }) => id).map((given) => button("button quiet", given.label, () => choose(given)));
  const more =
    others.length > MOST_CALLS
      ? make("details", { class: "more" }, make("summary", { text: strings.more_lines }), make("div", { class: "buttons" }, ...others))
      : others.length > 0 && make("div", { class: "buttons" }, ...others);
  return [
    make("div", { class: "first" }, ...first.map((given) => call(given, "wide"))),
    ...(["emergency", "urgent"].includes(body.kind) ? steps(body, strings) : formatted(body.text, body.links)),
    more,
    answers.length > 0 && make("div", { class: "buttons", role: "group", "aria-label": strings.choices }, ...answers),
  ].filter(Boolean);
}

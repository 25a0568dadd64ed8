/* Draws one event of the conversation as a list item. */

import { fill, make } from "./dom.js";

const ALARMS = ["emergency", "urgent", "crisis"];

export const isAlarm = (event) => ALARMS.includes(event.body?.kind);

const paragraphs = (text) => (text ?? "").split(/\n\s*\n/).map((part) => make("p", { text: part }));

function buttons(body, strings, choose) {
  if (!body.buttons?.length) return null;
  const items = body.buttons.map((button) =>
    button.tel
      ? make("a", { class: "button call", href: `tel:${button.tel}`, text: button.label })
      : make("button", { type: "button", class: "button", text: button.label, onclick: () => choose(button) }),
  );
  return make("div", { class: "buttons", role: "group", "aria-label": body.offered?.length ? strings.did_you_mean : strings.choices }, ...items);
}

const sourceLine = (source) =>
  make("li", {},
    source.url?.startsWith("http")
      ? make("a", { href: source.url, target: "_blank", rel: "noopener noreferrer", text: source.title })
      : make("span", { text: source.title }),
    source.section && make("span", { text: `, ${source.section}` }));

/* Where an answer comes from, that nobody signed it yet, and what to read next. */
function sources(body, strings, home, choose) {
  if (!body.sources?.length) return null;
  const others = (body.see_also ?? []).slice(0, 3).map((other) =>
    make("li", {}, make("button", { type: "button", class: "link", text: other.title, onclick: () => choose({ id: other.id, label: other.title }) })));
  return make("details", { class: "sources" },
    make("summary", { text: strings.sources }),
    make("ul", {}, ...body.sources.map(sourceLine)),
    body.notice && make("p", { class: "review", text: body.notice }),
    body.link && make("p", {}, make("a", { href: new URL(body.link.replace(/^\//, ""), home), target: "_blank", text: strings.as_page })),
    others.length && make("p", { text: strings.see_also }),
    others.length && make("ul", {}, ...others));
}

const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

/* `choose` is called with a button of the gateway when the patient takes it; `home` is where the gateway is. */
export function drawEvent(event, strings, home, choose) {
  const body = event.body ?? {};
  const alarm = isAlarm(event);
  const name = event.role === "patient" ? strings.you : (body.name ?? strings[event.role] ?? strings.assistant);
  return make("li", { class: `message ${event.role} ${alarm ? `alarm ${body.kind}` : (body.kind ?? "")}`, "data-seq": event.seq },
    make("span", { class: "who", text: `${name}: ` }),
    make("div", { class: "bubble" },
      ...paragraphs(body.text),
      buttons(body, strings, choose),
      event.role === "patient" ? null : sources(body, strings, home, choose)),
    make("time", { datetime: event.time, text: clock(event.time) }));
}

/* A message of the patient that the gateway has not acknowledged, or not echoed yet. */
export function drawUnsent(message, strings, { retry, discard }) {
  const failed = message.state === "failed";
  return make("li", { class: `message patient unsent ${message.state}`, "data-key": message.key },
    make("span", { class: "who", text: `${strings.you}: ` }),
    make("div", { class: "bubble" }, ...paragraphs(message.label)),
    make("span", { class: "state", text: message.error ?? strings[message.state] }),
    failed && make("span", { class: "buttons" },
      make("button", { type: "button", class: "link", text: strings.retry, onclick: () => retry(message.key) }),
      make("button", { type: "button", class: "link", text: strings.discard, onclick: () => discard(message.key) })));
}

export const drawTyping = (strings) =>
  make("li", { class: "message assistant typing" },
    make("div", { class: "bubble", role: "img", "aria-label": strings.typing }, make("i"), make("i"), make("i")));

export const drawNotice = (text) => make("li", { class: "notice", text });

export const noticeText = (strings, { key, values }) => fill(strings[key], values);

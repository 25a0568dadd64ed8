/* Draws one event of the conversation as a list item. */

import { drawCard } from "./cards.js";
import { button, fill, make } from "./dom.js";
import { drawFeedback } from "./feedback.js";
import { asTyped, formatted } from "./text.js";

const ALARMS = ["emergency", "urgent", "crisis"];

export const isAlarm = (event) => ALARMS.includes(event.body?.kind);

function buttons(body, strings, choose) {
  if (!body.buttons?.length) return null;
  const items = body.buttons.map((given) =>
    given.tel
      ? call(given)
      : button("button", given.label, () => choose(given)),
  );
  return make("div", { class: "buttons", role: "group", "aria-label": body.offered?.length ? strings.did_you_mean : strings.choices }, ...items);
}

/* "Call 988": its number is not broken over two lines. */
function call({ tel, label }) {
  const [, words, number] = label.match(/^(.*?)([\d-]*)$/);
  return make("a", { class: "button call", href: `tel:${tel}` }, make("span", {}, words, make("span", { "data-tel": true, text: number })));
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
    make("li", {}, button("link", other.title, () => choose({ id: other.id, label: other.title }))));
  return make("details", { class: "sources" },
    make("summary", { text: strings.sources }),
    make("ul", {}, ...body.sources.map(sourceLine)),
    body.notice && make("p", { class: "review", text: body.notice }),
    body.link && make("p", {}, make("a", { href: new URL(body.link.replace(/^\//, ""), home), target: "_blank", rel: "noopener", text: strings.as_page })),
    others.length && make("p", { text: strings.see_also }),
    others.length && make("ul", {}, ...others));
}

function clock(time, language) {
  const then = new Date(time);
  const day = then.toDateString() === new Date().toDateString() ? {} : { month: "short", day: "numeric" };
  return then.toLocaleString(language, { ...day, hour: "2-digit", minute: "2-digit" });
}

/* Below a message: when it was said, or what became of it. It changes silently; what matters is said elsewhere. */
const meta = (...children) => make("span", { class: "meta", "aria-live": "off" }, ...children);

/* A place for the picture or table of an answer; how to draw it is fetched only where there is one. */
function drawPicture(body, strings, home, choose) {
  if (!body.picture) return null;
  const place = make("figure", { class: "picture", "aria-live": "off" });
  import("./pictures.js").then(({ fillPicture }) => fillPicture(place, body.picture, strings, home, choose), () => place.remove());
  return place;
}

const timeOf = (event, strings) => make("time", { datetime: event.time, text: clock(event.time, strings.locale) });

/* `choose` is called with a button of the gateway when the patient takes it, `rate` with what the patient thinks of an
   answer; `home` is where the gateway is. */
export function drawEvent(event, strings, home, choose, rate) {
  const body = event.body ?? {};
  const own = event.role === "patient";
  const alarm = isAlarm(event);
  const name = own ? strings.you : (body.name ?? strings[event.role] ?? strings.assistant);
  const card = drawCard(event, strings, choose);
  return make("li", { class: `message ${event.role} ${alarm ? `alarm ${body.kind}` : (body.kind ?? "")}`, "data-seq": event.seq, lang: own || event.role === "staff" || body.language === strings.locale ? null : strings.answers_language },
    make("span", { class: "who", text: `${name}: ` }),
    card ?? make("div", { class: "bubble" },
      ...(own ? asTyped(body.text) : formatted(body.text)),
      !own && drawPicture(body, strings, home, choose),
      buttons(body, strings, choose),
      !own && sources(body, strings, home, choose)),
    drawFeedback(event, strings, rate),
    meta(timeOf(event, strings)));
}

/* A message of the patient that the gateway has not acknowledged, or not echoed yet. */
export function drawUnsent(message, strings, handlers) {
  const item = make("li", { "data-key": message.key },
    make("span", { class: "who", text: `${strings.you}: ` }),
    make("div", { class: "bubble" }, ...asTyped(message.label)),
    meta());
  changeUnsent(item, message, strings, handlers);
  return item;
}

/* The same element all the way from typed to stored, so that it is read out once. */
export function changeUnsent(item, message, strings, { retry, discard }) {
  item.className = `message patient unsent ${message.state}`;
  const failed = message.state === "failed";
  item.querySelector(".meta").replaceChildren(
    make("span", { class: "state", text: (failed && message.error) || strings[message.state] }),
    ...(failed ? [button("link", strings.retry, () => retry(message.key)), button("link", strings.discard, () => discard(message.key))] : []));
}

export function becomeEvent(item, event, strings) {
  item.className = `message patient ${event.body?.kind ?? ""}`;
  item.dataset.seq = event.seq;
  item.querySelector(".meta").replaceChildren(timeOf(event, strings));
}

export const drawTyping = () =>
  make("li", { class: "message assistant typing", "aria-hidden": "true" },
    make("div", { class: "bubble" }, make("i"), make("i"), make("i")));

export const drawNotice = (text) => make("li", { class: "notice", text });

export const noticeText = (strings, { key, values }) => fill(strings[key], values);

/* Draws one event of the conversation as a list item. */

import { drawCalls, isAlarm } from "./alarms.js";
import { drawCard } from "./cards.js";
import { button, fill, make } from "./dom.js";
import { fillPicture } from "./pictures.js";
import { drawRow } from "./row.js";
import { asTyped, formatted } from "./text.js";

const GROUP = 300_000; // milliseconds within which messages belong together

function buttons(given, body, strings, choose) {
  if (!given.length) return null;
  const items = given.map((one) => button(one.opens ? "button" : "button chip", one.label, () => choose(one)));
  return make("div", { class: "buttons", role: "group", "aria-label": body.offered?.length ? strings.did_you_mean : strings.choices }, ...items);
}

/* Ways to the front desk: to call, or to book online. */
const reach = (ways) =>
  ways?.length > 0 &&
  make(
    "div",
    { class: "buttons reach" },
    ...ways.map(({ label, href }) =>
      make("a", { class: "button", href, text: label, ...(href.startsWith("http") && { target: "_blank", rel: "noopener noreferrer" }) }),
    ),
  );

/* Prices, or the hours of a week; a long table stands behind its title. */
function drawTable({ title, rows, folded }) {
  const table = make(
    "table",
    { class: "facts" },
    folded ? null : make("caption", { text: title }),
    make("tbody", {}, ...rows.map(([name, value]) => make("tr", {}, make("th", { scope: "row", text: name }), make("td", { text: value })))),
  );
  return folded ? make("details", { class: "folded" }, make("summary", { text: title }), table) : table;
}

function clock(time, language) {
  const then = new Date(time);
  const day = then.toDateString() === new Date().toDateString() ? {} : { month: "short", day: "numeric" };
  return then.toLocaleString(language, { ...day, hour: "numeric", minute: "2-digit" });
}

/* Below a message: when it was said, or what became of it. It changes silently; what matters is said elsewhere. */
const meta = (...children) => make("span", { class: "meta", "aria-live": "off" }, ...children);

const classOf = (body) => `message patient ${body?.card ? "answered" : (body?.kind ?? "")}`;

/* A place for the picture or table of an answer. */
function drawPicture(body, strings, home, choose) {
  if (!body.picture) return null;
  const place = make("figure", { class: "picture", "aria-live": "off" });
  queueMicrotask(() => fillPicture(place, body.picture, strings, home, choose)); // once it stands in the window
  return place;
}

const timeOf = (event, strings) => make("time", { datetime: event.time, text: clock(event.time, strings.locale) });

/* What the assistant says: words, tables, a picture, ways to go on. */
function drawReply(event, strings, home, more, choose) {
  const { body } = event;
  const headline = body.result?.outcomes?.[0]?.title;
  const tables = body.tables ?? [];
  const left = (text, table) => (table.instead_of ? text.replace(table.instead_of, "").trim() : text);
  const text = tables.reduce(left, headline ? body.text.replace(`${headline}\n`, "") : body.text);
  const given = (body.buttons ?? []).filter((one) => one !== more);
  const picture = drawPicture(body, strings, home, choose);
  const tapped = body.picture?.parts?.length > 0; // a drawing to tap is the question itself
  // What staff send leads only to the clinic's own pages and to those that it names.
  const links = event.role === "staff" ? body.links?.filter(({ href }) => !href.startsWith("http") || strings.sites.includes(new URL(href).host)) : body.links;
  return [
    body.home && make("span", { class: "logo big", "aria-hidden": "true" }, strings.mark()),
    body.title && make("h3", { class: "topic", text: body.title, hidden: true }),
    headline && make("strong", { class: "headline", text: headline }),
    tapped && picture,
    ...formatted(text, links, body.kind === "answer"),
    ...tables.map(drawTable),
    !tapped && picture,
    reach(body.reach),
    buttons(given, body, strings, choose),
  ].filter(Boolean);
}

/* The language that something is said in, where it is not that of the window. */
function languageOf(body, strings) {
  const said = body.language ?? strings.answers_language;
  return said === strings.locale ? null : said;
}

/* `choose` is called with a button of the gateway when the patient takes it, `rate` with what the patient thinks of an
   answer; `home` is where the gateway is. */
export function drawEvent(event, strings, home, choose, rate) {
  const body = event.body ?? {};
  const own = event.role === "patient";
  const alarm = isAlarm(event);
  const name = own ? strings.you : alarm ? strings[`alarm_${body.kind}`] : (body.name ?? strings[event.role] ?? strings.assistant);
  const more = body.more ? body.buttons?.find(({ id }) => id) : null;
  const said = own ? asTyped(body.text) : (drawCalls(body, strings, choose) ?? drawReply(event, strings, home, more, choose));
  const row = own || alarm ? [] : drawRow(event, strings, home, more, choose, rate);
  return make(
    "li",
    {
      class: own ? classOf(body) : `message ${event.role} ${alarm ? `alarm ${body.kind}` : (body.kind ?? "")} ${body.home ? "home" : ""}`,
      "data-seq": event.seq,
      "data-reply": event.in_reply_to,
      tabindex: alarm && "-1",
      lang: own || event.role === "staff" ? null : languageOf(body, strings),
    },
    make("span", { class: "who", text: `${name}: ` }),
    drawCard(event, strings, choose) ?? make("div", { class: "bubble" }, ...said),
    ...row,
    meta(row[1] && body.reviewed === false && make("span", { text: strings.not_reviewed }), timeOf(event, strings)),
  );
}

/* A question with several answers: each has its title, and the time is said once for what belongs together. */
export function joinGroup(item) {
  const before = item.previousElementSibling;
  const time = (of) => of.querySelector("time");
  if (before?.matches(".message") && time(before) && time(item) && Date.parse(time(item).dateTime) - Date.parse(time(before).dateTime) < GROUP)
    time(before).hidden = true;
  const answers = item.dataset.reply ? [...item.parentElement.querySelectorAll(`[data-reply="${item.dataset.reply}"] .topic`)] : [];
  if (answers.length > 1) for (const title of answers) title.hidden = false;
  if (!item.querySelector(".row")) return;
  for (const other of item.parentElement.querySelectorAll(".message:not(.older):has(.row)"))
    other.classList.toggle("older", other.dataset.reply !== item.dataset.reply);
}

/* A message of the patient that the gateway has not acknowledged, or not echoed yet. */
export function drawUnsent(message, strings, handlers) {
  const item = make(
    "li",
    { "data-key": message.key },
    make("span", { class: "who", text: `${strings.you}: ` }),
    make("div", { class: "bubble" }, ...asTyped(message.label)),
    meta(),
  );
  changeUnsent(item, message, strings, handlers);
  return item;
}

/* The same element all the way from typed to stored, so that it is read out once. */
export function changeUnsent(item, message, strings, { retry, discard }) {
  item.className = `${classOf(message)} unsent ${message.state}`;
  const failed = message.state === "failed";
  item
    .querySelector(".meta")
    .replaceChildren(
      make("span", { class: "state", text: (failed && message.error) || strings[message.state] }),
      ...(failed ? [button("link", strings.retry, () => retry(message.key)), button("link", strings.discard, () => discard(message.key))] : []),
    );
}

export function becomeEvent(item, event, strings) {
  item.className = classOf(event.body);
  item.dataset.seq = event.seq;
  item.querySelector(".meta").replaceChildren(timeOf(event, strings));
}

export const drawTyping = () =>
  make("li", { class: "message assistant typing", "aria-hidden": "true" }, make("div", { class: "bubble" }, make("i"), make("i"), make("i")));

export const drawNotice = (text, ...more) => make("li", { class: "notice", text }, ...more);

export const noticeText = (strings, { key, values }) => fill(strings[key], values);

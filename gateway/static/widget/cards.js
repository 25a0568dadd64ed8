/* The cards of the safety questions: a list to tick instead of many questions (docs/screening.md). */

import { button, make } from "./dom.js";

const cardOf = (body) => body?.card?.card ?? (body?.card?.items ? body.card : null);

/* One line of a card. Its answer from before is shown; "not sure" stays until the patient touches it. */
function line(item, card, unsure, help) {
  const box = make("input", {
    type: "checkbox",
    value: item.id,
    checked: item.answer === "yes",
    "data-known": item.answer ?? "",
    "aria-describedby": help ? `help-${card.id}` : item.help ? `help-${item.id}` : null,
  });
  const mark = item.answer === "not_sure" && make("span", { class: "mark", text: card.not_sure_label });
  if (mark) unsure.add(item.id);
  box.addEventListener("change", () => {
    unsure.delete(item.id);
    if (mark) mark.remove();
  });
  return make(
    "li",
    {},
    make("label", {}, box, make("span", { text: item.label }), mark),
    !help && item.help && make("p", { class: "help", id: `help-${item.id}`, text: item.help }),
  );
}

function reasons(card) {
  const told = card.items.filter((item) => item.why);
  if (!told.length) return null;
  return make(
    "details",
    { class: "why" },
    make("summary", { text: card.why_label }),
    make("ul", {}, ...told.map((item) => make("li", {}, make("strong", { text: `${item.label}: ` }), item.why))),
  );
}

/* The card of an event, or null if it has none. `choose` is called with what the patient answers. */
export function drawCard(event, strings, choose) {
  const card = cardOf(event.body);
  if (!card) return null;
  const unsure = new Set();
  const form = make("form", { class: "bubble card", "data-card": card.id });
  // What is the same for all lines is said once.
  const help = card.items.length > 1 && card.items.every((item) => item.help === card.items[0].help) ? card.items[0].help : null;
  const ticked = () => [...form.querySelectorAll("input:checked")].map((box) => box.value);
  const answer = (rest, not_sure, yes = ticked()) => {
    close(form);
    choose({ card: { event: event.seq, id: card.id, ticked: yes, not_sure, rest }, label: strings.card_answered.replace("{title}", card.title), from: form });
  };
  const say = (text) => choose({ text, from: form });
  const left = () => [...unsure].filter((id) => !ticked().includes(id));
  const done = make("button", { type: "submit", class: "button primary", text: ticked().length ? card.done_label : card.none_label });
  const fields = make(
    "fieldset",
    { tabindex: "-1" },
    make("legend", {}, make("span", { class: "step", text: `${card.number}/${card.of}` }), ` ${card.title}`),
    make("progress", { max: card.of, value: card.number, "aria-hidden": "true" }),
    make("p", { class: "ask", text: card.ask }),
    help && make("p", { class: "help all", id: `help-${card.id}`, text: help }),
    !card.yes_label && make("ul", { class: "ticks" }, ...card.items.map((item) => line(item, card, unsure, help))),
    reasons(card),
    make(
      "div",
      { class: "foot" },
      card.yes_label
        ? make(
            "div",
            { class: "buttons" },
            button("button", card.yes_label, () =>
              answer(
                "no",
                [],
                card.items.map((item) => item.id),
              ),
            ),
            button("button", card.no_label, () => answer("no", [], [])),
          )
        : make(
            "div",
            { class: "buttons" },
            done,
            button("button", card.not_sure_label, () => answer("not_sure", left())),
            button("button", card.skip_label, () => answer("skipped", left())),
          ),
      make(
        "div",
        { class: "buttons small" },
        card.back_label && button("link", card.back_label, () => say(card.back_label)),
        button("link", card.stop_label, () => say(card.stop_label)),
      ),
    ),
  );
  form.append(fields);
  const relabel = () => {
    done.textContent = ticked().length ? card.done_label : card.none_label;
  };
  form.addEventListener("change", relabel);
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    answer("no", ticked().length ? left() : []);
  });
  relabel();
  return form;
}

/* What is left of a card that is no longer asked: its title. What was ticked is not shown again. */
function close(form) {
  form.querySelector("fieldset").disabled = true;
  form.classList.add("closed");
}

export const closeCards = (log) => log.querySelectorAll("form.card:not(.closed)").forEach(close);

/* A card that stays while something else is answered: it comes anew, so what stood of it before goes. What was ticked
   there and not sent yet stays so, unless the gateway has heard something new about that line. */
export function keepOne(list, item) {
  const card = item.querySelector("form.card");
  const before = [...list.querySelectorAll(`form.card[data-card="${card.dataset.card}"]`)].filter((form) => form !== card).at(-1);
  if (!before) return;
  for (const { value, checked, dataset } of before.querySelectorAll("input")) {
    const box = card.querySelector(`input[value="${CSS.escape(value)}"]`);
    if (box?.dataset.known === dataset.known) box.checked = checked;
  }
  card.dispatchEvent(new Event("change"));
  before.closest("li").remove();
}

/* The message could not be sent after all: the card can be answered again. */
export function reopenCard(form) {
  form.querySelector("fieldset").disabled = false;
  form.classList.remove("closed");
}

/* Below an answer: did it help, or does it look wrong? One verdict for each answer; the gateway keeps it. */

import { button, icon, make } from "./dom.js";

const LONGEST_NOTE = 500;
const AFTER_THE_ANSWER = 400; // milliseconds: with the answer it would be read out after each one

const picture = (name, words, act, look = "") =>
  make("button", { type: "button", class: `small-round ${look}`, "aria-label": words, title: words, onclick: act }, icon(name));

/* `rate` takes number, verdict and note, gives the verdict that holds, and fails if the gateway did not get it. */
export function drawFeedback(event, strings, rate, choose) {
  const { version, withheld, rating } = event.body ?? {};
  if (event.role !== "assistant" || !version || withheld) return null;
  /* Not read out by itself: the focus goes to what is new here. */
  const place = make("div", { class: "feedback", role: "group", "aria-label": strings.feedback, "aria-live": "off" });

  const show = (...items) => {
    const focused = place.contains(place.getRootNode().activeElement);
    place.replaceChildren(...items);
    if (focused) (place.querySelector("textarea") ?? place.querySelector("[tabindex]") ?? place.querySelector("button")).focus();
  };
  const thank = (verdict) =>
    show(
      make("p", { class: "state", tabindex: "-1", text: strings[`rated_${verdict}`] }),
      ...(verdict === "not_helpful" ? [button("link", strings.person, () => choose({ id: "person", label: strings.person_message }))] : []),
    );
  const ask = (...before) =>
    show(
      ...before,
      picture("up", strings.helpful, () => send("helpful")),
      picture("up", strings.not_helpful, () => send("not_helpful"), "turned"),
      picture("flag", strings.looks_wrong, report),
    );

  function report() {
    const note = make("textarea", {
      rows: "2",
      maxlength: LONGEST_NOTE,
      onkeydown: (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        ask();
      },
    });
    show(
      make("label", {}, make("span", { text: strings.wrong_label }), note),
      button("button", strings.wrong_send, () => send("looks_wrong", note.value)),
      button("link", strings.cancel, () => ask()),
    );
    place.scrollIntoView({ block: "nearest" });
  }

  async function send(verdict, note = "") {
    if (place.hasAttribute("aria-busy")) return;
    place.setAttribute("aria-busy", "true");
    try {
      thank(await rate(event.seq, verdict, note));
    } catch {
      ask(make("p", { class: "state", tabindex: "-1", text: strings.rating_failed }));
    } finally {
      place.removeAttribute("aria-busy");
    }
  }

  setTimeout(() => (rating ? thank(rating) : ask()), AFTER_THE_ANSWER);
  return place;
}

/* The conversation on the screen: what was said, what waits to be sent, and that an answer is on its way. */

import { isAlarm } from "./alarms.js";
import { closeCards, keepOne, reopenCard } from "./cards.js";
import { make } from "./dom.js";
import { becomeEvent, changeUnsent, drawEvent, drawTyping, drawUnsent, joinGroup } from "./messages.js";
import { Reading } from "./reading.js";

const LONGEST_WAIT = 20_000; // after this many milliseconds nobody is looking for an answer any more
const SLOW = 4_000; // a wait that is worth a word

export class Transcript {
  #strings;
  #home;
  #status;
  #take;
  #typing = drawTyping();
  #typingEnds;
  #typingSaid;
  #unsent = new Map();
  #unanswered = new Set();
  #shown = null; // what was shown last for its own sake, not with the question before it
  #writes = "";
  #follow = false; // whether the next card takes the focus

  /* `kept` is said above all messages. `take` holds what can be done with a message: {choose, rate, retry, discard}. */
  constructor(strings, home, status, kept, take) {
    this.#strings = strings;
    this.#home = home;
    this.#status = status;
    this.#take = take;
    this.list = make("ol", {});
    this.element = make(
      "div",
      { class: "log", role: "log", "aria-live": "polite", "aria-label": strings.log_label, tabindex: "0" },
      make("p", { class: "kept", text: kept }),
      strings.answers_language && make("p", { class: "kept", text: strings.answers_in_english }),
      this.list,
    );
    this.reading = new Reading(this.element, this.list, strings);
    this.drawn = 0;
  }

  get #focused() {
    return this.element.getRootNode().activeElement;
  }

  clear() {
    this.list.replaceChildren();
    this.#unsent.clear();
    this.#unanswered.clear();
    this.drawn = 0;
    this.#waitFor(false);
  }

  /* Who works through the cards is taken to the next one. */
  follow() {
    this.#follow = true;
    this.element.focus();
  }

  unread(read) {
    return [...this.list.querySelectorAll(".message:not(.patient)[data-seq]")].filter((item) => Number(item.dataset.seq) > read).length;
  }

  /* One list item for each event; what comes from before is not read out again, an emergency is read out at once.
     While a person has the chat, nobody else's answer is waited for. */
  show(event, person) {
    const live = !event.history;
    this.drawn = event.seq;
    const own = event.key && this.#unsent.get(event.key);
    if (own) {
      this.#unsent.delete(event.key);
      this.#keepUnsentLast();
      becomeEvent(own, event, this.#strings);
    } else this.#draw(event, live);
    if (person) this.#unanswered.clear();
    else if (event.role === "patient") this.#unanswered.add(event.seq);
    else this.#unanswered.delete(event.in_reply_to);
    this.#waitFor(this.#unanswered.size > 0 && (live || Math.abs(Date.now() - Date.parse(event.time)) < LONGEST_WAIT));
  }

  #draw(event, live) {
    const alarm = isAlarm(event);
    if (event.role !== "patient") closeCards(this.list);
    const item = drawEvent(event, this.#strings, this.#home, this.#take.choose, this.#take.rate);
    if (event.body?.docked) keepOne(this.list, item);
    const fields = item.querySelector("fieldset");
    // The words of the next card are read with the focus, not twice.
    const lead = live && this.#follow && fields && this.#focused === this.element;
    this.element.setAttribute("aria-live", !live || lead ? "off" : alarm ? "assertive" : "polite");
    // What answers no question, and who has the chat, is shown itself; an answer with the question before it.
    this.append(item, live, item.matches(".alarm, .screening") || !event.in_reply_to ? item : null);
    // The phone's keyboard would cover what to do.
    if (alarm && live && this.#focused?.matches("textarea")) item.focus({ preventScroll: true });
    if (lead) fields.focus({ preventScroll: true });
    if (event.role !== "patient") this.#follow = false;
  }

  append(item, live = true, shown = null) {
    this.#shown = shown;
    const { atEnd } = this.reading;
    const [firstUnsent] = this.#unsent.values();
    const before = firstUnsent ?? (this.#typing.isConnected ? this.#typing : null);
    this.list.insertBefore(item, before);
    joinGroup(item);
    if (live) item.classList.add("new");
    if (live && (atEnd || item.matches(".patient, .alarm, .screening, .handoff, .staff"))) this.scroll(shown);
  }

  /* Messages without a number stand at the end, in the order of typing. */
  #keepUnsentLast() {
    const unsent = [...this.#unsent.values()];
    const waiting = unsent.filter(({ nextElementSibling: next }) => next && !unsent.includes(next) && next !== this.#typing);
    if (!waiting.length) return;
    this.element.setAttribute("aria-live", "off");
    this.#last(...waiting);
  }

  /* At the end, but above the sign that an answer is on its way. */
  #last(...items) {
    this.list.append(...items, ...(this.#typing.isConnected ? [this.#typing] : []));
  }

  showQueue(queue) {
    for (const [key, item] of this.#unsent) {
      if (queue.some((message) => message.key === key)) continue;
      item.remove();
      this.#unsent.delete(key);
    }
    for (const message of queue) this.#showUnsent(message);
  }

  #showUnsent(message) {
    const item = this.#unsent.get(message.key);
    if (item?.dataset.state === message.state) return;
    if (item) changeUnsent(item, message, this.#strings, this.#take);
    else {
      this.#unsent.set(message.key, drawUnsent(message, this.#strings, this.#take));
      this.element.setAttribute("aria-live", "polite");
      this.#shown = null;
      this.#last(this.#unsent.get(message.key));
      this.scroll();
    }
    this.#unsent.get(message.key).dataset.state = message.state;
    if (message.state === "failed") this.#failed(message);
  }

  #failed(message) {
    this.#status.tell(message.error ?? this.#strings.failed);
    const card = message.card && this.list.querySelector(`[data-seq="${message.card.event}"] form.card`);
    if (card) reopenCard(card);
    this.#unsent.get(message.key).scrollIntoView({ block: "nearest" });
  }

  /* Shown while the gateway has a message of the patient that nobody has answered; said only if it takes long. */
  #waitFor(reply) {
    clearTimeout(this.#typingEnds);
    clearTimeout(this.#typingSaid);
    if (reply) {
      this.#typingEnds = setTimeout(() => this.#waitFor(false), LONGEST_WAIT);
      this.#typingSaid = setTimeout(() => this.#status.tell(this.#strings.typing, LONGEST_WAIT), SLOW);
    } else this.#status.tellNoMore(this.#strings.typing);
    if (!reply) this.#typing.remove();
    else if (!this.#typing.isConnected) {
      this.list.append(this.#typing);
      this.scroll();
    }
  }

  /* A person writes: the same sign, and who it is; nothing, when they do no more. */
  writes(words) {
    if (words === this.#writes) return;
    if (!words) {
      this.#status.tellNoMore(this.#writes);
      if (!this.#unanswered.size) this.#typing.remove();
    } else {
      const { atEnd } = this.reading;
      this.#status.tell(words);
      this.list.append(this.#typing);
      if (atEnd) this.scroll();
    }
    this.#writes = words;
  }

  /* The person has read up to this event: it is said once, under the patient's last message. */
  seen(seq) {
    this.list.querySelector(".seen")?.remove();
    const last = [...this.list.querySelectorAll(".message.patient[data-seq]")].at(-1);
    if (last && Number(last.dataset.seq) <= seq) last.querySelector(".meta").append(make("span", { class: "seen", text: this.#strings.seen }));
  }

  scroll(first) {
    this.reading.scroll(first);
  }

  /* The room changed: what was shown is shown again. */
  settle() {
    this.scroll(this.#shown);
  }
}

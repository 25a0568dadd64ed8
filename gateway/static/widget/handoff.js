/* The line that says how a handoff to a person stands: who waits, for how long, who has joined, and the way out.
   The events say that something changed, and the gateway is then asked how it stands; while somebody waits, it is
   asked now and then, because the queue moves without an event of this conversation. */

import { button, fill, make } from "./dom.js";

const AGAIN = 20_000;
const LINK = /^#ims-chat=([\w-]{1,64})\.(\w{1,128})$/;

/* The chat of the answer link that was followed, if one was. The address forgets it at once. Anybody can send such a
   link, so it is opened only when the patient says that the chat is theirs. */
export function followedLink() {
  const [, id, token] = location.hash.match(LINK) ?? [];
  if (!id) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return { id, token };
}

export class Handoff {
  #requests;
  #strings;
  #home;
  #state = null;
  #timer = null;
  #drawn = "";
  #unfolded = false;
  #appeared;

  /* `requests.handoff(method, path, body)` asks the gateway and gives how it stands; `appeared` is called when the
     line takes room from the messages. */
  constructor(requests, strings, home, appeared) {
    this.#appeared = appeared;
    this.#requests = requests;
    this.#strings = strings;
    this.#home = home;
    this.element = make("div", { class: "stands", role: "group", "aria-label": strings.person, hidden: true });
  }

  /* Whether a person has the chat, so that no answer of the assistant is to be waited for. */
  person = false;

  heard(event) {
    const stands = event.body?.handoff?.state;
    if (!stands) return;
    this.person = stands === "person";
    this.#soon(event.history ? 300 : 0);
  }

  /* Ask no more: the window has left the page. */
  rest() {
    clearTimeout(this.#timer);
  }

  reset() {
    clearTimeout(this.#timer);
    this.person = false;
    this.#draw(null);
  }

  #soon(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), milliseconds);
  }

  async #ask(method = "GET", path = "", body) {
    try {
      this.#draw(await this.#requests.handoff(method, path, body));
    } catch (error) {
      this.element.querySelector(".state")?.replaceChildren(method === "GET" ? "" : error.message || this.#strings.handoff_failed);
    }
    if (this.#state?.state === "waiting") this.#soon(AGAIN);
  }

  #draw(state) {
    this.#state = state;
    const before = this.element.hidden;
    this.element.hidden = !state || state.state === "assistant";
    const drawn = JSON.stringify(state);
    if (drawn === this.#drawn) return; // what is being typed here stays
    this.#drawn = drawn;
    if (this.element.hidden) return this.element.replaceChildren();
    const person = state.state === "person";
    this.element.replaceChildren(
      ...[
        make("p", { role: "status", text: person ? fill(this.#strings.handoff_person, { name: state.name }) : this.#words(state) }),
        !person && this.#folded(state, [this.#contact(state), this.#link(state)]),
        this.#leave(state),
        make("p", { class: "state", role: "status" }),
      ].filter(Boolean),
    );
    if (before) this.#appeared();
  }

  #leave({ state }) {
    const words = state === "person" ? this.#strings.handoff_end : this.#strings.handoff_cancel;
    return button("link", words, () => this.#ask("DELETE"));
  }

  /* What can be done while waiting is one line until it is wanted, so that answers keep their room. */
  #folded({ contact }, parts) {
    const details = make(
      "details",
      { class: "wait", open: this.#unfolded },
      make("summary", { text: contact ? this.#strings.handoff_more : this.#strings.handoff_contact }),
      ...parts.filter(Boolean),
    );
    details.addEventListener("toggle", () => {
      this.#unfolded = details.open;
    });
    return details;
  }

  #words({ here, ahead, opens, usual_wait: usual }) {
    const strings = this.#strings;
    // On the clinic's clock, as the messages say it, wherever the reader is.
    const date =
      opens && new Date(`${opens.slice(0, 19)}Z`).toLocaleString(strings.locale, { timeZone: "UTC", weekday: "long", hour: "numeric", minute: "2-digit" });
    const parts = here
      ? [
          strings.handoff_waiting,
          ahead ? fill(strings.handoff_ahead, { count: ahead }) : strings.handoff_next,
          usual && fill(strings.handoff_usual, { number: Math.ceil(usual / 60) }),
        ]
      : [strings.handoff_away, opens && fill(strings.handoff_opens, { date })];
    return parts.filter(Boolean).join(" ");
  }

  #contact({ contact }) {
    const strings = this.#strings;
    if (contact) {
      return make(
        "p",
        { text: fill(strings.contact_saved, { name: contact }) },
        button("link", strings.contact_delete, () => this.#ask("DELETE", "/contact")),
      );
    }
    const input = make("input", { type: "text", autocomplete: "email", maxlength: 254, required: true });
    const save = (event) => {
      event.preventDefault();
      this.#ask("PUT", "/contact", { contact: input.value });
    };
    return make(
      "form",
      { onsubmit: save },
      make("label", {}, make("span", { text: strings.contact_label }), input),
      make("button", { class: "button", text: strings.contact_save }),
    );
  }

  #link({ link }) {
    const copy = async () => {
      const address = new URL(link.replace(/^\//, ""), this.#home).href;
      await navigator.clipboard.writeText(address).catch(() => prompt(this.#strings.answer_link, address));
      this.element.querySelector(".state").textContent = this.#strings.link_copied;
    };
    return link && button("link", this.#strings.answer_link, copy);
  }
}

/* Where the patient types: grows with the text, says what is too long, and suggests questions that have an answer.
   The suggestions are a listbox; the arrow keys move through it while the focus stays in the text. */

import { fill, icon, make } from "./dom.js";

const MOST_SUGGESTIONS = 3;
const WORD = /[\p{L}\p{N}]+/gu;

const words = (text) => text.toLowerCase().match(WORD) ?? [];

/* Titles that have most of the words typed so far; the last word may be unfinished. */
export function suggested(text, titles) {
  const typed = words(text).filter((word, index, all) => word.length > 2 || (word.length === 2 && index && index === all.length - 1));
  if (!typed.length || text.includes("\n")) return [];
  const scored = titles.map((title) => {
    const has = words(title);
    return { title, score: typed.filter((word) => has.some((other) => other.startsWith(word))).length };
  });
  return scored
    .filter(({ title, score }) => score * 2 >= typed.length && title.toLowerCase() !== text.trim().toLowerCase())
    .sort((one, other) => other.score - one.score)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ title }) => title);
}

export class Composer {
  #active = -1;

  /* `longest` is how many characters a message may have; `send` gets the text; `say` has something read out. */
  constructor(strings, titles, longest, { send, say }) {
    Object.assign(this, { strings, titles, longest, send, say });
    this.input = make("textarea", { id: "input", rows: "1", dir: "auto", "aria-label": strings.input_label, placeholder: strings.placeholder, autocomplete: "off", enterkeyhint: "send",
      "aria-autocomplete": "list", "aria-controls": "suggestions", "aria-describedby": "count" });
    this.list = make("ul", { class: "suggestions", id: "suggestions", role: "listbox", "aria-label": strings.suggestions, hidden: true });
    this.count = make("p", { class: "count", id: "count", role: "status" });
    this.element = make("form", { class: "composer" },
      this.list, this.input, make("button", { type: "submit", class: "send", "aria-label": strings.send }, icon("send")), this.count);
    this.element.addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
    this.input.addEventListener("input", () => (this.measure(), this.suggest()));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.hide());
  }

  key(event) {
    if (event.isComposing) return;
    const shown = !this.list.hidden;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const chosen = this.list.children[this.#active];
      if (shown && chosen) this.take(chosen.textContent);
      else this.submit();
    } else if (shown && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (shown && event.key === "Escape") {
      event.stopPropagation();
      this.hide();
    }
  }

  suggest() {
    const titles = suggested(this.input.value, this.titles);
    const before = this.list.childElementCount;
    this.hide();
    if (!titles.length) return before && this.say("");
    this.list.replaceChildren(...titles.map((title, index) => {
      const option = make("li", { role: "option", id: `suggestion-${index}`, "aria-selected": "false", dir: "auto", text: title });
      option.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the text
      option.addEventListener("click", () => this.take(title));
      return option;
    }));
    this.list.hidden = false;
    if (!before) this.say(fill(this.strings.suggestions_shown, { count: titles.length }));
  }

  /* Round through the suggestions and the text itself (-1). */
  move(by) {
    const count = this.list.childElementCount;
    this.#active = ((this.#active + 1 + by + count + 1) % (count + 1)) - 1;
    [...this.list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#active)));
    if (this.#active < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `suggestion-${this.#active}`);
  }

  hide() {
    this.#active = -1;
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.removeAttribute("aria-activedescendant");
  }

  measure() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight + 3, 120)}px`;
    const over = this.input.value.trim().length - this.longest;
    const told = over > 0 ? fill(this.strings.too_long, { count: over }) : "";
    if (this.count.textContent !== told) this.count.textContent = told;
    this.input.setAttribute("aria-invalid", String(over > 0));
  }

  take(text) {
    this.input.value = text;
    this.submit();
  }

  submit() {
    const text = this.input.value.trim();
    this.hide();
    if (!text || text.length > this.longest) return;
    this.input.value = "";
    this.measure();
    this.send(text);
    this.input.focus();
  }
}

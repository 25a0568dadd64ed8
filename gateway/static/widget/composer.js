/* Where the patient types: grows with the text, says what is too long, and suggests questions that have an answer.
   The suggestions are a listbox; the arrow keys move through it while the focus stays in the text. */

import { fill, icon, make } from "./dom.js";
import { Suggestions } from "./suggest.js";

export class Composer {
  #active = -1;

  /* `load` gives the questions that can be suggested, when somebody begins to type; `longest` is how many characters a message may have; `send` gets the text; `say` has something read out, `tell` shows it; `typed` is told of each letter. */
  constructor(strings, load, longest, { send, say, tell, typed }) {
    Object.assign(this, { strings, load, longest, send, say, tell });
    this.input = make("textarea", {
      id: "input",
      rows: "1",
      dir: "auto",
      "aria-label": strings.input_label,
      placeholder: strings.placeholder,
      autocomplete: "off",
      "aria-keyshortcuts": "F6",
      enterkeyhint: "send",
      "aria-autocomplete": "list",
      "aria-controls": "suggestions",
      "aria-describedby": "count",
    });
    this.list = make("ul", { class: "suggestions", id: "suggestions", role: "listbox", "aria-label": strings.suggestions, hidden: true });
    this.count = make("p", { class: "count", id: "count", role: "status" });
    this.element = make(
      "form",
      { class: "composer" },
      this.list,
      this.input,
      make("button", { type: "submit", class: "send", "aria-label": strings.send }, icon("send")),
      this.count,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => {
      this.measure();
      this.suggest();
      typed(this.input.value);
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("paste", ({ clipboardData }) => clipboardData?.files.length && tell(strings.no_pictures, 8000));
    this.input.addEventListener("blur", () => this.hide());
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return; // 229: Safari, at the end of a composition
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

  async suggest() {
    const typed = this.input.value;
    this.questions ??= this.load()
      .then((questions) => new Suggestions(questions))
      .catch(() => null);
    const questions = await this.questions;
    if (!questions) this.questions = null; // asked for again with the next letter
    if (this.input.value !== typed || !questions) return;
    const titles = questions.find(typed);
    const before = this.list.childElementCount;
    this.hide();
    if (!titles.length) return before && this.say("");
    this.list.replaceChildren(
      ...titles.map((title, index) => {
        const option = make("li", { role: "option", id: `suggestion-${index}`, "aria-selected": "false", dir: "auto", text: title });
        option.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the text
        option.addEventListener("click", () => this.take(title));
        return option;
      }),
    );
    this.list.hidden = false;
    if (!before) this.say(fill(this.strings.suggestions_shown, { count: titles.length }));
  }

  /* Round through the suggestions and the text itself (-1). */
  move(by) {
    const count = this.list.childElementCount;
    this.#active = ((this.#active + 1 + by + count + 1) % (count + 1)) - 1;
    for (const [index, option] of [...this.list.children].entries()) option.setAttribute("aria-selected", String(index === this.#active));
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
    const over = [...this.input.value.trim()].length - this.longest; // as the gateway counts: an emoji is one
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
    if (!text || [...text].length > this.longest) return;
    this.input.value = "";
    this.measure();
    this.send(text);
    this.input.focus();
  }
}

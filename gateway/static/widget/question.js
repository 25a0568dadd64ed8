/* Asks before something that cannot be undone. The focus goes to the safe answer, and back to where it was. */

import { button, make } from "./dom.js";

export class Question {
  #strings;
  #focusField;
  #opener;

  /* `focusField` gives the focus to where the patient types, after a yes. */
  constructor(strings, focusField) {
    this.#strings = strings;
    this.#focusField = focusField;
    this.element = make("div", { class: "question", role: "group", hidden: true });
  }

  get open() {
    return !this.element.hidden;
  }

  ask(opener, question, confirm, action, refuse = this.#strings.cancel) {
    const stay = button("button", refuse, () => this.drop());
    const yes = () => {
      this.element.hidden = true;
      this.#focusField();
      action();
    };
    this.#opener = opener;
    this.element.setAttribute("aria-label", question);
    this.element.replaceChildren(make("p", { text: question }), button("button primary", confirm, yes), stay);
    this.element.hidden = false;
    stay.focus();
  }

  /* Answered with no, or left. */
  drop() {
    this.element.hidden = true;
    this.#opener.focus();
  }
}

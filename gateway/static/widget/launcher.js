/* The button that opens the chat, with the number of replies that came while it was closed. */

import { fill, icon, make } from "./dom.js";

export class Launcher {
  #strings;
  #unread = make("span", { class: "unread", hidden: true });

  constructor(strings, open) {
    this.#strings = strings;
    this.element = make(
      "button",
      { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel", onclick: open },
      icon("chat"),
      make("span", { text: strings.launcher }),
      this.#unread,
    );
  }

  /* It stands where the window does not. */
  stand(windowOpen) {
    this.element.hidden = windowOpen;
    this.element.setAttribute("aria-expanded", String(windowOpen));
  }

  count(number) {
    this.#unread.hidden = !number;
    this.#unread.textContent = number || "";
    this.element.setAttribute("aria-label", number ? fill(this.#strings.launcher_unread, { count: number }) : this.#strings.launcher_label);
  }
}

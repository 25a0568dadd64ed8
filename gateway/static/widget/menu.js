/* What is seldom used, behind one button of the header. */

import { icon, make } from "./dom.js";

export class Menu {
  /* `entries` are {name, icon, text, label, act}; `act` gets the button of the menu, to which the focus may return. */
  constructor(strings, entries) {
    this.opener = make(
      "button",
      { type: "button", class: "round", "aria-label": strings.menu, "aria-expanded": "false", "aria-controls": "menu", onclick: () => this.toggle() },
      icon("more"),
    );
    this.list = make(
      "div",
      { class: "entries", id: "menu", role: "group", "aria-label": strings.menu, hidden: true },
      ...entries.map((entry) => this.#entry(entry)),
    );
    this.element = make("div", { class: "menu" }, this.opener, this.list);
    this.element.addEventListener("focusout", ({ relatedTarget }) => this.element.contains(relatedTarget) || this.toggle(false));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.list.hidden) return;
      event.stopPropagation();
      this.toggle(false);
      this.opener.focus();
    });
  }

  #entry({ name, picture, text, label, act }) {
    const take = () => {
      this.toggle(false);
      act(this.opener);
    };
    return make("button", { type: "button", class: `entry ${name}`, "aria-label": label ?? text, onclick: take }, icon(picture), make("span", { text }));
  }

  toggle(shown = this.list.hidden) {
    this.list.hidden = !shown;
    this.opener.setAttribute("aria-expanded", String(shown));
    if (shown) this.list.querySelector("button").focus();
  }
}

/* Where the reader is in the conversation, and what waits below. */

import { fill, icon, make } from "./dom.js";

export class Reading {
  /* `log` scrolls, `list` holds the messages. */
  constructor(log, list, strings) {
    Object.assign(this, { log, list, strings });
    this.below = make(
      "button",
      { type: "button", class: "below", hidden: true, tabindex: "-1", "aria-hidden": "true", onclick: () => this.toNext() },
      icon("down"),
      make("span"),
    );
    this.element = make("div", { class: "over" }, this.below);
    log.addEventListener("scroll", () => this.countBelow());
    new ResizeObserver(() => this.countBelow()).observe(list);
  }

  get atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
  }

  /* To the end, but never past the patient's last question, or the home: both are read from their beginning. */
  scroll(first) {
    const top = first?.isConnected ? first : ([...this.list.querySelectorAll(".message.patient")].at(-1) ?? this.list.querySelector(".home"));
    const end = this.log.scrollHeight - this.log.clientHeight;
    this.log.scrollTop = top ? Math.min(end, top.offsetTop - 8) : end;
    this.countBelow();
  }

  /* Replies that stand below what is seen. */
  get hidden() {
    const end = this.log.scrollTop + this.log.clientHeight - 40;
    return [...this.list.querySelectorAll(".message:not(.patient):not(.typing)")].filter((item) => item.offsetTop > end);
  }

  countBelow() {
    const count = this.hidden.length;
    this.below.hidden = !count;
    this.below.lastChild.textContent = fill(this.strings.more_below, { count });
  }

  toNext() {
    this.log.scrollTop = this.hidden[0].offsetTop - 8;
  }
}

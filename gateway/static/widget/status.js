/* The line above the field: what is going on, and how long sending has to wait. */

import { fill, make } from "./dom.js";

export class Status {
  #strings;
  #ends;
  #counting;

  constructor(strings) {
    this.#strings = strings;
    this.line = make("p", { class: "status", role: "status" });
    this.countdown = make("p", { class: "status", "aria-live": "off" });
  }

  /* Say something; it is read out too. */
  tell(text, milliseconds = 0) {
    clearTimeout(this.#ends);
    this.line.textContent = text;
    if (milliseconds) this.#ends = setTimeout(() => this.line.replaceChildren(), milliseconds);
  }

  tellNoMore(text) {
    if (this.line.textContent === text) this.tell("");
  }

  /* The time that is left is shown each second, but read out only once. */
  countDown(seconds) {
    clearInterval(this.#counting);
    const end = performance.now() + seconds * 1000;
    const step = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      this.countdown.textContent = left > 0 ? fill(this.#strings.rate_limited_left, { seconds: left }) : "";
      if (left <= 0) clearInterval(this.#counting);
    };
    this.#counting = setInterval(step, 1000);
    step();
  }
}

/* What the browser keeps between pages, reloads and tabs: which conversation this is, and what is not sent yet.
   Without storage (private windows, blocked cookies) it lives as long as the page. */

export class Session {
  #key;
  #memory = null;

  constructor(origin) {
    this.#key = `ims-chat ${origin}`;
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.#key)) ?? this.#memory ?? {};
    } catch {
      return this.#memory ?? {};
    }
  }

  write(changes) {
    this.#memory = { ...this.read(), ...changes };
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#memory));
    } catch {
      /* kept in memory */
    }
  }

  clear() {
    this.#memory = null;
    try {
      localStorage.removeItem(this.#key);
    } catch {
      /* nothing was kept */
    }
  }

  /* Calls back when another tab changed what is kept. */
  onOtherTab(callback) {
    addEventListener("storage", (event) => {
      if (event.key === this.#key) callback(this.read());
    });
  }
}

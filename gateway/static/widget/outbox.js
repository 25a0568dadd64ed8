/* What the patient says, on its way up: kept until the gateway has acknowledged it, and sent again with the same key until
   then, so that nothing is lost or doubled. */

import { alone } from "./tabs.js";

const LONGEST_PAUSE = 10_000;
const DONE = Symbol("nothing waits");

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Outbox {
  #session;
  #requests;
  #waits;
  #told;
  #flushing = false;
  #troubled = false;

  /* `told` is called when something becomes of a message: {queue, notice, acknowledged, expired}. */
  constructor(session, requests, waits, told) {
    this.#session = session;
    this.#requests = requests;
    this.#waits = waits;
    this.#told = told;
  }

  /* Say something: text the patient typed, the id of a button the gateway offered, or what was ticked on a card. */
  send({ text, choice, card, label }, seen) {
    this.#session.add({ key: newKey(), text, choice, card, seen, label: label ?? text, state: "sending" });
    this.#told.queue();
    this.flush();
  }

  retry(key) {
    this.#mark(key, { state: "sending", error: null });
    this.flush();
  }

  discard(key) {
    this.#session.remove(key);
    this.#told.queue();
  }

  /* What was acknowledged by a log that is not the one of now. */
  sendAgain() {
    for (const { key, state } of this.#session.queue) if (state === "sent") this.#session.change(key, { state: "sending" });
  }

  /* Its event has come: `key` is its own, and what has a number up to `seq` is there too. */
  arrived(key, seq) {
    const echoed = this.#session.queue.filter((message) => message.key === key || message.seq <= seq);
    for (const each of echoed) this.#session.remove(each.key);
    if (echoed.length) this.#told.queue();
  }

  #mark(key, changes) {
    this.#session.change(key, changes);
    this.#told.queue();
  }

  /* Send what waits, oldest first, one at a time, so that the order is the order of typing. */
  async flush() {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      let wait = 1000;
      while (true) {
        const pause = await alone("ims-chat send", () => this.#sendNext());
        if (pause === DONE) return;
        if (pause !== 0) await this.#waits.idle(pause ?? wait);
        wait = pause === 0 ? 1000 : Math.min(wait * 2, LONGEST_PAUSE);
      }
    } finally {
      this.#flushing = false;
    }
  }

  #sendNext() {
    const next = this.#session.queue.find(({ state }) => state === "sending" || state === "waiting");
    return next ? this.#post(next) : DONE;
  }

  /* Send one message; returns how long to wait before the next attempt: 0 if none is needed, nothing if unknown. */
  async #post({ key, text, choice, card, seen }) {
    try {
      const id = await this.#requests.ensure();
      const response = await this.#requests.about(id, "/messages", { method: "POST", json: { key, text, choice, card, seen } });
      if (response.ok) {
        const { seq } = await response.json();
        this.#troubled = false;
        const waits = this.#session.queue.some((message) => message.key === key);
        if (waits) this.#mark(key, { state: "sent", seq });
        this.#told.acknowledged(seq, waits);
        return 0;
      }
      if (response.status === 429) {
        const seconds = Number(response.headers.get("Retry-After")) || 5;
        this.#mark(key, { state: "waiting" });
        this.#told.notice({ key: "rate_limited", values: { seconds } });
        return seconds * 1000;
      }
      if (response.status === 404 || response.status === 401) {
        this.#told.expired(id);
        return 0;
      }
      if (response.status < 500) {
        const { error } = await response.json().catch(() => ({}));
        this.#mark(key, { state: "failed", error: error?.message });
        return 0;
      }
      if (!this.#troubled) this.#told.notice({ key: "trouble" });
      this.#troubled = true;
    } catch {
      /* no connection: said elsewhere, tried again later */
    }
    this.#mark(key, { state: "waiting" });
    return undefined;
  }
}

/* What passes between the patient and a person who has the chat without being said: that one of them writes, and how far
   they have read. Nothing of what is typed leaves the browser before it is sent. */

import { fill } from "./dom.js";

const AGAIN = 4_000; // how often it is said that somebody still writes
const LASTS = 8_000; // and how long it counts

export class Moments {
  #requests;
  #strings;
  #transcript;
  #person = null; // the name of who has the chat
  #told = 0;
  #read = 0;
  #ends;

  constructor(requests, strings, transcript) {
    this.#requests = requests;
    this.#strings = strings;
    this.#transcript = transcript;
  }

  /* Who has the chat now, and that whoever wrote this writes no more. */
  heard({ role, body }) {
    const stands = body?.handoff;
    if (stands?.state) this.#person = stands.state === "person" ? stands.name : null;
    if (role !== "patient") this.#show(false);
    else this.#told = 0;
  }

  typed(text) {
    if (!this.#person || !text.trim() || Date.now() - this.#told < AGAIN) return;
    this.#told = Date.now();
    this.#requests.moment({ writing: true });
  }

  /* The patient has this before them. */
  read(seq) {
    if (!this.#person || seq <= this.#read || document.visibilityState !== "visible") return;
    this.#read = seq;
    this.#requests.moment({ seen: seq });
  }

  /* What the person does. */
  show({ writing, seen }) {
    if (this.#person) this.#transcript.seen(seen);
    this.#show(writing && this.#person);
  }

  forget() {
    this.#person = null;
    this.#read = this.#told = 0;
    this.#show(false);
  }

  #show(writing) {
    clearTimeout(this.#ends);
    this.#transcript.writes(writing ? fill(this.#strings.person_writes, { name: this.#person }) : "");
    if (writing) this.#ends = setTimeout(() => this.#show(false), LASTS);
  }
}

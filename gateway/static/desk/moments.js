// That the patient writes, or has read what was sent; and that somebody here writes. Nothing of what is typed is told.
const AGAIN = 4000; // milliseconds after which it is said again
const LASTS = 8000; // and for how long it counts

export class Moments {
  #place;
  #tell;
  #told = 0;
  #ends = 0;
  #writing = false;
  #seen = 0;
  #last = null; // the line of the chat that came last

  /* `place` shows it; `tell` says that somebody here writes. */
  constructor(place, tell) {
    this.#place = place;
    this.#tell = tell;
  }

  typed(words) {
    if (!words.trim() || Date.now() - this.#told < AGAIN) return;
    this.#told = Date.now();
    this.#tell().catch(() => {}); // it may be lost
  }

  /* What was written is sent: with the next letter it is said again. */
  sent() {
    this.#told = 0;
  }

  lineCame(line) {
    this.#last = line;
    if (line?.matches(".patient")) this.#writing = false;
    this.#draw();
  }

  show({ writing, seen }) {
    clearTimeout(this.#ends);
    this.#writing = writing;
    this.#seen = seen;
    if (writing) this.#ends = setTimeout(() => this.show({ writing: false, seen }), LASTS);
    this.#draw();
  }

  #draw() {
    const seen = this.#last?.matches(".staff") && Number(this.#last.dataset.seq) <= this.#seen;
    this.#place.textContent = this.#writing ? "The patient is writing ..." : seen ? "Seen by the patient" : "";
  }
}

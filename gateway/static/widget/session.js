/* What the browser keeps between pages, reloads and tabs: which conversation this is, whether the patient agreed, how
   far it was read, and what is not sent yet. Each unsent message has an entry of its own, so that two tabs which write
   at the same time lose nothing. Without storage (private windows, blocked cookies) it lives as long as the page. */

export class Session {
  #name;
  #entry;
  #memory = new Map(); // what could not be stored

  constructor(origin) {
    this.#name = `ims-chat ${origin}`;
    this.#entry = `${this.#name} unsent `;
  }

  get #keys() {
    try {
      return [...this.#memory.keys(), ...Object.keys(localStorage)];
    } catch {
      return [...this.#memory.keys()];
    }
  }

  #get(key) {
    try {
      return JSON.parse(this.#memory.get(key) ?? localStorage.getItem(key));
    } catch {
      return null;
    }
  }

  #set(key, value) {
    const text = JSON.stringify(value);
    try {
      localStorage.setItem(key, text);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, text);
    }
  }

  read() {
    return this.#get(this.#name) ?? {};
  }

  write(changes) {
    this.#set(this.#name, { ...this.read(), ...changes });
  }

  /* Unsent messages in the order of typing. */
  get queue() {
    return [...new Set(this.#keys)]
      .filter((key) => key.startsWith(this.#entry))
      .map((key) => this.#get(key))
      .filter(Boolean)
      .sort((one, other) => one.order - other.order);
  }

  add(message) {
    const order = (this.queue.at(-1)?.order ?? 0) + 1;
    this.#set(this.#entry + message.key, { ...message, order });
  }

  change(key, changes) {
    const message = this.#get(this.#entry + key);
    if (message) this.#set(this.#entry + key, { ...message, ...changes });
  }

  remove(key) {
    this.#memory.delete(this.#entry + key);
    try {
      localStorage.removeItem(this.#entry + key);
    } catch {
      /* it was in memory only */
    }
  }

  /* Take up another chat. The one that was here is put aside, with what was not sent in it, and comes back with `goBack`. */
  moveTo({ id, token }) {
    const { id: own, token: key, earlier } = this.read();
    const unsent = this.queue;
    for (const message of unsent) this.remove(message.key);
    this.write({ id, token, read: 0, earlier: own || unsent.length ? { id: own, token: key, unsent } : earlier });
  }

  goBack() {
    const { earlier } = this.read();
    for (const { key } of this.queue) this.remove(key);
    this.write({ id: earlier.id, token: earlier.token, read: 0, earlier: undefined });
    for (const message of earlier.unsent) this.add(message);
  }

  /* Forget the conversation; that the patient agreed to such conversations stays. So does one that the front desk blocked:
     a new one is no way around that. */
  clear() {
    for (const { key } of this.queue) this.remove(key);
    const { agreed, id, token, blocked, before } = this.read();
    this.#set(this.#name, { agreed, before: blocked ? { id, token } : before });
  }

  /* Calls back when another tab changed what is kept. */
  onOtherTab(callback, signal) {
    addEventListener(
      "storage",
      (event) => {
        if (event.key === null || event.key.startsWith(this.#name)) callback(this.read());
      },
      { signal },
    );
  }
}

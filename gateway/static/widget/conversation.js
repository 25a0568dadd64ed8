/* The conversation with the gateway: numbered events down (SSE), messages up (POST with a key of our own).
   A message is kept until the gateway has acknowledged it; a repeated send with the same key is harmless, and
   Last-Event-ID brings back what a dropped connection missed. So nothing is lost, doubled or out of order.

   Emits: event (detail: an event of the gateway), queue (detail: messages not acknowledged yet),
   connection (detail: true or false), notice (detail: {key, values}), reset. */

const HEARTBEAT_LIMIT = 40_000;
const LONGEST_PAUSE = 10_000;
const HISTORY_PAGE = 500;

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Conversation extends EventTarget {
  #home;
  #session;
  #lastSeq = 0;
  #stream = null;
  #heardAt = 0;
  #flushing = false;
  #running = false;
  #starting = null;
  #connected = true;
  #id = null;
  #alarm = new EventTarget();

  constructor(home, session) {
    super();
    this.#home = home;
    this.#session = session;
    addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#afterSleep();
    });
    setInterval(() => this.#afterSleep(), HEARTBEAT_LIMIT / 2);
    session.onOtherTab((kept) => {
      if (this.#running && kept.id !== this.#id) this.#restart();
      else this.#tell("queue", this.queue);
    });
  }

  get queue() {
    return this.#session.read().queue ?? [];
  }

  get exists() {
    return Boolean(this.#session.read().id);
  }

  /* Open the conversation: history first, then what happens from now on. */
  async start() {
    if (this.#running) return;
    this.#running = true;
    this.#listen();
  }

  /* Say something: text the patient typed, or the id of a button the gateway offered. */
  send({ text, choice, label }) {
    const message = { key: newKey(), text, choice, label: label ?? text, state: "sending" };
    this.#setQueue([...this.queue, message]);
    this.#flush();
  }

  retry(key) {
    this.#setQueue(this.queue.map((message) => (message.key === key ? { ...message, state: "sending", error: null } : message)));
    this.#flush();
  }

  discard(key) {
    this.#setQueue(this.queue.filter((message) => message.key !== key));
  }

  /* Forget this conversation here and begin a new one. */
  startOver() {
    this.#session.clear();
    this.#restart();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #setQueue(queue) {
    this.#session.write({ queue });
    this.#tell("queue", queue);
  }

  #restart() {
    this.#lastSeq = 0;
    this.#id = null;
    this.#stream?.abort();
    this.#tell("reset");
    this.#wake();
  }

  /* Wait, unless something happens that makes it worth trying now. */
  #idle(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#alarm.addEventListener("wake", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }

  #wake() {
    this.#alarm.dispatchEvent(new Event("wake"));
  }

  #setConnected(connected) {
    if (connected !== this.#connected) this.#tell("connection", connected);
    this.#connected = connected;
  }

  #request(path, options = {}) {
    const { token } = this.#session.read();
    const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...options.headers };
    return fetch(new URL(path, this.#home), { ...options, headers, cache: "no-store", credentials: "omit" });
  }

  /* The id of the conversation, made on first use; two callers share one attempt. */
  async #ensure() {
    const { id } = this.#session.read();
    if (id) return id;
    this.#starting ??= this.#create().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #create() {
    const response = await this.#request("api/conversations", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    if (!response.ok) throw new Error(`no conversation: ${response.status}`);
    const { id, token, events } = await response.json();
    this.#session.write({ id, token });
    for (const event of events ?? []) this.#receive(event);
    return id;
  }

  #receive(event, { history = false } = {}) {
    if (event.seq <= this.#lastSeq) return;
    this.#lastSeq = event.seq;
    const unsent = this.queue.filter((message) => message.key !== event.key && !(message.seq <= event.seq));
    this.#tell("event", { ...event, history });
    if (unsent.length !== this.queue.length) this.#setQueue(unsent);
  }

  async #readHistory(id) {
    while (true) {
      const response = await this.#request(`api/conversations/${id}/history?after=${this.#lastSeq}&limit=${HISTORY_PAGE}`);
      if (!response.ok) return response;
      const { events } = await response.json();
      for (const event of events) this.#receive(event, { history: true });
      if (events.length < HISTORY_PAGE) return response;
    }
  }

  /* Keep one stream open for ever; each time it ends, go on where it stopped. */
  async #listen() {
    let wait = 500;
    while (true) {
      try {
        const id = await this.#ensure();
        this.#stream = new AbortController();
        let response = this.#id === id ? null : await this.#readHistory(id);
        this.#id = id;
        if (!response || response.ok) {
          response = await this.#request(`api/conversations/${id}/events`, {
            headers: { Accept: "text/event-stream", "Last-Event-ID": String(this.#lastSeq) },
            signal: this.#stream.signal,
          });
        }
        if (response.status === 404 || response.status === 401) {
          this.#session.write({ id: null, token: null });
          this.#restart();
          this.#tell("notice", { key: "expired" });
          continue;
        }
        if (!response.ok) throw new Error(`stream: ${response.status}`);
        this.#setConnected(true);
        wait = 500;
        this.#flush();
        await this.#read(response.body.getReader());
      } catch {
        if (this.#id && this.#session.read().id !== this.#id) continue;
        this.#setConnected(false);
      }
      await this.#idle(wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, LONGEST_PAUSE);
    }
  }

  async #read(reader) {
    const decoder = new TextDecoder();
    let buffer = "";
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#heardAt = Date.now();
      buffer += decoder.decode(value, { stream: true }).replace(/\r/g, "");
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
        if (data) this.#receive(JSON.parse(data));
      }
    }
  }

  #retryNow() {
    this.#wake();
    this.#flush();
  }

  /* A laptop that slept has a dead connection that nobody told it about: silence longer than two heartbeats means that. */
  #afterSleep() {
    if (this.#running && this.#heardAt && Date.now() - this.#heardAt > HEARTBEAT_LIMIT) {
      this.#heardAt = Date.now();
      this.#stream?.abort();
      this.#wake();
    }
  }

  /* Send what waits, oldest first, one at a time, so that the order is the order of typing. */
  async #flush() {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      let wait = 1000;
      let message;
      while ((message = this.queue.find(({ state }) => state === "sending" || state === "waiting"))) {
        const outcome = await this.#post(message);
        if (outcome.acknowledged || outcome.refused) {
          wait = 1000;
          continue;
        }
        await this.#idle(outcome.after ?? wait);
        wait = Math.min(wait * 2, LONGEST_PAUSE);
      }
    } finally {
      this.#flushing = false;
    }
  }

  #mark(key, changes) {
    this.#setQueue(this.queue.map((message) => (message.key === key ? { ...message, ...changes } : message)));
  }

  async #post(message) {
    try {
      const id = await this.#ensure();
      const response = await this.#request(`api/conversations/${id}/messages`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ key: message.key, text: message.text, choice: message.choice }),
      });
      if (response.ok) {
        const { seq } = await response.json();
        if (seq <= this.#lastSeq) this.discard(message.key);
        else this.#mark(message.key, { state: "sent", seq });
        return { acknowledged: true };
      }
      if (response.status === 429) {
        const seconds = Number(response.headers.get("Retry-After")) || 5;
        this.#mark(message.key, { state: "waiting" });
        this.#tell("notice", { key: "rate_limited", values: { seconds } });
        return { after: seconds * 1000 };
      }
      if (response.status === 404 || response.status === 401) {
        this.#session.write({ id: null, token: null });
        this.#restart();
        this.#tell("notice", { key: "expired" });
        return { after: 0 };
      }
      if (response.status < 500) {
        const { error } = await response.json().catch(() => ({}));
        this.#mark(message.key, { state: "failed", error: error?.message });
        return { refused: true };
      }
    } catch {
      /* no connection: said below, tried again later */
    }
    this.#mark(message.key, { state: "waiting" });
    return {};
  }
}

/* The conversation with the gateway: numbered events down (SSE), messages up (POST with a key of our own).
   A message is kept until the gateway has acknowledged it; a repeated send with the same key is harmless, and
   Last-Event-ID brings back what a dropped connection missed. So nothing is lost, doubled or out of order.

   Emits: event (detail: an event of the gateway), caught-up (history is complete), queue (detail: messages not
   acknowledged yet), connection (detail: true or false), notice (detail: {key, values}), reset. */

import { make } from "./dom.js";

const HEARTBEAT_LIMIT = 40_000;
const LONGEST_PAUSE = 10_000;
const PATIENCE = 20_000;
const HISTORY_PAGE = 500;
const HELD_BACK = 4000; // milliseconds after which an acknowledged message should have come back by the stream
const DONE = Symbol("nothing waits");

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/* One tab at a time, where the browser can promise that; without it the gateway's keys still keep doubles away. */
const alone = (name, work) => (navigator.locks ? navigator.locks.request(name, work) : work());

export class Conversation extends EventTarget {
  #home;
  #session;
  #lastSeq = 0;
  #lastMark = "";
  #stream = null;
  #heardAt = 0;
  #flushing = false;
  #running = false;
  #starting = null;
  #connected = true;
  #troubled = false;
  #id = null;
  #restarts = 0;
  #alarm = new EventTarget();
  #ears = null; // what ends with `stop`
  #tabs = null;
  #leads = false;
  #heard = 0; // how often the stream spoke, here or in the tab that has it
  #polls = false;

  constructor(home, session) {
    super();
    this.#home = home;
    this.#session = session;
  }

  language = undefined; // of the chat window; the front desk is told it

  get queue() {
    return this.#session.queue;
  }

  get exists() {
    return Boolean(this.#session.read().id);
  }

  /* Open the conversation: history first, then what happens from now on. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.#ears = new AbortController();
    const { signal } = this.#ears;
    addEventListener(
      "online",
      () => {
        if (!this.#leads) this.#catchUp();
        this.#retryNow();
      },
      { signal },
    );
    addEventListener(
      "offline",
      () => {
        this.#setConnected(false);
        this.#stream?.abort();
      },
      { signal },
    );
    addEventListener(
      "pageshow",
      ({ persisted }) => {
        if (!persisted) return;
        this.#stream?.abort();
        this.#retryNow();
      },
      { signal },
    );
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#afterSleep(), { signal });
    const looking = setInterval(() => this.#afterSleep(), HEARTBEAT_LIMIT / 2);
    signal.addEventListener("abort", () => clearInterval(looking));
    this.#session.onOtherTab((kept) => {
      if (this.#id && kept.id !== this.#id) this.#restart();
      else this.#tell("queue", this.queue);
    }, signal);
    this.#shareStream(signal);
  }

  /* The window has left the page. What is not sent stays kept, and `start` goes on. */
  stop() {
    this.#running = false;
    this.#ears?.abort();
    this.#stream?.abort();
    this.#wake();
  }

  /* One tab keeps the stream for all of this browser: a browser has few connections to one server. The others are told
     what it hears, and one of them takes over when it is closed. */
  #shareStream(signal) {
    if (!navigator.locks || !window.BroadcastChannel) return this.#listen();
    const name = `ims-chat ${this.#home.origin}`;
    this.#tabs = new BroadcastChannel(name);
    this.#tabs.addEventListener("message", ({ data: { id, event } }) => this.#overhear(id, event), { signal });
    signal.addEventListener("abort", () => this.#tabs.close());
    const caughtUp = this.#catchUp();
    navigator.locks
      .request(`${name} stream`, { signal }, async () => {
        await caughtUp;
        this.#leads = true;
        await this.#listen();
        this.#leads = false;
      })
      .catch(() => {}); // stopped before its turn came
  }

  /* An event that another tab heard; if one before it was missed, all are read. */
  #overhear(id, event) {
    if (this.#leads || id !== this.#id) return;
    this.#heard += 1;
    if (event.seq > this.#lastSeq + 1) this.#readHistory(id, true).catch(() => {});
    else this.#receive(id, event);
  }

  /* What a tab without the stream has to read by itself: how the chat stands. */
  async #catchUp() {
    while (this.#running && !this.#leads) {
      try {
        const id = await this.#ensure();
        this.#id = id;
        const response = await this.#readHistory(id);
        if (response.status === 404 || response.status === 401) return this.#expired(id);
        if (response.ok) {
          this.#setConnected(true);
          return this.#retryNow();
        }
      } catch {
        this.#setConnected(false);
      }
      await this.#idle(2000);
    }
  }

  /* The event of an acknowledged message does not come: something holds the stream back. It is asked for, until the
     stream speaks again. */
  async #poll() {
    if (this.#polls) return;
    this.#polls = true;
    const heard = this.#heard;
    for (let wait = 1000; this.#running && this.#heard === heard; wait = Math.min(wait * 1.5, LONGEST_PAUSE)) {
      const before = this.#lastSeq;
      await this.#readHistory(this.#id, true).catch(() => {});
      if (this.#lastSeq > before) wait = 1000;
      await this.#idle(wait);
    }
    this.#polls = false;
  }

  /* Say something: text the patient typed, the id of a button the gateway offered, or what was ticked on a card. */
  send({ text, choice, card, label }) {
    this.#session.add({ key: newKey(), text, choice, card, seen: this.#lastSeq, label: label ?? text, state: "sending" });
    this.#tell("queue", this.queue);
    this.#flush();
  }

  /* A sheet in a new tab, to print: `sheet` (the safety questions) or `questions` (for the physio). A form takes the token
     there: it stands in no address. */
  openSheet(name) {
    const { id, token } = this.#session.read();
    const form = make(
      "form",
      { method: "post", target: "_blank", action: new URL(`api/conversations/${id}/${name}`, this.#home), hidden: true },
      make("input", { type: "hidden", name: "token", value: token }),
    );
    document.body.append(form);
    form.submit();
    form.remove();
  }

  retry(key) {
    this.#mark(key, { state: "sending", error: null });
    this.#flush();
  }

  discard(key) {
    this.#session.remove(key);
    this.#tell("queue", this.queue);
  }

  /* Forget this conversation here and begin a new one. */
  startOver() {
    this.#session.clear();
    this.#restart();
  }

  /* The day on which another chat began, or nothing if its link opens it no more. */
  async dayOf({ id, token }) {
    const response = await this.#request(`api/conversations/${id}/history?limit=1`, { headers: { Authorization: `Bearer ${token}` } });
    return response.ok ? (await response.json()).events[0]?.time : undefined;
  }

  isOpen({ id }) {
    return this.#session.read().id === id;
  }

  /* Take up another chat, or the one that was here before it. */
  moveTo(chat) {
    this.#session.moveTo(chat);
    this.#restart();
  }

  goBack() {
    this.#session.goBack();
    this.#restart();
  }

  get hasEarlier() {
    return Boolean(this.#session.read().earlier);
  }

  /* Have the gateway delete it; false if that could not be done. */
  async delete() {
    const id = await this.#ensure();
    const response = await this.#request(`api/conversations/${id}`, { method: "DELETE" });
    if (!response.ok && response.status !== 404) throw new Error(`delete: ${response.status}`);
    this.startOver();
  }

  /* Say what the patient thinks of an answer; gives the verdict that holds. */
  async rate(seq, verdict, note) {
    const id = await this.#ensure();
    const body = JSON.stringify({ seq, verdict, note });
    const response = await this.#request(`api/conversations/${id}/feedback`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!response.ok) throw new Error(`feedback: ${response.status}`);
    return (await response.json()).verdict;
  }

  /* Ask the gateway about the handoff to a person, or change it; gives how it stands. */
  async handoff(method, path, body) {
    const id = await this.#ensure();
    const options = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await this.#request(`api/conversations/${id}/handoff${path}`, { method, ...options });
    const given = await response.json();
    if (!response.ok) throw new Error(given.error?.message);
    return given;
  }

  /* The conversation as a file, written by the gateway. */
  async transcript() {
    const id = await this.#ensure();
    const response = await this.#request(`api/conversations/${id}/transcript`);
    if (!response.ok) throw new Error(`transcript: ${response.status}`);
    return response.blob();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #mark(key, changes) {
    this.#session.change(key, changes);
    this.#tell("queue", this.queue);
  }

  #restart() {
    this.#restarts += 1;
    this.#lastSeq = 0;
    this.#id = null;
    this.#stream?.abort();
    this.#tell("reset");
    this.#tell("queue", this.queue);
    this.#wake();
    if (this.#tabs && !this.#leads) this.#catchUp();
  }

  /* What was read is not what stands in the log: it went back to an earlier day. What was acknowledged since then is sent
     again; its key keeps doubles away. */
  #readAgain() {
    for (const { key, state } of this.queue) if (state === "sent") this.#session.change(key, { state: "sending" });
    this.#session.write({ read: 0 });
    this.#restart();
  }

  /* The gateway does not know this conversation any more: what is not sent yet goes into a new one. */
  #expired(id) {
    if (this.#session.read().id !== id) return;
    this.#session.write({ id: null, token: null, read: 0 });
    this.#restart();
    this.#tell("notice", { key: "expired" });
  }

  /* Wait, unless something happens that makes it worth trying now. */
  #idle(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#alarm.addEventListener(
        "wake",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }

  #wake() {
    this.#alarm.dispatchEvent(new Event("wake"));
  }

  #setConnected(connected) {
    if (connected !== this.#connected) this.#tell("connection", connected);
    this.#connected = connected;
  }

  #request(path, { signal = AbortSignal.timeout(PATIENCE), ...options } = {}) {
    const { token } = this.#session.read();
    const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...options.headers };
    return fetch(new URL(path, this.#home), { ...options, signal, headers, cache: "no-store", credentials: "omit" });
  }

  /* The id of the conversation, made on first use; two callers, or two tabs, share one attempt. */
  async #ensure() {
    const { id } = this.#session.read();
    if (id) return id;
    this.#starting ??= alone("ims-chat start", () => this.#create()).finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #create() {
    const { id: made } = this.#session.read();
    if (made) return made;
    const response = await this.#request("api/conversations", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ language: this.language }),
    });
    if (!response.ok) throw new Error(`no conversation: ${response.status}`);
    const { id, token, events } = await response.json();
    const { id: moved } = this.#session.read(); // a link was followed meanwhile
    if (moved) return moved;
    this.#session.write({ id, token });
    this.#lastSeq = 0;
    this.#id = id;
    for (const event of events ?? []) this.#receive(id, event);
    return id;
  }

  #receive(id, event, history = false) {
    if (id !== this.#id || event.seq <= this.#lastSeq) return;
    this.#lastSeq = event.seq;
    this.#lastMark = event.mark ?? "";
    this.#tell("event", { ...event, history });
    const echoed = this.queue.filter((message) => message.key === event.key || message.seq <= event.seq);
    for (const { key } of echoed) this.#session.remove(key);
    if (echoed.length) this.#tell("queue", this.queue);
  }

  /* What the patient has not seen acknowledged yet, and what came after it, is news. */
  async #readHistory(id, live = false) {
    let news = live;
    while (true) {
      const response = await this.#request(`api/conversations/${id}/history?after=${this.#lastSeq}&limit=${HISTORY_PAGE}`);
      if (!response.ok) return response;
      const { events } = await response.json();
      for (const event of events) {
        news ||= this.queue.some(({ key }) => key === event.key);
        this.#receive(id, event, !news);
      }
      if (events.length < HISTORY_PAGE) {
        this.#tell("caught-up");
        return response;
      }
    }
  }

  /* Keep one stream open for ever; each time it ends, go on where it stopped. */
  async #listen() {
    let wait = 500;
    while (this.#running) {
      const restarts = this.#restarts;
      try {
        const id = await this.#ensure();
        if (restarts !== this.#restarts) continue;
        this.#stream = new AbortController();
        const known = this.#id === id;
        this.#id = id;
        let response = known ? null : await this.#readHistory(id);
        if (!response || response.ok) {
          response = await this.#request(`api/conversations/${id}/events`, {
            headers: { Accept: "text/event-stream", "Last-Event-ID": `${this.#lastSeq}-${this.#lastMark}` },
            signal: this.#stream.signal,
          });
        }
        if (response.status === 404 || response.status === 401) {
          this.#expired(id);
          continue;
        }
        if (!response.ok) throw new Error(`stream: ${response.status}`);
        this.#setConnected(true);
        wait = 500;
        this.#retryNow();
        await this.#read(id, response.body.getReader());
      } catch {
        if (!this.#running || restarts !== this.#restarts) continue;
        this.#setConnected(false);
      }
      await this.#idle(wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, LONGEST_PAUSE);
    }
  }

  async #read(id, reader) {
    const decoder = new TextDecoder();
    let buffer = "";
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#heardAt = Date.now();
      this.#heard += 1;
      buffer += decoder.decode(value, { stream: true }).replace(/\r/g, "");
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        if (block.startsWith("event: reset")) return this.#readAgain();
        const data = block
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).trimStart())
          .join("\n");
        if (!data) continue;
        const event = JSON.parse(data);
        this.#tabs?.postMessage({ id, event });
        this.#receive(id, event);
      }
    }
  }

  #retryNow() {
    this.#wake();
    this.#flush();
  }

  /* A laptop that slept has a dead connection that nobody told it about: silence longer than two heartbeats means
     that. A clock that was set back must not hide it. */
  #afterSleep() {
    if (this.#running && this.#heardAt && Math.abs(Date.now() - this.#heardAt) > HEARTBEAT_LIMIT) {
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
      while (true) {
        const pause = await alone("ims-chat send", () => this.#sendNext());
        if (pause === DONE) return;
        if (pause !== 0) await this.#idle(pause ?? wait);
        wait = pause === 0 ? 1000 : Math.min(wait * 2, LONGEST_PAUSE);
      }
    } finally {
      this.#flushing = false;
    }
  }

  #sendNext() {
    const next = this.queue.find(({ state }) => state === "sending" || state === "waiting");
    return next ? this.#post(next) : DONE;
  }

  /* Send one message; returns how long to wait before the next attempt: 0 if none is needed, nothing if unknown. */
  async #post({ key, text, choice, card, seen }) {
    try {
      const id = await this.#ensure();
      const response = await this.#request(`api/conversations/${id}/messages`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ key, text, choice, card, seen }),
      });
      if (response.ok) {
        const { seq } = await response.json();
        this.#troubled = false;
        const waits = this.queue.some((message) => message.key === key);
        if (waits) this.#mark(key, { state: "sent", seq });
        // Its number was told before and it was not: the numbers went back.
        if (waits && seq <= this.#lastSeq) this.#readAgain();
        setTimeout(() => this.#lastSeq < seq && this.#poll(), HELD_BACK);
        return 0;
      }
      if (response.status === 429) {
        const seconds = Number(response.headers.get("Retry-After")) || 5;
        this.#mark(key, { state: "waiting" });
        this.#tell("notice", { key: "rate_limited", values: { seconds } });
        return seconds * 1000;
      }
      if (response.status === 404 || response.status === 401) {
        this.#expired(id);
        return 0;
      }
      if (response.status < 500) {
        const { error } = await response.json().catch(() => ({}));
        this.#mark(key, { state: "failed", error: error?.message });
        return 0;
      }
      if (!this.#troubled) this.#tell("notice", { key: "trouble" });
      this.#troubled = true;
    } catch {
      /* no connection: said elsewhere, tried again later */
    }
    this.#mark(key, { state: "waiting" });
    return undefined;
  }
}

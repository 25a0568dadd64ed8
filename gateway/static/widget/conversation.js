/* The conversation with the gateway: numbered events down (SSE), messages up (outbox.js). Last-Event-ID brings back what a
   dropped connection missed. So nothing is lost, doubled or out of order.

   Emits: event (detail: an event of the gateway), caught-up (history is complete), queue (detail: messages not
   acknowledged yet), moment (detail: what a person who has the chat does now), connection (detail: true or false), notice
   (detail: {key, values}), reset. */

import { Outbox } from "./outbox.js";
import { Requests } from "./requests.js";
import { serverEvents } from "./server_events.js";
import { Tabs } from "./tabs.js";
import { Waits } from "./waits.js";

const HEARTBEAT_LIMIT = 40_000;
const LONGEST_PAUSE = 10_000;
const HISTORY_PAGE = 500;
const HELD_BACK = 4000; // milliseconds after which an acknowledged message should have come back by the stream

export class Conversation extends EventTarget {
  #session;
  #lastSeq = 0;
  #lastMark = "";
  #stream = null;
  #heardAt = 0;
  #running = false;
  #connected = true;
  #id = null;
  #restarts = 0;
  #waits = new Waits();
  #outbox;
  #ears = null; // what ends with `stop`
  #tabs;
  #heard = 0; // how often the stream spoke, here or in the tab that has it
  #polls = false;

  constructor(home, session) {
    super();
    this.#session = session;
    this.#tabs = new Tabs(home.origin);
    this.requests = new Requests(home, session, (id, events) => {
      this.#lastSeq = 0;
      this.#id = id;
      for (const event of events) this.#receive(id, event);
    });
    this.#outbox = new Outbox(session, this.requests, this.#waits, {
      queue: () => this.#tell("queue", this.queue),
      notice: (detail) => this.#tell("notice", detail),
      expired: (id) => this.#expired(id),
      acknowledged: (seq, waits) => {
        // Its number was told before and it was not: the numbers went back.
        if (waits && seq <= this.#lastSeq) this.#readAgain();
        setTimeout(() => this.#lastSeq < seq && this.#poll(), HELD_BACK);
      },
    });
  }

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
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(window, "online", () => {
      if (!this.#tabs.leads) this.#catchUp();
      this.#retryNow();
    });
    on(window, "offline", () => {
      this.#setConnected(false);
      this.#stream?.abort();
    });
    on(window, "pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.#stream?.abort();
      this.#retryNow();
    });
    on(document, "visibilitychange", () => document.visibilityState === "visible" && this.#afterSleep());
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
    this.#waits.wake();
  }

  #shareStream(signal) {
    if (!this.#tabs.shared) return this.#listen();
    this.#tabs.join(signal, (told) => this.#overhear(told));
    const caughtUp = this.#catchUp();
    this.#tabs.lead(signal, async () => {
      await caughtUp;
      await this.#listen();
    });
  }

  /* What another tab heard; if an event before it was missed, all are read. */
  #overhear({ id, event, moment }) {
    if (this.#tabs.leads || id !== this.#id) return;
    this.#heard += 1;
    if (moment) this.#tell("moment", moment);
    else if (event.seq > this.#lastSeq + 1) this.#readHistory(id, true).catch(() => {});
    else this.#receive(id, event);
  }

  /* What a tab without the stream has to read by itself: how the chat stands. */
  async #catchUp() {
    while (this.#running && !this.#tabs.leads) {
      try {
        const id = await this.requests.ensure();
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
      await this.#waits.idle(2000);
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
      await this.#waits.idle(wait);
    }
    this.#polls = false;
  }

  send(message) {
    this.#outbox.send(message, this.#lastSeq);
  }

  retry(key) {
    this.#outbox.retry(key);
  }

  discard(key) {
    this.#outbox.discard(key);
  }

  /* Forget this conversation here and begin a new one. */
  startOver() {
    this.#session.clear();
    this.#restart();
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

  async delete() {
    await this.requests.delete();
    this.startOver();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #restart() {
    this.#restarts += 1;
    this.#lastSeq = 0;
    this.#id = null;
    this.#stream?.abort();
    this.#tell("reset");
    this.#tell("queue", this.queue);
    this.#waits.wake();
    if (this.#tabs.shared && !this.#tabs.leads) this.#catchUp();
  }

  /* What was read is not what stands in the log: it went back to an earlier day. What was acknowledged since then is sent
     again; its key keeps doubles away. */
  #readAgain() {
    this.#outbox.sendAgain();
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

  #setConnected(connected) {
    if (connected !== this.#connected) this.#tell("connection", connected);
    this.#connected = connected;
  }

  #receive(id, event, history = false) {
    if (id !== this.#id || event.seq <= this.#lastSeq) return;
    this.#lastSeq = event.seq;
    this.#lastMark = event.mark ?? "";
    const blocked = event.body?.handoff?.blocked;
    if (blocked !== undefined) this.#session.write({ blocked });
    this.#tell("event", { ...event, history });
    this.#outbox.arrived(event.key, event.seq);
  }

  /* What the patient has not seen acknowledged yet, and what came after it, is news. */
  async #readHistory(id, live = false) {
    let news = live;
    while (true) {
      const response = await this.requests.about(id, `/history?after=${this.#lastSeq}&limit=${HISTORY_PAGE}`);
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
        const id = await this.requests.ensure();
        if (restarts !== this.#restarts) continue;
        this.#stream = new AbortController();
        const known = this.#id === id;
        this.#id = id;
        let response = known ? null : await this.#readHistory(id);
        if (!response || response.ok) {
          response = await this.requests.about(id, "/events", {
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
        await this.#follow(id, response.body.getReader());
      } catch {
        if (!this.#running || restarts !== this.#restarts) continue;
        this.#setConnected(false);
      }
      await this.#waits.idle(wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, LONGEST_PAUSE);
    }
  }

  async #follow(id, reader) {
    const heard = () => {
      this.#heardAt = Date.now();
      this.#heard += 1;
    };
    for await (const { name, data } of serverEvents(reader, heard)) {
      if (name === "reset") return this.#readAgain();
      const moment = name === "moment";
      this.#tabs.tell({ id, [moment ? name : "event"]: data });
      if (moment) this.#tell(name, data);
      else this.#receive(id, data);
    }
  }

  #retryNow() {
    this.#waits.wake();
    this.#outbox.flush();
  }

  /* A laptop that slept has a dead connection that nobody told it about: silence longer than two heartbeats means
     that. A clock that was set back must not hide it. */
  #afterSleep() {
    if (this.#running && this.#heardAt && Math.abs(Date.now() - this.#heardAt) > HEARTBEAT_LIMIT) {
      this.#heardAt = Date.now();
      this.#stream?.abort();
      this.#waits.wake();
    }
  }
}

/* What the window asks of the gateway about its chat, with the token that opens it. */

import { make } from "./dom.js";
import { alone } from "./tabs.js";

const PATIENCE = 20_000;

export class Requests {
  #home;
  #session;
  #opened;
  #starting = null;

  /* `opened` is called with the id and the events of a chat that was begun. */
  constructor(home, session, opened) {
    this.#home = home;
    this.#session = session;
    this.#opened = opened;
  }

  language = undefined; // of the chat window; the front desk is told it

  /* A request about the chat of this id; what is in `json` is sent. */
  about(id, path, { signal = AbortSignal.timeout(PATIENCE), json, headers, ...options } = {}) {
    const { token } = this.#session.read();
    const sent = { ...(token && { Authorization: `Bearer ${token}` }), ...(json && { "Content-Type": "application/json" }), ...headers };
    const address = new URL(`api/conversations${id && `/${id}`}${path}`, this.#home);
    return fetch(address, { ...options, body: json && JSON.stringify(json), signal, headers: sent, cache: "no-store", credentials: "omit" });
  }

  /* The id of the conversation, made on first use; two callers, or two tabs, share one attempt. */
  async ensure() {
    const { id } = this.#session.read();
    if (id) return id;
    this.#starting ??= alone("ims-chat start", () => this.#create()).finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #create() {
    const { id: made, before } = this.#session.read();
    if (made) return made;
    const response = await this.about("", "", { method: "POST", json: { language: this.language, before } });
    if (!response.ok) throw new Error(`no conversation: ${response.status}`);
    const { id, token, events } = await response.json();
    const { id: moved } = this.#session.read(); // a link was followed meanwhile
    if (moved) return moved;
    this.#session.write({ id, token });
    this.#opened(id, events ?? []);
    return id;
  }

  async #mine(path, options) {
    const response = await this.about(await this.ensure(), path, options);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  }

  /* Have the gateway delete it. */
  async delete() {
    const response = await this.about(await this.ensure(), "", { method: "DELETE" });
    if (!response.ok && response.status !== 404) throw new Error(`delete: ${response.status}`);
  }

  /* Say what the patient thinks of an answer; gives the verdict that holds. */
  async rate(seq, verdict, note) {
    return (await (await this.#mine("/feedback", { method: "POST", json: { seq, verdict, note } })).json()).verdict;
  }

  /* Say that the patient writes, or how far they have read. Nothing of what they write is in it, and it may be lost. */
  async moment(now) {
    await this.#mine("/moment", { method: "POST", json: now }).catch(() => {});
  }

  /* Ask about the handoff to a person, or change it; gives how it stands. */
  async handoff(method, path, json) {
    const response = await this.about(await this.ensure(), `/handoff${path}`, { method, json });
    const given = await response.json();
    if (!response.ok) throw new Error(given.error?.message);
    return given;
  }

  /* The conversation as a file, written by the gateway. */
  async transcript() {
    return (await this.#mine("/transcript")).blob();
  }

  /* The day on which another chat began, or nothing if its link opens it no more. */
  async dayOf({ id, token }) {
    const response = await this.about(id, "/history?limit=1", { headers: { Authorization: `Bearer ${token}` } });
    return response.ok ? (await response.json()).events[0]?.time : undefined;
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
}

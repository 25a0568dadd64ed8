/* The tabs of one browser: one of them keeps the stream, because a browser has few connections to one server. The others
   are told what it hears, and one of them takes over when it is closed. */

/* One tab at a time, where the browser can promise that; without it the gateway's keys still keep doubles away. */
export const alone = (name, work) => (navigator.locks ? navigator.locks.request(name, work) : work());

export class Tabs {
  #name;
  #channel = null;
  leads = false; // whether this is the tab with the stream

  constructor(origin) {
    this.#name = `ims-chat ${origin}`;
  }

  /* Whether tabs can share here. */
  get shared() {
    return Boolean(navigator.locks && window.BroadcastChannel);
  }

  /* `overhear` is called with what another tab tells, until `signal` ends it. */
  join(signal, overhear) {
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.addEventListener("message", ({ data }) => overhear(data), { signal });
    signal.addEventListener("abort", () => this.#channel.close());
  }

  tell(message) {
    this.#channel?.postMessage(message);
  }

  /* Do the work when it is this tab's turn to have the stream. */
  lead(signal, work) {
    navigator.locks
      .request(`${this.#name} stream`, { signal }, async () => {
        this.leads = true;
        await work();
        this.leads = false;
      })
      .catch(() => {}); // stopped before its turn came
  }
}

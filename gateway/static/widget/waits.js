/* Waiting that ends early when something happens that makes it worth trying now. */

export class Waits {
  #alarm = new EventTarget();

  idle(milliseconds) {
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

  wake() {
    this.#alarm.dispatchEvent(new Event("wake"));
  }
}

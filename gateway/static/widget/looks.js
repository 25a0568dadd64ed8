/* What a page may say about the window with attributes of <ims-chat>: where it stands (position="left"), above everything
   or in a layer of the page's own (layer="page", with --ims-layer), with our button or with one of the page's
   (launcher="none"), light or dark (theme="light", "dark"; otherwise as the page and the reader's system agree). */

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

const isDark = (theme) =>
  theme === "dark" || (theme !== "light" && darkSystem.matches && /\bdark\b/.test(getComputedStyle(document.documentElement).colorScheme));

export class Looks {
  constructor(host, root) {
    Object.assign(this, { host, root });
    darkSystem.addEventListener("change", () => this.apply());
    if (document.readyState !== "complete") addEventListener("load", () => this.apply()); // the page's styles may still come
    new MutationObserver(() => this.apply()).observe(host, { attributes: true, attributeFilter: ["theme", "position", "launcher"] });
    this.apply();
  }

  apply() {
    const said = (name) => this.host.getAttribute(name);
    this.root.dataset.theme = isDark(said("theme")) ? "dark" : "light";
    this.root.dataset.position = said("position") === "left" ? "left" : "right";
    this.root.dataset.launcher = said("launcher") ?? "own";
  }

  /* Into the top layer, where no z-index, transform or opacity of the page reaches; older browsers stay below it. */
  rise() {
    if (!this.host.isConnected || this.host.getAttribute("layer") === "page") return;
    this.root.setAttribute("popover", "manual");
    this.root.showPopover?.();
  }
}

/* A window that was open when the reader went to another page of the site is open there too. */
export class StaysOpen {
  constructor(origin) {
    this.name = `ims-chat open ${origin}`;
  }

  note(open) {
    try {
      if (open) sessionStorage.setItem(this.name, "1");
      else sessionStorage.removeItem(this.name);
    } catch {
      /* without storage each page begins closed */
    }
  }

  get was() {
    try {
      return sessionStorage.getItem(this.name) && performance.getEntriesByType("navigation")[0]?.type === "navigate";
    } catch {
      return false;
    }
  }
}

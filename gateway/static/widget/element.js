/* <ims-chat>: the launcher, the panel and the composer, in a Shadow DOM so that the page's styles and ours stay apart. */

import { Conversation } from "./conversation.js";
import { fill, make } from "./dom.js";
import { drawEvent, drawNotice, drawTyping, drawUnsent, isAlarm, noticeText } from "./messages.js";
import { Session } from "./session.js";
import { styles } from "./styles.js";

const LONGEST_MESSAGE = 2000;
const LONGEST_WAIT = 20_000; // after so many milliseconds nobody is looking for an answer any more

export function define(home) {
  if (customElements.get("ims-chat")) return;

  class ImsChat extends HTMLElement {
    async connectedCallback() {
      if (this.shadowRoot) return;
      const language = (this.getAttribute("lang") || document.documentElement.lang || navigator.language || "en").slice(0, 2);
      const settings = await fetch(new URL(`api/widget?language=${language}`, home)).then((response) => response.json());
      this.strings = settings.strings;
      this.build(settings);
      this.conversation = new Conversation(home, new Session(home.origin));
      this.listen();
      if (this.hasAttribute("open")) this.open();
      else if (this.conversation.exists) this.conversation.start();
    }

    build(settings) {
      const { strings } = this;
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(styles);
      root.adoptedStyleSheets = [sheet];
      for (const [name, value] of Object.entries(settings.theme ?? {})) this.style.setProperty(`--ims-${name.replaceAll("_", "-")}`, value);

      this.launcher = make("button", { type: "button", class: "launcher", "aria-label": strings.launcher_label, "aria-expanded": "false", "aria-controls": "panel", onclick: () => this.open() },
        make("span", { class: "bubble-mark", "aria-hidden": "true" }), make("span", { text: strings.launcher }));
      this.log = make("ol", { class: "log", role: "log", "aria-live": "polite", "aria-label": strings.log_label, tabindex: "0" });
      this.status = make("p", { class: "status", role: "status" });
      this.input = make("textarea", { id: "input", rows: "1", "aria-label": strings.input_label, placeholder: strings.placeholder, autocomplete: "off", enterkeyhint: "send" });
      this.count = make("p", { class: "count", "aria-live": "polite" });
      this.person = make("button", { type: "button", class: "quiet", text: strings.person, onclick: () => this.conversation.send({ text: strings.person_message }) });
      this.question = make("div", { class: "question", role: "group", "aria-label": strings.start_over_question, hidden: true },
        make("span", { text: strings.start_over_question }),
        make("button", { type: "button", class: "quiet", text: strings.confirm, onclick: () => this.startOver() }),
        make("button", { type: "button", class: "quiet", text: strings.cancel, onclick: () => this.askStartOver(false) }));
      this.over = make("button", { type: "button", class: "quiet", text: strings.start_over, onclick: () => this.askStartOver(true) });
      this.panel = make("section", { class: "panel", id: "panel", role: "dialog", "aria-label": strings.title, hidden: true },
        make("header", {},
          make("div", { class: "titles" }, make("h2", { text: strings.title }), make("p", { text: strings.subtitle })),
          make("button", { type: "button", class: "close", "aria-label": strings.close, text: "×", onclick: () => this.close() })),
        make("p", { class: "safety" }, make("a", { href: `tel:${settings.emergency}`, text: strings.not_emergency })),
        this.log,
        this.status,
        make("form", { class: "composer", onsubmit: (event) => this.submit(event) }, this.input, make("button", { type: "submit", class: "send", "aria-label": strings.send, text: "➤" })),
        this.count,
        make("footer", {}, this.person, this.over),
        this.question);
      root.append(this.launcher, this.panel);

      this.input.addEventListener("input", () => this.grow());
      this.input.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event);
      });
      root.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !this.panel.hidden) this.close();
      });
    }

    listen() {
      const { conversation, strings } = this;
      this.typing = drawTyping(strings);
      this.unsent = new Map();
      this.unanswered = new Set();
      conversation.addEventListener("event", ({ detail }) => this.show(detail));
      conversation.addEventListener("queue", ({ detail }) => this.showQueue(detail));
      conversation.addEventListener("connection", ({ detail }) => {
        this.status.textContent = detail ? strings.reconnected : strings.offline;
        this.classList.toggle("is-offline", !detail);
        if (detail) setTimeout(() => this.status.textContent === strings.reconnected && (this.status.textContent = ""), 4000);
      });
      conversation.addEventListener("notice", ({ detail }) => this.append(drawNotice(noticeText(strings, detail))));
      conversation.addEventListener("reset", () => {
        this.log.replaceChildren();
        this.unsent.clear();
        this.unanswered.clear();
        this.waitingFor(false);
      });
    }

    open() {
      this.panel.hidden = false;
      this.launcher.hidden = true;
      this.launcher.setAttribute("aria-expanded", "true");
      this.conversation.start();
      this.showQueue(this.conversation.queue);
      this.input.focus();
      this.scroll();
      this.dispatchEvent(new CustomEvent("ims-open", { bubbles: true, composed: true }));
    }

    close() {
      this.panel.hidden = true;
      this.launcher.hidden = false;
      this.launcher.setAttribute("aria-expanded", "false");
      this.launcher.focus();
    }

    /* One list item for each event; what comes from before is not read out again, an emergency is read out at once. */
    show(event) {
      this.log.setAttribute("aria-live", event.history ? "off" : isAlarm(event) ? "assertive" : "polite");
      const item = drawEvent(event, this.strings, home, (button) => this.conversation.send({ choice: button.id, label: button.label }));
      const own = event.key && this.unsent.get(event.key);
      if (own) {
        own.replaceWith(item);
        this.unsent.delete(event.key);
      } else {
        this.append(item);
      }
      if (event.role === "patient") this.unanswered.add(event.seq);
      else this.unanswered.delete(event.in_reply_to);
      this.waitingFor(this.unanswered.size > 0 && Date.now() - Date.parse(event.time) < LONGEST_WAIT);
    }

    showQueue(queue) {
      const handlers = { retry: (key) => this.conversation.retry(key), discard: (key) => this.conversation.discard(key) };
      for (const [key, item] of this.unsent) {
        if (!queue.some((message) => message.key === key)) {
          item.remove();
          this.unsent.delete(key);
        }
      }
      for (const message of queue) {
        const item = drawUnsent(message, this.strings, handlers);
        const before = this.unsent.get(message.key);
        if (before) before.replaceWith(item);
        else this.append(item);
        this.unsent.set(message.key, item);
      }
    }

    append(item) {
      const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
      this.typing.isConnected ? this.typing.before(item) : this.log.append(item);
      if (atEnd || item.matches(".patient, .alarm")) this.scroll(item.classList.contains("alarm") ? item : null);
    }

    /* Shown while the gateway has a message of the patient that nobody has answered. */
    waitingFor(reply) {
      clearTimeout(this.typingEnds);
      if (reply) this.typingEnds = setTimeout(() => this.typing.remove(), LONGEST_WAIT);
      if (!reply) this.typing.remove();
      else if (!this.typing.isConnected) {
        this.log.append(this.typing);
        this.scroll();
      }
    }

    /* To the end, but never past the patient's last question: an answer is read from its beginning. */
    scroll(first) {
      const top = first ?? [...this.log.querySelectorAll(".message.patient")].at(-1);
      const end = this.log.scrollHeight - this.log.clientHeight;
      this.log.scrollTop = top ? Math.min(end, top.offsetTop - this.log.offsetTop - 8) : end;
    }

    grow() {
      this.input.style.height = "auto";
      this.input.style.height = `${Math.min(this.input.scrollHeight, 120)}px`;
      const over = this.input.value.length - LONGEST_MESSAGE;
      this.count.textContent = over > 0 ? fill(this.strings.too_long, { count: over }) : "";
    }

    submit(event) {
      event.preventDefault();
      const text = this.input.value.trim();
      if (!text || text.length > LONGEST_MESSAGE) return;
      this.conversation.send({ text });
      this.input.value = "";
      this.grow();
      this.input.focus();
    }

    askStartOver(asking) {
      this.question.hidden = !asking;
      (asking ? this.question.querySelector("button") : this.over).focus();
    }

    startOver() {
      this.question.hidden = true;
      this.conversation.startOver();
      this.input.focus();
    }
  }

  customElements.define("ims-chat", ImsChat);
}

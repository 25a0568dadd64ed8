/* <ims-chat>: the launcher and the panel, in a Shadow DOM so that the page's styles and ours stay apart. */

import { isAlarm } from "./alarms.js";
import { closeCards, keepOne, reopenCard } from "./cards.js";
import { Composer } from "./composer.js";
import { drawConsent } from "./consent.js";
import { Conversation } from "./conversation.js";
import { button, fill, icon, make } from "./dom.js";
import { fitToScreen } from "./fit.js";
import { followedLink, Handoff } from "./handoff.js";
import { Looks, StaysOpen } from "./looks.js";
import { Menu } from "./menu.js";
import { becomeEvent, changeUnsent, drawEvent, drawNotice, drawTyping, drawUnsent, joinGroup, noticeText } from "./messages.js";
import { Reading } from "./reading.js";
import { Session } from "./session.js";
import { readSettings, readSuggestions } from "./settings.js";
import { Status } from "./status.js";
import { styles } from "./styles.js";

const LONGEST_WAIT = 20_000; // after so many milliseconds nobody is looking for an answer any more
const SLOW = 4_000; // a wait that is worth a word
const COVERS_PAGE = "(max-width: 30em), (max-height: 30em)"; // as in styles.js

export function define(home) {
  if (customElements.get("ims-chat")) return;

  class ImsChat extends HTMLElement {
    async connectedCallback() {
      if (this.conversation) return this.settings && this.comeBack();
      this.session = new Session(home.origin);
      this.linked = followedLink();
      this.conversation = new Conversation(home, this.session);
      const language = (this.getAttribute("lang") || document.documentElement.lang || navigator.language || "en").slice(0, 2);
      this.build(await readSettings(home, language));
      this.listen();
      if (this.linked || this.hasAttribute("open")) this.open();
      else if (this.staysOpen.was && this.agreed && !matchMedia(COVERS_PAGE).matches) this.showPanel();
      else if (this.conversation.exists && this.agreed) this.conversation.start();
      this.report("ready");
    }

    /* A page that swaps its body takes the window away and puts it back. */
    disconnectedCallback() {
      this.conversation.stop();
      this.handoff?.rest();
    }

    comeBack() {
      this.looks.rise();
      if (this.conversation.exists && this.agreed) this.conversation.start();
    }

    get agreed() {
      return !this.settings.consent_required || this.session.read().agreed === true;
    }

    build(settings) {
      this.settings = settings;
      this.strings = { ...settings.strings, mark: settings.mark, sites: [home.host, location.host, ...settings.sites], locale: settings.language, answers_language: settings.language === "en" ? null : "en" };
      const { strings } = this;
      const shadow = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(styles);
      shadow.adoptedStyleSheets = [sheet];
      // The clinic's colours, below whatever the page itself sets on <ims-chat>.
      const host = [...sheet.cssRules].find((rule) => rule.selectorText === ":host").style;
      for (const [name, value] of Object.entries(settings.theme ?? {})) host.setProperty(`--ims-${name.replaceAll("_", "-")}`, value);

      this.unreadMark = make("span", { class: "unread", hidden: true });
      this.launcher = make("button", { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel", onclick: () => this.open() },
        icon("chat"), make("span", { text: strings.launcher }), this.unreadMark);
      this.heard = make("p", { class: "heard", role: "status" });
      this.list = make("ol", {});
      this.log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": strings.log_label, tabindex: "0" },
        make("p", { class: "kept", text: `${strings.subtitle}. ${this.words("kept")}` }),
        strings.answers_language && make("p", { class: "kept", text: strings.answers_in_english }),
        this.list);
      this.reading = new Reading(this.log, this.list, strings);
      this.status = new Status(strings);
      this.composer = new Composer(strings, () => readSuggestions(home), settings.message_limit, { send: (text) => this.conversation.send({ text }), say: (text) => (this.heard.textContent = text), tell: (...given) => this.tell(...given) });
      this.handoff = new Handoff(this.conversation, strings, home, () => this.scroll(this.shown));
      this.conversation.language = settings.language;
      this.question = make("div", { class: "question", role: "group", hidden: true });
      this.person = make("button", { type: "button", class: "person", onclick: () => this.conversation.send({ choice: "person", label: strings.person_message }) },
        icon("person"), make("span", { text: strings.person }));
      this.menu = new Menu(strings, [
        { name: "start_over", picture: "restart", text: strings.start_over, act: (opener) => this.ask(opener, strings.start_over_question, strings.confirm, () => this.conversation.startOver()) },
        { name: "questions", picture: "sheet", text: strings.questions, label: strings.questions_label, act: () => this.conversation.openSheet("questions") },
        { name: "download", picture: "download", text: strings.download, label: strings.download_label, act: () => this.download() },
        { name: "delete", picture: "trash", text: strings.delete, label: strings.delete_label, act: (opener) => this.ask(opener, strings.delete_question, strings.delete_confirm, () => this.delete()) },
      ]);
      this.chat = make("div", { class: "talk" }, this.log, this.reading.element, this.status.line, this.status.countdown, this.question,
        this.handoff.element, this.composer.element);
      this.consent = drawConsent(strings, this.words("consent_kept"), () => this.agree(), () => this.close());
      this.panel = make("section", { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", lang: settings.language, hidden: true },
        make("div", { class: "head" },
          make("span", { class: "logo", "aria-hidden": "true", text: settings.mark }),
          make("h2", { id: "title", text: strings.title }),
          this.person,
          this.menu.element,
          make("button", { type: "button", class: "round", "aria-label": strings.close, onclick: () => this.close() }, icon("close"))),
        make("p", { class: "safety" }, make("a", { href: `tel:${settings.emergency}`, text: strings.not_emergency })),
        this.consent,
        this.chat);
      this.root = make("div", { class: "root", lang: settings.language }, this.heard, this.launcher, this.panel);
      shadow.append(this.root);
      this.looks = new Looks(this, this.root);
      this.staysOpen = new StaysOpen(home.origin);
      this.looks.rise();
      document.addEventListener("click", (event) => this.openByLink(event));
      fitToScreen(this.root, () => this.panel.hidden || this.scroll(this.shown));
      this.panel.addEventListener("keydown", (event) => this.key(event));
      this.showUnread();
    }

    /* What a page may count: that something happened, and nothing of what was said. */
    report(name, detail) {
      this.dispatchEvent(new CustomEvent(`ims-${name}`, { bubbles: true, composed: true, detail }));
    }

    /* A button of the page's own: <a href="#ims-chat">. */
    openByLink(event) {
      if (!this.isConnected || !event.target.closest?.('a[href$="#ims-chat"]')) return;
      event.preventDefault();
      this.open();
    }

    /* Text of the catalogue with what the window knows: for how long a chat is kept, and until when. */
    words(key) {
      const days = this.settings.retention_days;
      const date = new Date(Date.now() + days * 86_400_000).toLocaleDateString(this.settings.language, { dateStyle: "long" });
      return fill(this.strings[key], { number: days, date });
    }

    listen() {
      const { conversation, strings } = this;
      this.typing = drawTyping();
      this.unsent = new Map();
      this.unanswered = new Set();
      this.drawn = 0;
      conversation.addEventListener("event", ({ detail }) => this.show(detail));
      conversation.addEventListener("caught-up", () => {
        if (conversation.hasEarlier) this.append(drawNotice(strings.link_earlier, button("link", strings.link_back, () => conversation.goBack())));
        this.scroll();
      });
      conversation.addEventListener("queue", ({ detail }) => this.showQueue(detail));
      conversation.addEventListener("connection", ({ detail: connected }) => this.tell(connected ? strings.reconnected : strings.offline, connected ? 4000 : 0));
      conversation.addEventListener("notice", ({ detail }) => this.notice(detail));
      conversation.addEventListener("reset", () => {
        this.list.replaceChildren();
        this.unsent.clear();
        this.unanswered.clear();
        this.handoff.reset();
        this.drawn = 0;
        this.waitingFor(false);
        this.showUnread();
      });
    }

    open() {
      if (!this.panel?.hidden) return;
      this.cameFrom = document.activeElement;
      this.showPanel();
      this.focusStart();
      this.report("open");
    }

    showPanel() {
      this.panel.hidden = false;
      this.staysOpen.note(true);
      this.launcher.hidden = true;
      this.launcher.setAttribute("aria-expanded", "true");
      this.panel.setAttribute("aria-modal", String(matchMedia(COVERS_PAGE).matches));
      this.consent.hidden = this.agreed;
      for (const part of [this.chat, this.person, this.menu.element]) part.hidden = !this.agreed;
      if (!this.agreed) return;
      if (this.linked) this.askAboutLink();
      this.conversation.start();
      this.showQueue(this.conversation.queue);
      this.session.write({ read: Math.max(this.drawn, this.session.read().read ?? 0) });
      this.showUnread();
      this.composer.measure();
      this.scroll();
    }

    focusStart() {
      (this.agreed ? this.composer.input : this.consent).focus();
    }

    agree() {
      this.session.write({ agreed: true });
      this.showPanel();
      this.focusStart();
    }

    close() {
      if (this.panel?.hidden !== false) return;
      this.panel.hidden = true;
      this.staysOpen.note(false);
      this.launcher.hidden = false;
      this.launcher.setAttribute("aria-expanded", "false");
      if (this.root.dataset.launcher === "none") this.cameFrom?.focus();
      else this.launcher.focus();
      this.report("close");
    }

    /* Escape closes; F6 goes from anywhere to the field, and from there to the conversation. Where the panel covers the
       page, Tab stays inside, because what is behind cannot be seen. */
    key(event) {
      if (event.key === "Escape") {
        if (this.question.hidden) this.close();
        else this.answered();
      } else if (event.key === "F6") {
        event.preventDefault();
        (this.shadowRoot.activeElement === this.composer.input ? this.log : this.composer.input).focus();
      } else if (event.key === "Tab" && matchMedia(COVERS_PAGE).matches) {
        const stops = [...this.panel.querySelectorAll("a, button, textarea, input, summary, [tabindex='0']")].filter((stop) => stop.checkVisibility() && !stop.matches(":disabled"));
        const edge = event.shiftKey ? stops[0] : stops.at(-1);
        if (this.shadowRoot.activeElement === edge) {
          event.preventDefault();
          (event.shiftKey ? stops.at(-1) : stops[0]).focus();
        }
      }
    }

    tell(text, milliseconds) {
      this.status.tell(text, milliseconds);
    }

    notice(detail) {
      const text = noticeText(this.strings, detail);
      if (detail.key === "rate_limited") {
        this.tell(text, 1000);
        this.status.countDown(detail.values.seconds);
      } else if (detail.key === "trouble") this.tell(text);
      else this.append(drawNotice(text));
    }

    /* What a patient takes: a button, or the answer of a card. */
    choose({ id, label, text, card, from, opens }) {
      if (opens === "sheet") return this.conversation.openSheet(opens);
      if (from) {
        this.follow = true;
        this.log.focus();
      }
      this.conversation.send({ choice: id, label: label ?? text, text, card });
    }

    /* One list item for each event; what comes from before is not read out again, an emergency is read out at once. */
    show(event) {
      const alarm = isAlarm(event);
      const live = !event.history;
      // Danger must be seen, also by who closed the chat meanwhile.
      if (alarm && live && this.panel.hidden) this.showPanel();
      this.drawn = event.seq;
      this.panel.classList.toggle("alarmed", alarm);
      const own = event.key && this.unsent.get(event.key);
      if (own) {
        this.unsent.delete(event.key);
        this.keepUnsentLast();
        becomeEvent(own, event, this.strings);
      } else {
        if (event.role !== "patient") closeCards(this.list);
        const item = drawEvent(event, this.strings, home, (taken) => this.choose(taken), (...given) => this.conversation.rate(...given));
        if (event.body?.docked) keepOne(this.list, item);
        const fields = item.querySelector("fieldset");
        // Who works through the cards is taken to the next one; its words are read with the focus, not twice.
        const lead = live && this.follow && fields && this.shadowRoot.activeElement === this.log;
        this.log.setAttribute("aria-live", !live || lead ? "off" : alarm ? "assertive" : "polite");
        // What answers no question, and who has the chat, is shown itself; an answer with the question before it.
        this.append(item, live, item.matches(".alarm, .screening") || !event.in_reply_to ? item : null);
        // The phone's keyboard would cover what to do.
        if (alarm && live && this.shadowRoot.activeElement === this.composer.input) item.focus({ preventScroll: true });
        if (lead) fields.focus({ preventScroll: true });
        if (event.role !== "patient") this.follow = false;
      }
      this.handoff.heard(event);
      if (this.handoff.person) this.unanswered.clear();
      else if (event.role === "patient") this.unanswered.add(event.seq);
      else this.unanswered.delete(event.in_reply_to);
      this.waitingFor(this.unanswered.size > 0 && (live || Math.abs(Date.now() - Date.parse(event.time)) < LONGEST_WAIT));
      this.noteRead(event, live);
      if (live) this.report("message", { from: event.role });
    }

    noteRead(event, live) {
      const read = this.session.read().read ?? 0;
      if (this.panel.hidden) {
        this.showUnread();
        if (live && event.role !== "patient" && event.seq > read) this.heard.textContent = this.strings.new_message;
      } else if (event.seq > read) {
        this.session.write({ read: event.seq });
      }
    }

    /* How many replies came while the chat was closed, on the button that opens it. */
    showUnread() {
      const read = this.session.read().read ?? 0;
      const count = [...this.list.querySelectorAll(".message:not(.patient)[data-seq]")].filter((item) => Number(item.dataset.seq) > read).length;
      this.unreadMark.hidden = !count || !this.panel.hidden;
      this.unreadMark.textContent = this.unreadMark.hidden ? "" : count;
      this.launcher.setAttribute("aria-label", this.unreadMark.hidden ? this.strings.launcher_label : fill(this.strings.launcher_unread, { count }));
      if (!count) this.heard.textContent = "";
    }

    /* Messages without a number stand at the end, in the order of typing. */
    keepUnsentLast() {
      const waiting = [...this.unsent.values()].filter((item) => item.nextElementSibling && ![...this.unsent.values()].includes(item.nextElementSibling) && item.nextElementSibling !== this.typing);
      if (!waiting.length) return;
      this.log.setAttribute("aria-live", "off");
      this.list.append(...waiting, ...(this.typing.isConnected ? [this.typing] : []));
    }

    showQueue(queue) {
      const { strings } = this;
      const handlers = {
        retry: (key) => (this.composer.input.focus(), this.conversation.retry(key)),
        discard: (key) => (this.composer.input.focus(), this.conversation.discard(key)),
      };
      for (const [key, item] of this.unsent) {
        if (queue.some((message) => message.key === key)) continue;
        item.remove();
        this.unsent.delete(key);
      }
      for (const message of queue) {
        const item = this.unsent.get(message.key);
        if (item?.dataset.state === message.state) continue;
        if (item) changeUnsent(item, message, strings, handlers);
        else {
          const made = drawUnsent(message, strings, handlers);
          this.unsent.set(message.key, made);
          this.log.setAttribute("aria-live", "polite");
          this.shown = null;
          this.list.append(made, ...(this.typing.isConnected ? [this.typing] : []));
          this.scroll();
        }
        this.unsent.get(message.key).dataset.state = message.state;
        if (message.state === "failed") {
          this.tell(message.error ?? strings.failed);
          const card = message.card && this.list.querySelector(`[data-seq="${message.card.event}"] form.card`);
          if (card) reopenCard(card);
          this.unsent.get(message.key).scrollIntoView({ block: "nearest" });
        }
      }
      this.showUnread(); // it may have been read in another tab
    }

    append(item, live = true, shown = null) {
      this.shown = shown;
      const { atEnd } = this.reading;
      const [firstUnsent] = this.unsent.values();
      const before = firstUnsent ?? (this.typing.isConnected ? this.typing : null);
      this.list.insertBefore(item, before);
      joinGroup(item);
      if (live) item.classList.add("new");
      if (live && (atEnd || item.matches(".patient, .alarm, .screening, .handoff, .staff"))) this.scroll(shown);
    }

    /* Shown while the gateway has a message of the patient that nobody has answered; said only if it takes long. */
    waitingFor(reply) {
      clearTimeout(this.typingEnds);
      clearTimeout(this.typingSaid);
      if (reply) {
        this.typingEnds = setTimeout(() => this.waitingFor(false), LONGEST_WAIT);
        this.typingSaid = setTimeout(() => this.tell(this.strings.typing, LONGEST_WAIT), SLOW);
      } else this.status.tellNoMore(this.strings.typing);
      if (!reply) this.typing.remove();
      else if (!this.typing.isConnected) {
        this.list.append(this.typing);
        this.scroll();
      }
    }

    scroll(first) {
      this.reading.scroll(first);
    }

    /* Ask before something that cannot be undone. The focus goes to the safe answer, and back to where it was. */
    ask(opener, question, confirm, action, refuse = this.strings.cancel) {
      const stay = button("button", refuse, () => this.answered());
      this.opener = opener;
      this.question.setAttribute("aria-label", question);
      this.question.replaceChildren(
        make("p", { text: question }),
        button("button primary", confirm, () => {
          this.question.hidden = true;
          this.composer.input.focus();
          action();
        }),
        stay);
      this.question.hidden = false;
      stay.focus();
    }

    answered() {
      this.question.hidden = true;
      this.opener.focus();
    }

    /* A link leads to a chat: is it the patient's? It may be somebody else's, who then reads along. */
    async askAboutLink() {
      const { conversation, linked, strings } = this;
      this.linked = null;
      if (conversation.isOpen(linked)) return;
      const began = await conversation.dayOf(linked).catch(() => undefined);
      if (!began) return this.tell(strings.link_over);
      const date = new Date(began).toLocaleDateString(this.settings.language, { dateStyle: "long" });
      this.ask(this.composer.input, fill(strings.link_question, { date }), strings.link_open, () => conversation.moveTo(linked), strings.link_stay);
    }

    async delete() {
      try {
        await this.conversation.delete();
        this.append(drawNotice(this.strings.deleted));
      } catch {
        this.tell(this.strings.not_deleted);
      }
    }

    async download() {
      try {
        const address = URL.createObjectURL(await this.conversation.transcript());
        make("a", { href: address, download: this.strings.file_name }).click();
        setTimeout(() => URL.revokeObjectURL(address), 60_000);
        this.tell(this.strings.downloaded, 4000);
      } catch {
        this.tell(this.strings.not_downloaded);
      }
    }
  }

  customElements.define("ims-chat", ImsChat);
}

/* <ims-chat>: the launcher and the panel, in a Shadow DOM so that the page's styles and ours stay apart. */

import { isAlarm } from "./alarms.js";
import { Composer } from "./composer.js";
import { drawConsent } from "./consent.js";
import { Conversation } from "./conversation.js";
import { button, drawMark, fill, icon, make } from "./dom.js";
import { fitToScreen } from "./fit.js";
import { followedLink, Handoff } from "./handoff.js";
import { Launcher } from "./launcher.js";
import { Looks, StaysOpen } from "./looks.js";
import { Menu } from "./menu.js";
import { drawNotice, noticeText } from "./messages.js";
import { Moments } from "./moments.js";
import { Question } from "./question.js";
import { Session } from "./session.js";
import { readSettings, readSuggestions } from "./settings.js";
import { Status } from "./status.js";
import { styles } from "./styles.js";
import { Transcript } from "./transcript.js";

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
      this.strings = {
        ...settings.strings,
        mark: () => drawMark(settings.mark, settings.logo && new URL(settings.logo, home)),
        sites: [home.host, location.host, ...settings.sites],
        locale: settings.language,
        answers_language: settings.language === "en" ? null : "en",
      };
      const { strings } = this;
      const shadow = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(styles);
      shadow.adoptedStyleSheets = [sheet];
      // The clinic's colours, below whatever the page itself sets on <ims-chat>.
      const host = [...sheet.cssRules].find((rule) => rule.selectorText === ":host").style;
      for (const [name, value] of Object.entries(settings.theme ?? {})) host.setProperty(`--ims-${name.replaceAll("_", "-")}`, value);

      const { conversation } = this;
      const { requests } = conversation;
      const focusField = () => this.composer.input.focus();
      const fromField = (act) => (key) => {
        focusField();
        act(key);
      };
      this.launcher = new Launcher(strings, () => this.open());
      this.heard = make("p", { class: "heard", role: "status" });
      this.status = new Status(strings);
      this.transcript = new Transcript(strings, home, this.status, this.words("kept"), {
        choose: (taken) => this.choose(taken),
        rate: (...given) => requests.rate(...given),
        retry: fromField((key) => conversation.retry(key)),
        discard: fromField((key) => conversation.discard(key)),
      });
      this.composer = new Composer(strings, () => readSuggestions(home), settings.message_limit, {
        send: (text) => conversation.send({ text }),
        say: (text) => this.heard.replaceChildren(text),
        tell: (...given) => this.status.tell(...given),
        typed: (text) => this.moments.typed(text),
      });
      this.moments = new Moments(requests, strings, this.transcript);
      this.handoff = new Handoff(requests, strings, home, () => this.transcript.settle());
      this.question = new Question(strings, focusField);
      requests.language = settings.language;
      this.person = make(
        "button",
        { type: "button", class: "person", onclick: () => this.conversation.send({ choice: "person", label: strings.person_message }) },
        icon("person"),
        make("span", { text: strings.person }),
      );
      this.menu = new Menu(strings, [
        {
          name: "start_over",
          picture: "restart",
          text: strings.start_over,
          act: (opener) => this.question.ask(opener, strings.start_over_question, strings.confirm, () => this.conversation.startOver()),
        },
        { name: "questions", picture: "sheet", text: strings.questions, label: strings.questions_label, act: () => requests.openSheet("questions") },
        { name: "download", picture: "download", text: strings.download, label: strings.download_label, act: () => this.download() },
        {
          name: "delete",
          picture: "trash",
          text: strings.delete,
          label: strings.delete_label,
          act: (opener) => this.question.ask(opener, strings.delete_question, strings.delete_confirm, () => this.delete()),
        },
      ]);
      this.chat = make(
        "div",
        { class: "talk" },
        this.transcript.element,
        this.transcript.reading.element,
        this.status.line,
        this.status.countdown,
        this.question.element,
        this.handoff.element,
        this.composer.element,
      );
      this.consent = drawConsent(
        strings,
        this.words("consent_kept"),
        () => this.agree(),
        () => this.close(),
      );
      this.panel = make(
        "section",
        { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", lang: settings.language, hidden: true },
        make(
          "div",
          { class: "head" },
          make("span", { class: "logo", "aria-hidden": "true" }, strings.mark()),
          make("h2", { id: "title", text: strings.title }),
          this.person,
          this.menu.element,
          make("button", { type: "button", class: "round", "aria-label": strings.close, onclick: () => this.close() }, icon("close")),
        ),
        make("p", { class: "safety" }, make("a", { href: `tel:${settings.emergency}`, text: strings.not_emergency })),
        this.consent,
        this.chat,
      );
      this.root = make("div", { class: "root", lang: settings.language }, this.heard, this.launcher.element, this.panel);
      shadow.append(this.root);
      this.looks = new Looks(this, this.root);
      this.staysOpen = new StaysOpen(home.origin);
      this.looks.rise();
      document.addEventListener("click", (event) => this.openByLink(event));
      fitToScreen(this.root, () => this.panel.hidden || this.transcript.settle());
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
      const { conversation, strings, transcript } = this;
      const on = (name, act) => conversation.addEventListener(name, ({ detail }) => act(detail));
      on("event", (event) => this.show(event));
      on("caught-up", () => {
        const back = () => conversation.goBack();
        if (conversation.hasEarlier) transcript.append(drawNotice(strings.link_earlier, button("link", strings.link_back, back)));
        transcript.scroll();
      });
      on("queue", (queue) => this.showQueue(queue));
      on("connection", (connected) => this.status.tell(connected ? strings.reconnected : strings.offline, connected ? 4000 : 0));
      on("moment", (now) => this.moments.show(now));
      on("notice", (detail) => this.notice(detail));
      on("reset", () => {
        transcript.clear();
        this.handoff.reset();
        this.moments.forget();
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
      this.launcher.stand(true);
      this.panel.setAttribute("aria-modal", String(matchMedia(COVERS_PAGE).matches));
      this.consent.hidden = this.agreed;
      for (const part of [this.chat, this.person, this.menu.element]) part.hidden = !this.agreed;
      if (!this.agreed) return;
      if (this.linked) this.askAboutLink();
      this.conversation.start();
      this.showQueue(this.conversation.queue);
      this.session.write({ read: Math.max(this.transcript.drawn, this.session.read().read ?? 0) });
      this.moments.read(this.transcript.drawn);
      this.showUnread();
      this.composer.measure();
      this.transcript.scroll();
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
      this.launcher.stand(false);
      if (this.root.dataset.launcher === "none") this.cameFrom?.focus();
      else this.launcher.element.focus();
      this.report("close");
    }

    /* Escape closes; F6 goes from anywhere to the field, and from there to the conversation. Where the panel covers the
       page, Tab stays inside, because what is behind cannot be seen. */
    key(event) {
      if (event.key === "Escape") {
        if (this.question.open) this.question.drop();
        else this.close();
      } else if (event.key === "F6") {
        event.preventDefault();
        (this.shadowRoot.activeElement === this.composer.input ? this.transcript.element : this.composer.input).focus();
      } else if (event.key === "Tab" && matchMedia(COVERS_PAGE).matches) {
        const stops = [...this.panel.querySelectorAll("a, button, textarea, input, summary, [tabindex='0']")].filter(
          (stop) => stop.checkVisibility() && !stop.matches(":disabled"),
        );
        const edge = event.shiftKey ? stops[0] : stops.at(-1);
        if (this.shadowRoot.activeElement === edge) {
          event.preventDefault();
          (event.shiftKey ? stops.at(-1) : stops[0]).focus();
        }
      }
    }

    notice(detail) {
      const text = noticeText(this.strings, detail);
      if (detail.key === "rate_limited") {
        this.status.tell(text, 1000);
        this.status.countDown(detail.values.seconds);
      } else if (detail.key === "trouble") this.status.tell(text);
      else this.transcript.append(drawNotice(text));
    }

    /* What a patient takes: a button, or the answer of a card. */
    choose({ id, label, text, card, from, opens }) {
      if (opens === "sheet") return this.conversation.requests.openSheet(opens);
      if (from) this.transcript.follow();
      this.conversation.send({ choice: id, label: label ?? text, text, card });
    }

    show(event) {
      const alarm = isAlarm(event);
      const live = !event.history;
      // Danger must be seen, also by whoever closed the chat meanwhile.
      if (alarm && live && this.panel.hidden) this.showPanel();
      this.panel.classList.toggle("alarmed", alarm);
      this.handoff.heard(event);
      this.moments.heard(event);
      this.transcript.show(event, this.handoff.person);
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
      if (!this.panel.hidden && event.role !== "patient") this.moments.read(event.seq);
    }

    /* How many replies came while the chat was closed, on the button that opens it. */
    showUnread() {
      const read = this.session.read().read ?? 0;
      const count = this.transcript.unread(read);
      this.launcher.count(this.panel.hidden ? count : 0);
      if (!count) this.heard.textContent = "";
    }

    showQueue(queue) {
      this.transcript.showQueue(queue);
      this.showUnread(); // it may have been read in another tab
    }

    /* A link leads to a chat: is it the patient's? It may be somebody else's, who then reads along. */
    async askAboutLink() {
      const { conversation, linked, strings } = this;
      this.linked = null;
      if (conversation.isOpen(linked)) return;
      const began = await conversation.requests.dayOf(linked).catch(() => undefined);
      if (!began) return this.status.tell(strings.link_over);
      const date = new Date(began).toLocaleDateString(this.settings.language, { dateStyle: "long" });
      this.question.ask(this.composer.input, fill(strings.link_question, { date }), strings.link_open, () => conversation.moveTo(linked), strings.link_stay);
    }

    async delete() {
      try {
        await this.conversation.delete();
        this.transcript.append(drawNotice(this.strings.deleted));
      } catch {
        this.status.tell(this.strings.not_deleted);
      }
    }

    async download() {
      try {
        const address = URL.createObjectURL(await this.conversation.requests.transcript());
        make("a", { href: address, download: this.strings.file_name }).click();
        setTimeout(() => URL.revokeObjectURL(address), 60_000);
        this.status.tell(this.strings.downloaded, 4000);
      } catch {
        this.status.tell(this.strings.not_downloaded);
      }
    }
  }

  customElements.define("ims-chat", ImsChat);
}

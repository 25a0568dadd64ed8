// One chat: what is said appears by itself; a reply is sent once, whatever the connection does.
import { lookUp, more, unsigned } from "./answers.js";
import { draft, keepFields, sent } from "./drafts.js";
import { markDrafts, refreshList } from "./inbox.js";
import { inTurn, listen, signedOut } from "./live.js";
import { Moments } from "./moments.js";
import { all, element, one, send } from "./page.js";

const { chat, me } = one("main").dataset;
const base = `/desk/chats/${encodeURIComponent(chat)}`;
const log = one("#log");
const lines = one("ol", log);
const form = one("#reply");
const text = one("#text");
const sendButton = one("button:not([type])", form);
const replyState = one("#reply-state");
const told = one("#told");
const topics = new Map(); // of the answers that were put into the reply: name and title
const kept = draft(me, chat, "reply");

// what is said, and who has the chat

const last = () => Number(all("[data-seq]", lines).at(-1)?.dataset.seq ?? 0);
const refresh = inTurn(async () => {
  await refreshLog();
  await refreshState();
  await refreshList();
});

async function refreshLog() {
  const seen = document.visibilityState === "visible" && document.hasFocus();
  const reply = await fetch(`${base}/log?after=${last()}${seen ? "&seen=true" : ""}`);
  if (reply.status === 401) return signedOut();
  if (reply.status === 404) return location.reload();
  if (!reply.ok) throw new Error("the log could not be read");
  const parsed = new DOMParser().parseFromString(`<ol>${await reply.text()}</ol>`, "text/html");
  const fresh = all("li", parsed).filter((line) => "day" in line.dataset || Number(line.dataset.seq) > last());
  if (!fresh.length) return;
  lines.append(...fresh);
  moments.lineCame(all("[data-seq]", lines).at(-1));
  if (atEnd) log.scrollTop = log.scrollHeight;
}

async function refreshState() {
  const reply = await fetch(`${base}/state`);
  if (!reply.ok) return;
  const parsed = new DOMParser().parseFromString(await reply.text(), "text/html");
  renewPart(one("#actions"), one(".actions", parsed));
  renewPart(one("#state"), one(".state", parsed));
}

// New content for a part; what is written and opened in it stays, and so does the focus.
function renewPart(part, fresh) {
  const shown = part.firstElementChild;
  if (fresh.dataset.version === shown.dataset.version) return;
  const written = all("textarea, input[name=what], select", part).map((field) => [field.name, field.value]);
  const opened = all("details[open] > summary", part).map((summary) => summary.textContent);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const same = focused && [focused.name, focused.textContent];
  shown.replaceWith(document.adoptNode(fresh));
  for (const summary of all("details > summary", part)) summary.parentElement.open = opened.includes(summary.textContent);
  for (const [name, value] of written) {
    const field = one(`[name="${name}"]`, part);
    if (field && value) field.value = value;
  }
  if (focused) (one(`[name="${same[0]}"]`, part) ?? all("button, a, summary", part).find((it) => it.textContent === same[1]))?.focus();
  keepFields(part, me, chat);
  if (fresh.dataset.mine) mine(fresh.dataset.mine === "1", fresh.dataset.who);
}

function mine(is, who) {
  if (text.readOnly === !is) return;
  text.readOnly = sendButton.disabled = !is;
  replyState.textContent = is ? "" : "Take the chat to reply.";
  if (is || !text.value.trim()) return;
  const has = who ? `${who} has this chat now.` : "This chat is back in the queue.";
  tell(`${has} Your reply was not sent. It is kept here: take the chat to send it.`);
}

function tell(words) {
  told.textContent = words;
  told.hidden = !words;
}

const moments = new Moments(one("#moment"), () => send(`${base}/moment`, { writing: true }));
moments.lineCame(all("[data-seq]", lines).at(-1));
text.addEventListener("input", () => moments.typed(text.value));

// Who reads the end stays there, also when the reply box grows or a message comes.
let atEnd = true;
log.addEventListener("scroll", () => {
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
});
new ResizeObserver(() => {
  if (atEnd) log.scrollTop = log.scrollHeight;
}).observe(log);
listen(refresh, chat, (now) => moments.show(now));
addEventListener("focus", refresh); // what came while nobody looked is read now

// what is begun stays

if (!text.value) text.value = kept.get();
text.addEventListener("input", () => {
  kept.put(text.value);
  markDrafts();
});
for (const part of all("#actions, #state")) keepFields(part, me, chat);
if (!text.readOnly && text.value) text.setSelectionRange(text.value.length, text.value.length);
document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    one("summary", menu).focus();
  } else if (event.target === text) one("#log").focus(); // so that single keys work again
});

// Buttons that change something: without a connection, or a session, the page and what is written on it stay.
document.addEventListener("submit", async (event) => {
  const { target } = event;
  if (event.defaultPrevented || !target.closest("#actions, #state")) return;
  event.preventDefault();
  try {
    const here = await fetch("/desk/here");
    if (here.status === 401) return signedOut();
  } catch {
    return tell("The connection is lost, and nothing was changed. Please try again.");
  }
  sent(target);
  target.submit();
});

// the reply

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sendButton.disabled) return;
  sendButton.disabled = true;
  replyState.textContent = "Sending ...";
  const said = text.value;
  try {
    const fields = [["text", said], ["key", form.elements.key.value], ...[...topics.keys()].map((name) => ["topics", name])];
    const reply = await send(`${base}/reply`, fields);
    if (reply.status === 401) {
      signedOut();
      throw new Error("Not sent: you are signed out.");
    }
    const body = await reply.json();
    if (!reply.ok) throw new Error(body.error.message);
    form.elements.key.value = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    if (text.value === said) text.value = "";
    kept.put(text.value);
    moments.sent();
    tell("");
    topics.clear();
    showUsed();
    hint();
    replyState.textContent = "Sent.";
    refresh();
  } catch (error) {
    // The key stays: if it did arrive, sending it again says it only once.
    replyState.textContent = error instanceof TypeError ? "Not sent: the connection is lost. Press Send again." : error.message;
  } finally {
    sendButton.disabled = text.readOnly;
    text.focus();
  }
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

function insert(words, names) {
  if (text.readOnly) {
    replyState.textContent = "Take the chat to reply.";
    return;
  }
  text.value = text.value.trim() ? `${text.value.trimEnd()}\n\n${words}` : words;
  for (const [name, title] of names) topics.set(name, title);
  kept.put(text.value);
  showUsed();
  hint();
  text.focus();
}

function showUsed() {
  one("#used").textContent = topics.size ? `Answers in this reply: ${[...topics.values()].join(", ")}` : "";
  one("#handout").hidden = !topics.size;
}

let timer = 0;
function hint() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      const reply = await send("/desk/hints", { text: text.value });
      if (!reply.ok) return;
      const { hints } = await reply.json();
      one("#hints").replaceChildren(...hints.map((it) => element("li", `${it.about} ${it.advice}`)));
    } catch {
      // Hints can wait.
    }
  }, 400);
}
text.addEventListener("input", () => {
  if (!text.value.trim()) {
    topics.clear();
    showUsed();
  }
  hint();
});

// what helps to write it

one("#draft").hidden = false;
one("#draft").addEventListener("click", async () => {
  replyState.textContent = "The assistant is thinking ...";
  try {
    const reply = await send(`${base}/draft`, {});
    const body = await reply.json();
    if (!reply.ok) throw new Error(body.error.message);
    replyState.textContent = "A draft: read it, change it, then send it.";
    insert(
      body.text,
      body.topics.map((name) => [name, name.replaceAll("_", " ")]),
    );
  } catch (error) {
    replyState.textContent = error instanceof TypeError ? "The connection is lost. Please try again." : error.message;
  }
});

one("#handout").addEventListener("click", async () => {
  const chosen = new URLSearchParams([...topics.keys()].map((name) => ["topics", name]));
  try {
    const { link } = await (await fetch(`/desk/handout?${chosen}`)).json();
    if (link) insert(link, []);
  } catch {
    replyState.textContent = "The connection is lost. Please try again.";
  }
});

for (const ready of all("#ready button")) {
  ready.addEventListener("click", () => {
    one("#ready").open = false;
    insert(ready.dataset.text, []);
  });
}

lookUp(one("#find"), one("#found"), (answer) => {
  const item = element("li");
  const buttons = element("div", "", { class: "buttons" });
  const insertIt = element("button", "Insert", { type: "button", class: "plain", "aria-label": `Insert: ${answer.title}` });
  const title = answer.reviewed ? answer.title : `${answer.title} (not signed by a physio)`;
  insertIt.addEventListener("click", () => insert(answer.short, [[answer.topic, title]]));
  const link = element("button", "Add link", { type: "button", class: "plain", "aria-label": `Add link: ${answer.title}` });
  link.addEventListener("click", () => insert(answer.link, [[answer.topic, title]]));
  buttons.append(insertIt, link);
  const said = element("p", answer.short, { class: "said" });
  item.append(element("h3", answer.title), ...unsigned(answer), said, ...more(answer), buttons);
  return item;
});

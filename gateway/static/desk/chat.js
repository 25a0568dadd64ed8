// One chat: what is said appears by itself; a reply is sent once, whatever the connection does.
import { lookUp, more } from "./answers.js";
import "./keys.js";
import { inTurn, listen } from "./live.js";
import { element, one, send } from "./page.js";

const chat = one("main").dataset.chat;
const base = `/desk/chats/${encodeURIComponent(chat)}`;
const log = one("#log");
const lines = one("ol", log);
const side = one("#state");
const form = one("#reply");
const text = one("#text");
const sendButton = one("button:not([type])", form);
const replyState = one("#reply-state");
const topics = new Map(); // of the answers that were put into the reply: name and title

// what is said, and who has the chat

const last = () => Number(lines.lastElementChild?.dataset.seq ?? 0);
const refresh = inTurn(async () => {
  await refreshLog();
  await refreshState();
});

async function refreshLog() {
  const reply = await fetch(`${base}/log?after=${last()}`);
  if (reply.status === 401 || reply.status === 404) return location.reload();
  if (!reply.ok) return;
  const parsed = new DOMParser().parseFromString(`<ol>${await reply.text()}</ol>`, "text/html");
  const fresh = [...parsed.querySelectorAll("li")].filter((line) => Number(line.dataset.seq) > last());
  if (!fresh.length) return;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  lines.append(...fresh);
  if (atEnd) log.scrollTop = log.scrollHeight;
}

async function refreshState() {
  const reply = await fetch(`${base}/state`);
  if (!reply.ok) return;
  const parsed = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = one(".state", parsed);
  const shown = one(".state", side);
  if (fresh.dataset.version === shown.dataset.version) return;
  const written = [...side.querySelectorAll("textarea")].map((field) => [field.name, field.value]);
  const opened = [...side.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
  const focused = side.contains(document.activeElement) ? document.activeElement.name : null;
  shown.replaceWith(document.adoptNode(fresh));
  for (const summary of side.querySelectorAll("details > summary")) summary.parentElement.open = opened.includes(summary.textContent);
  for (const [name, value] of written) {
    const field = one(`textarea[name="${name}"]`, side);
    if (field && value) field.value = value;
  }
  if (focused) one(`[name="${focused}"]`, side)?.focus();
  mine(fresh.dataset.mine === "1");
}

function mine(is) {
  if (text.disabled === !is) return;
  text.disabled = sendButton.disabled = !is;
  replyState.textContent = is ? "" : "Take the chat to reply.";
}

log.scrollTop = log.scrollHeight;
listen(refresh, chat);
setInterval(refresh, 60_000); // the wait is in minutes

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
    const body = await reply.json();
    if (!reply.ok) throw new Error(body.error.message);
    form.elements.key.value = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    if (text.value === said) text.value = "";
    topics.clear();
    showUsed();
    hint();
    replyState.textContent = "Sent.";
    refresh();
  } catch (error) {
    // The key stays: if it did arrive, sending it again says it only once.
    replyState.textContent = error instanceof TypeError ? "Not sent: the connection is lost. Press Send again." : error.message;
  } finally {
    sendButton.disabled = text.disabled;
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
  if (text.disabled) {
    replyState.textContent = "Take the chat to reply.";
    return;
  }
  text.value = text.value.trim() ? `${text.value.trimEnd()}\n\n${words}` : words;
  for (const [name, title] of names) topics.set(name, title);
  showUsed();
  hint();
  text.focus();
}

function showUsed() {
  one("#used").textContent = topics.size ? `Reviewed answers in this reply: ${[...topics.values()].join(", ")}` : "";
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

const draft = one("#draft");
draft.hidden = false;
draft.addEventListener("click", async () => {
  replyState.textContent = "The assistant is thinking ...";
  try {
    const reply = await send(`${base}/draft`, {});
    const body = await reply.json();
    if (!reply.ok) throw new Error(body.error.message);
    replyState.textContent = "A draft: read it, change it, then send it.";
    insert(body.text, body.topics.map((name) => [name, name.replaceAll("_", " ")]));
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

lookUp(one("#find"), one("#found"), (answer) => {
  const item = element("li");
  const buttons = element("div", "", { class: "buttons" });
  const put = element("button", "Insert", { type: "button", class: "plain", "aria-label": `Insert: ${answer.title}` });
  put.addEventListener("click", () => insert(answer.short, [[answer.topic, answer.title]]));
  const link = element("button", "Add link", { type: "button", class: "plain", "aria-label": `Add link: ${answer.title}` });
  link.addEventListener("click", () => insert(answer.link, [[answer.topic, answer.title]]));
  buttons.append(put, link);
  item.append(element("h3", answer.title), element("p", answer.short), ...more(answer), buttons);
  return item;
});

// Hears that something is new, and rings: by sound (also while the page has the focus), by title, by a notification.
// Each thing that rings has a name and rings once, in one tab of a browser; an alarm rings until somebody opens it. The
// message never says what anybody wrote. After a sleep the stream begins again and its first message brings all up to date.
import { element, one, remember, remembered } from "./page.js";

const title = document.title;
const sound = one("#sound");
const notify = one("#notify");
const notifyState = one("#notify-state");
const live = one("#live");
let audio = null;
let rings = !navigator.locks; // whether this is the tab that rings; where browsers cannot agree on one, each does
let lastRing = 0;

sound.checked = remembered("sound", "on") === "on";
sound.addEventListener("change", () => {
  remember("sound", sound.checked ? "on" : "off");
  if (sound.checked) beep();
});
// Browsers let a page sound only after somebody has used it.
function allowSound() {
  audio ??= new AudioContext();
  audio.resume();
}
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, allowSound, { once: true });

function beep() {
  if (!sound.checked || !audio) return;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.connect(volume).connect(audio.destination);
  const now = audio.currentTime;
  tone.frequency.setValueAtTime(660, now);
  tone.frequency.setValueAtTime(880, now + 0.15);
  volume.gain.setValueAtTime(0.2, now);
  volume.gain.exponentialRampToValueAtTime(0.001, now + 0.45);
  tone.start(now);
  tone.stop(now + 0.5);
}

function showPermission() {
  const state = globalThis.Notification?.permission ?? "denied";
  notify.hidden = state !== "default";
  notifyState.textContent =
    state === "denied" ? "Your browser refuses notifications here: sound and the title still tell you." : state === "granted" ? "Notifications are on." : "";
}
notify.addEventListener("click", async () => {
  try {
    await Notification.requestPermission();
  } finally {
    showPermission();
  }
});
showPermission();

navigator.locks?.request("desk rings", () => {
  rings = true;
  return new Promise(() => {}); // until the tab is closed
});

function ring(text) {
  document.body.dataset.rang = Number(document.body.dataset.rang ?? 0) + 1;
  live.textContent = text;
  beep();
  if (globalThis.Notification?.permission === "granted" && document.hidden) {
    try {
      new Notification(title, { body: text, tag: "ims-desk", renotify: true });
    } catch {
      // Some phones know notifications from service workers only.
    }
  }
}

// The worst first: of several new things the first is said.
const WORDS = {
  alarm: "Someone used words of an emergency. Please look now.",
  fault: "A part of the assistant does not work. The list of chats says which.",
  waiting: "A patient waits for a person.",
  wrote: "A patient wrote to you.",
  late: "A patient has waited too long.",
  look: "There is something to look at in a chat.",
};
const KEPT = 300; // names of what has rung, for all tabs of this browser

function heard({ count, rings: now, every }) {
  document.title = count ? `(${count}) ${title}` : title;
  if (!rings) return;
  const rung = remembered("rung", null)?.split(" ");
  const fresh = now.filter(({ id }) => rung && !rung.includes(id));
  const alarms = now.filter(({ what }) => what === "alarm");
  const again = alarms.length && Date.now() - lastRing > every * 900;
  if (!rung || fresh.length) remember("rung", [...(rung ?? []), ...(rung ? fresh : now).map(({ id }) => id)].slice(-KEPT).join(" "));
  if (!fresh.length && !again) return;
  lastRing = Date.now();
  ring(WORDS[Object.keys(WORDS).find((what) => (again ? now : fresh).some((it) => it.what === what))]);
}

/* The work as something to call at any time: it runs once at a time, and once more if it was called meanwhile. */
export function inTurn(work) {
  let running = false;
  let again = false;
  return async function run() {
    again = running;
    if (running) return;
    running = true;
    try {
      await work();
    } catch {
      setTimeout(run, 2000); // what the stream told of is read as soon as it can be
    } finally {
      running = false;
      if (again) run();
    }
  };
}

async function again(...given) {
  const reply = await fetch("/desk/here").catch(() => null);
  if (reply?.status === 401) signedOut();
  else setTimeout(() => listen(...given), 3000);
}

/* The session has ended: it is said, with the way back to this page. Nothing is reloaded, so what is written stays. */
export function signedOut() {
  if (one("#signed-out")) return;
  const back = element("a", "Sign in again", { href: `/staff/login?next=${encodeURIComponent(location.pathname)}` });
  const bar = element("p", "You are signed out. What you were writing is kept. ", { id: "signed-out", class: "notice", role: "alert" });
  bar.append(back);
  one("main").prepend(bar);
}

/* `onNews` is called when something is new, `onMoment` with what the patient does now: {writing, seen}. */
export function listen(onNews, chat = "", onMoment = () => {}) {
  const stream = new EventSource(`/desk/events?chat=${encodeURIComponent(chat)}`);
  stream.addEventListener("message", (event) => {
    heard(JSON.parse(event.data));
    document.body.classList.remove("cut-off");
    onNews();
  });
  stream.addEventListener("moment", (event) => onMoment(JSON.parse(event.data)));
  stream.addEventListener("out", () => {
    stream.close();
    signedOut();
  });
  stream.addEventListener("error", () => {
    document.body.classList.add("cut-off");
    live.textContent = "The connection is lost. Trying again ...";
    if (stream.readyState === EventSource.CLOSED) again(onNews, chat, onMoment);
  });
  stream.addEventListener("open", () => {
    if (live.textContent.startsWith("The connection")) live.textContent = "Connected again.";
  });
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

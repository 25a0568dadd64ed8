// Hears that something is new, and rings: by sound (also while the page has the focus), by title, by a notification.
// The message says only how many wait. After a sleep the stream begins anew and its first message brings all up to date.
import { one, remember, remembered } from "./page.js";

const title = document.title;
const sound = one("#sound");
const notify = one("#notify");
const notifyState = one("#notify-state");
const live = one("#live");
let audio = null;
let known = null;

sound.checked = remembered("sound", "on") === "on";
sound.addEventListener("change", () => {
  remember("sound", sound.checked ? "on" : "off");
  if (sound.checked) beep();
});
// Browsers let a page sound only after somebody has used it.
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => (audio ??= new AudioContext()).resume(), { once: true });

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

function ring(text) {
  document.body.dataset.rang = Number(document.body.dataset.rang ?? 0) + 1;
  live.textContent = text;
  beep();
  if (globalThis.Notification?.permission === "granted" && document.hidden) {
    try {
      new Notification(title, { body: text, tag: "ims-desk" });
    } catch {
      // Some phones know notifications from service workers only.
    }
  }
}

function heard(now) {
  const count = now.waiting + now.mine;
  document.title = count ? `(${count}) ${title}` : title;
  if (known) {
    if (now.alarms > known.alarms) ring("Someone used words of an emergency. Please look now.");
    else if (now.waiting > known.waiting) ring("A patient waits for a person.");
    else if (now.mine > known.mine) ring("A patient wrote to you.");
    else if (now.late > known.late) ring("A patient has waited too long.");
  }
  known = now;
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
      // No connection: the stream says when it works again.
    } finally {
      running = false;
      if (again) run();
    }
  };
}

export function listen(onNews, chat = "") {
  const stream = new EventSource(`/desk/events?chat=${encodeURIComponent(chat)}`);
  stream.addEventListener("message", (event) => {
    heard(JSON.parse(event.data));
    document.body.classList.remove("cut-off");
    onNews();
  });
  stream.addEventListener("out", () => location.reload());
  stream.addEventListener("error", () => {
    document.body.classList.add("cut-off");
    live.textContent = "The connection is lost. Trying again ...";
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => listen(onNews, chat), 3000);
  });
  stream.addEventListener("open", () => {
    if (live.textContent.startsWith("The connection")) live.textContent = "Connected again.";
  });
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

// What somebody has begun to write stays through a reload, another chat, a lost claim and a session that has ended. It
// is kept in this tab alone, for the person who wrote it, until it is sent or they sign out.
import { all, one } from "./page.js";

const PREFIX = "desk draft";
const shelf = (() => {
  try {
    sessionStorage.getItem(PREFIX);
    return sessionStorage;
  } catch {
    return { getItem: () => null, setItem() {}, removeItem() {}, key: () => null, length: 0 };
  }
})();

const keys = () => Array.from({ length: shelf.length }, (_, at) => shelf.key(at)).filter((key) => key.startsWith(PREFIX));

/* Keeps what is written in one place: `put` an empty text to forget it. */
export function draft(me, chat, place) {
  for (const key of keys()) if (!key.startsWith(`${PREFIX} ${me} `)) shelf.removeItem(key);
  const key = `${PREFIX} ${me} ${chat} ${place}`;
  return {
    get: () => shelf.getItem(key) ?? "",
    put: (text) => (text.trim() ? shelf.setItem(key, text) : shelf.removeItem(key)),
  };
}

/* The chats in which this person has begun a reply. */
export const draftsOf = (me) =>
  new Set(
    keys()
      .filter((key) => key.startsWith(`${PREFIX} ${me} `) && key.endsWith(" reply"))
      .map((key) => key.split(" ")[3]),
  );

/* Keeps every field that is marked for it, and puts back what was begun. */
export function keepFields(root, me, chat) {
  for (const field of all("[data-keep]", root)) {
    const kept = draft(me, chat, field.form.getAttribute("action"));
    if (!field.value) field.value = kept.get();
    if (field.value) field.closest("details")?.setAttribute("open", "");
    field.addEventListener("input", () => kept.put(field.value));
  }
}

/* This form was sent: what it kept goes once the next page shows that it was done. */
export const sent = (form) => shelf.setItem("desk sent", form.getAttribute("action"));
if (!new URLSearchParams(location.search).has("problem")) {
  for (const key of keys()) if (key.endsWith(` ${shelf.getItem("desk sent")}`)) shelf.removeItem(key);
}
shelf.removeItem("desk sent");

one("form[action='/staff/logout']")?.addEventListener("submit", () => {
  for (const key of keys()) shelf.removeItem(key);
});

/* What the patient agrees to before the first word is sent. */

import { button, make } from "./dom.js";
import { formatted } from "./text.js";

/* Text whose phone numbers can be tapped. */
const reachable = (text) =>
  formatted(
    text,
    (text.match(/\d[\d-]{6,}\d/g) ?? []).map((number) => ({ kind: "tel", text: number, href: `tel:${number}` })),
  );

export const drawConsent = (strings, kept, agree, decline) =>
  make(
    "div",
    { class: "consent", hidden: true, tabindex: "-1", role: "group", "aria-labelledby": "consent-title" },
    make("h3", { id: "consent-title", text: strings.consent_title }),
    make("p", { text: kept }),
    make("p", { text: strings.consent_who }),
    ...reachable(strings.consent_choice),
    make("div", { class: "buttons" }, button("button primary", strings.consent_agree, agree), button("button", strings.consent_decline, decline)),
  );

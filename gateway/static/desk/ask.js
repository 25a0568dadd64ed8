// Answers for the phone: found while the caller speaks.
import { lookUp, more, unsigned } from "./answers.js";
import "./keys.js";
import { element, one } from "./page.js";

lookUp(
  one("#find"),
  one("#found"),
  (answer) => {
    const item = element("li");
    const link = element("p");
    link.append(element("a", `Page for the patient: ${answer.title}`, { href: answer.link }));
    const said = element("p", answer.short, { class: "said" });
    item.append(element("h2", answer.title), ...unsigned(answer), said, ...more(answer), link);
    return item;
  },
  one("#live"),
);

// Answers for the phone: found while the caller speaks.
import { lookUp, more } from "./answers.js";
import "./keys.js";
import { element, one } from "./page.js";

lookUp(
  one("#find"),
  one("#found"),
  (answer) => {
    const item = element("li");
    const link = element("p");
    link.append(element("a", `Page for the patient: ${answer.title}`, { href: answer.link }));
    item.append(element("h2", answer.title), element("p", answer.short), ...more(answer), link);
    return item;
  },
  one("#live"),
);

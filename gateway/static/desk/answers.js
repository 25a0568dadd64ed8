// Looking up answers while somebody types.
import { element, one } from "./page.js";

export function lookUp(form, list, show, said = null) {
  const field = one("[name=q]", form);
  let wanted = 0;
  const find = async () => {
    const mine = ++wanted;
    const typed = field.value.trim();
    try {
      const reply = await fetch(`/desk/answers?q=${encodeURIComponent(typed)}`);
      if (!reply.ok || mine !== wanted) return;
      const { answers } = await reply.json();
      list.replaceChildren(...answers.map(show));
      if (said) said.textContent = typed ? `${answers.length} found` : "";
    } catch {
      if (said) said.textContent = "The connection is lost. Please try again.";
    }
  };
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
}

export const unsigned = (answer) => (answer.reviewed ? [] : [element("p", "No physio has signed this answer yet.", { class: "unsigned" })]);

export function more(answer) {
  const details = element("details");
  details.append(element("summary", `More about: ${answer.title}`), element("p", answer.more, { class: "said" }));
  return answer.more ? [details] : [];
}

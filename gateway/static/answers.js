// Buttons that need a script: copy the address of a page, print it, count what is chosen for a handout.
const said = document.querySelector(".said");

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      said.textContent = "The link is copied.";
    } catch {
      said.textContent = "The link could not be copied. It stands above the button.";
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

for (const form of document.querySelectorAll("[data-most]")) {
  const most = Number(form.dataset.most);
  const count = () => {
    const chosen = form.querySelectorAll(":checked").length;
    const status = form.querySelector("[role=status]");
    status.textContent = chosen > most ? `${chosen} chosen, at most ${most} fit` : `${chosen} of ${most} chosen`;
    status.classList.toggle("too-many", chosen > most);
  };
  form.addEventListener("change", count);
  count();
}

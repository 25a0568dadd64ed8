// What every module of the desk needs: find one element, send a form with the page's token, remember a choice.
export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const csrf = one("meta[name=csrf]").content;

export const send = (path, fields, headers = {}) =>
  fetch(path, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "X-CSRF-Token": csrf, Accept: "application/json", ...headers },
  });

// New content for a part of the page; who stands on one of its buttons or links stays there.
export const renew = (part, html) => {
  const had = part.contains(document.activeElement) && document.activeElement.textContent;
  part.innerHTML = html;
  if (had)
    all("a, button", part)
      .find((each) => each.textContent === had)
      ?.focus();
};

export const remembered = (name, usual) => {
  try {
    return localStorage.getItem(`desk ${name}`) ?? usual;
  } catch {
    return usual;
  }
};
export const remember = (name, value) => {
  try {
    localStorage.setItem(`desk ${name}`, value);
  } catch {
    // It then holds for this page alone.
  }
};

export const element = (name, text = "", attributes = {}) => {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

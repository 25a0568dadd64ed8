// The one-time code stands after the # of the link, where no server sees it; it is taken out of the address bar too.
const code = location.hash.slice(1);
if (code) {
  document.querySelector("[name=code]").value = code;
  history.replaceState(null, "", location.pathname);
  document.querySelector("[name=password]").focus();
}

/* One tag puts the chat on a page:  <script src="https://your-clinic/widget.js" async></script>
   This loader finds out where it came from and fetches the chat from there; nothing else is requested. */
(() => {
  const home = new URL(".", document.currentScript.src);
  import(new URL("widget/element.js", home)).then(({ define }) => {
    define(home);
    if (!document.querySelector("ims-chat")) document.body.append(document.createElement("ims-chat"));
  });
})();

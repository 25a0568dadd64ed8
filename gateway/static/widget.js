/* One tag puts the chat on a page: a script whose src is https://your-clinic/widget.js.
   This loader fetches the chat, which is one file. The gateway writes in where it is and how that file is called, so
   that the tag may also be deferred, made a module, or copied into a file of the page's own. */
(() => {
  const tag = document.currentScript;
  const own = /\/widget\.js(\?|$)/.test(tag?.src) ? new URL(".", tag.src) : "{home}";
  const home = new URL(tag?.dataset.home ?? own, location.href);
  const show = ({ define }) => {
    define(home);
    let chat;
    const put = () => {
      chat ??= document.querySelector("ims-chat") ?? document.createElement("ims-chat");
      if (document.body && !document.querySelector("ims-chat")) document.body.append(chat);
    };
    put();
    // Pages that change without loading swap their body: the chat goes along, as it was.
    new MutationObserver(put).observe(document.documentElement, { childList: true });
  };
  import(new URL("widget/{file}", home)).then(show, () =>
    console.error(
      `The chat cannot be shown here. Either ${home.origin} does not answer, or ${location.origin} is not in its list of websites (website_origins in data/clinic.yml).`,
    ),
  );
})();

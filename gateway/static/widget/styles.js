/* A clinic changes these by setting the custom properties on <ims-chat> or in data/clinic.yml. */
export const styles = `
:host {
  --accent: var(--ims-primary, #0b5f66);
  --on-accent: var(--ims-on-primary, #ffffff);
  --surface: var(--ims-background, #ffffff);
  --text: var(--ims-text, #14262b);
  --soft: var(--ims-soft, #e9f2f2);
  --muted: var(--ims-muted, #4b5f66);
  --line: var(--ims-line, #c3d1d4);
  --alarm: #a1121f;
  --alarm-soft: #fdecee;
  --radius: var(--ims-radius, 14px);
  position: fixed; right: 1rem; bottom: 1rem; z-index: 2147483000;
  font: 400 1rem/1.5 var(--ims-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  color: var(--text); text-align: start; letter-spacing: normal; text-transform: none;
}
@media (prefers-color-scheme: dark) {
  :host {
    --accent: var(--ims-primary-dark, #7fd1d6); --on-accent: #06282b; --surface: #10191c; --text: #e8f0f1;
    --soft: #1e2d31; --muted: #a9bcc1; --line: #3a4c51; --alarm: #ffb3ba; --alarm-soft: #3d1217;
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea, a { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.launcher {
  display: flex; align-items: center; gap: .6rem; min-height: 3.25rem; padding: .6rem 1.25rem; border-radius: 2rem;
  background: var(--accent); color: var(--on-accent); font-weight: 600; box-shadow: 0 6px 20px rgb(0 30 35 / .28);
}
.launcher:focus-visible { outline-color: var(--text); outline-offset: 3px; }
.bubble-mark { width: 1.3rem; height: 1.1rem; border: 2.5px solid currentColor; border-radius: .45rem; position: relative; }
.bubble-mark::after { content: ""; position: absolute; left: .2rem; bottom: -.45rem; border: .25rem solid transparent; border-top-color: currentColor; border-left-color: currentColor; }
.panel {
  display: flex; flex-direction: column; width: min(25rem, calc(100vw - 2rem)); height: min(42rem, calc(100dvh - 2rem));
  background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden;
  box-shadow: 0 16px 48px rgb(0 30 35 / .3);
}
header { display: flex; align-items: center; gap: .5rem; padding: .7rem .5rem .7rem 1rem; background: var(--accent); color: var(--on-accent); }
header .titles { flex: 1; min-width: 0; }
header h2 { margin: 0; font-size: 1.05rem; line-height: 1.3; }
header p { margin: 0; font-size: .85rem; }
.close { width: 2.75rem; height: 2.75rem; font-size: 1.6rem; line-height: 1; border-radius: 50%; }
header :focus-visible { outline-color: var(--on-accent); outline-offset: -3px; }
.safety { margin: 0; padding: .35rem 1rem; font-size: .85rem; background: var(--soft); }
.safety a { display: block; padding: .1rem 0; min-height: 1.5rem; }
.log { flex: 1; min-height: 4rem; margin: 0; padding: 1rem; overflow-y: auto; overscroll-behavior: contain; list-style: none; display: flex; flex-direction: column; gap: .75rem; }
.log:focus-visible { outline-offset: -4px; }
.message { max-width: 88%; align-self: flex-start; overflow-wrap: anywhere; }
.message.patient { align-self: flex-end; }
.who { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bubble { padding: .6rem .85rem; border-radius: var(--radius); border-end-start-radius: 4px; background: var(--soft); }
.patient .bubble { background: var(--accent); color: var(--on-accent); border-end-start-radius: var(--radius); border-end-end-radius: 4px; white-space: pre-wrap; }
.system .bubble { background: none; border: 1px dashed var(--line); }
.staff .bubble { border: 2px solid var(--accent); }
.bubble p { margin: 0 0 .5rem; unicode-bidi: plaintext; }
.bubble p:last-child { margin-bottom: 0; }
time, .state { display: block; margin-top: .15rem; font-size: .8rem; color: var(--muted); }
.patient time, .patient .state { text-align: end; }
.unsent .bubble { opacity: .8; }
.unsent.failed .bubble { outline: 2px solid var(--alarm); opacity: 1; }
.failed .state { color: var(--alarm); }
.alarm { max-width: 100%; align-self: stretch; }
.alarm .bubble { background: var(--alarm-soft); border: 2px solid var(--alarm); font-size: 1.08rem; }
.alarm .bubble p { font-weight: 600; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .6rem; }
.button {
  display: inline-flex; align-items: center; min-height: 2.75rem; padding: .4rem .9rem; border-radius: 1.5rem; text-align: start;
  border: 1.5px solid var(--accent); background: var(--surface); color: var(--accent); font-weight: 600; text-decoration: none;
}
.button:hover { background: var(--accent); color: var(--on-accent); }
.button.call { background: var(--alarm); border-color: var(--alarm); color: var(--surface); font-size: 1.1rem; }
.sources { margin-top: .5rem; font-size: .85rem; color: var(--muted); }
.sources summary { cursor: pointer; padding: .2rem 0; min-height: 1.5rem; }
.sources ul { margin: .2rem 0; padding-inline-start: 1.1rem; }
.sources p { margin: .2rem 0; font-style: italic; }
.notice { align-self: center; font-size: .9rem; color: var(--muted); text-align: center; }
.typing .bubble { display: inline-flex; gap: .3rem; padding: .8rem; }
.typing i { width: .5rem; height: .5rem; border-radius: 50%; background: var(--muted); animation: breathe 1.2s infinite ease-in-out; }
.typing i:nth-child(2) { animation-delay: .15s; } .typing i:nth-child(3) { animation-delay: .3s; }
@keyframes breathe { 0%, 70%, 100% { opacity: .3; } 35% { opacity: 1; } }
.status { margin: 0; padding: 0 1rem; font-size: .9rem; color: var(--muted); }
.status:empty, .count:empty { display: none; }
.composer { display: flex; gap: .5rem; align-items: flex-end; padding: .6rem .75rem; border-top: 1px solid var(--line); }
textarea { flex: 1; min-height: 2.75rem; max-height: 7.5rem; padding: .6rem .8rem; resize: none; color: var(--text); background: var(--surface); border: 1.5px solid var(--muted); border-radius: var(--radius); }
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { flex: none; width: 2.75rem; height: 2.75rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); font-size: 1.1rem; }
.count { margin: 0; padding: 0 1rem .3rem; font-size: .85rem; color: var(--alarm); }
footer, .question { display: flex; flex-wrap: wrap; gap: .25rem .5rem; align-items: center; padding: 0 .75rem .6rem; font-size: .9rem; }
.quiet, .link { min-height: 2.25rem; padding: .25rem .6rem; border-radius: 1rem; color: var(--accent); text-decoration: underline; text-underline-offset: 3px; }
@media (max-width: 30rem), (max-height: 30rem) {
  .panel { position: fixed; inset: 0; width: 100%; height: 100dvh; border: 0; border-radius: 0; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } .typing i { opacity: .7; } }
@media (forced-colors: active) {
  .bubble, .launcher, .button, .send { border: 1px solid CanvasText; }
  .alarm .bubble { border: 3px solid Mark; }
}
`;

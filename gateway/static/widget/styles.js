/* A clinic changes these by setting the custom properties on <ims-chat> or in data/clinic.yml.
   The host element makes no box, and the root starts from nothing: whatever the page does to its elements ends here.
   Sizes are in em of the reader's own default size, because pages like to shrink theirs (html { font-size: 62.5% }). */
export const styles = `
:host { display: contents !important; }
.root {
  all: initial;
  --accent: var(--ims-primary, #0b5f66);
  --head: var(--accent); --on-head: var(--on-accent);
  --on-accent: var(--ims-on-primary, #ffffff);
  --surface: var(--ims-background, #ffffff);
  --text: var(--ims-text, #14262b);
  --soft: var(--ims-soft, #e6efed);
  --muted: var(--ims-muted, #4b5a57);
  --line: var(--ims-line, #c3d1cd);
  --alarm: #a1121f;
  --alarm-soft: #fdecee;
  --radius: var(--ims-radius, 14px);
  position: fixed; inset-inline-end: var(--ims-offset-inline, 1em); bottom: var(--ims-offset-block, 1em); z-index: var(--ims-layer, 2147483000); color-scheme: light;
  font: 400 medium/1.5 var(--ims-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  color: var(--text); text-align: start; -webkit-text-size-adjust: 100%;
}
.root[data-theme="dark"] {
  --accent: var(--ims-primary-dark, color-mix(in srgb, var(--ims-primary, #0b5f66) 40%, #ffffff)); --on-accent: #0b1a17;
  --surface: var(--ims-background-dark, #141918); --text: var(--ims-text-dark, #e8ecea);
  --soft: #232b29; --muted: #b0bbb7; --line: #46524f; --alarm: #ffb3ba; --alarm-soft: #3d1217;
  --head: var(--soft); --on-head: var(--text); color-scheme: dark;
}
.root[data-position="left"] { inset-inline: var(--ims-offset-inline, 1em) auto; }
.root[data-position="left"] .panel { transform-origin: 0 100%; }
.root[data-launcher="none"] .launcher { display: none; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea, input, a, fieldset, legend { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; }
p, ul, ol, h2, h3 { margin: 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.icon { width: 1.35em; height: 1.35em; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.launcher {
  position: relative; display: flex; align-items: center; gap: .6em; min-height: 3.25em; padding: .6em 1.25em; border-radius: 2em;
  background: var(--accent); color: var(--on-accent); font-weight: 600; box-shadow: 0 6px 20px rgb(0 30 25 / .28);
}
.launcher:focus-visible { outline-color: var(--text); outline-offset: 3px; }
.unread {
  position: absolute; top: -.5em; inset-inline-end: -.2em; min-width: 1.7em; height: 1.7em; padding: 0 .4em; border-radius: 1em;
  background: var(--alarm); color: var(--surface); border: 2px solid var(--surface); font-size: .85em; line-height: 1.5em; text-align: center;
}
.panel {
  display: flex; flex-direction: column; width: min(25em, calc(100vw - 2em)); height: min(43em, calc(100vh - 2em)); height: min(43em, calc(100dvh - 2em));
  background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden auto; box-shadow: 0 16px 48px rgb(0 30 25 / .3);
  animation: open .16s ease-out; transform-origin: 100% 100%;
}
@keyframes open { from { opacity: 0; transform: scale(.94) translateY(1em); } }
.head { display: flex; flex: none; align-items: center; gap: .3em; min-height: 3.5em; padding: .3em .4em .3em .75em; background: var(--head); color: var(--on-head); border-bottom: 2px solid var(--accent); position: relative; z-index: 2; }
h2 { flex: 1 1 4.6em; min-width: 0; overflow-wrap: break-word; font-size: 1em; line-height: 1.2; font-weight: 700; }
.logo { display: grid; place-items: center; flex: none; width: 2em; height: 2em; margin-inline-end: .3em; border-radius: 50%; background: var(--on-head); color: var(--head); font-weight: 700; }
.logo:has(img) { border-radius: .3em; background: #fff; }
.logo img { width: 100%; height: 100%; object-fit: contain; border-radius: inherit; }
.logo.big { float: inline-start; width: 2.4em; height: 2.4em; margin: .1em .6em 0 0; background: var(--accent); color: var(--on-accent); font-size: 1.1em; }
.round { display: grid; place-items: center; flex: none; width: 2.75em; height: 2.75em; border-radius: 50%; padding: 0; }
.person { display: flex; align-items: center; gap: .4em; flex: 0 1 auto; min-height: 2.75em; padding: .1em .7em; border: 1.5px solid currentColor; border-radius: 1.5em; font-weight: 600; line-height: 1.15; text-align: start; }
.person span { font-size: .85em; max-width: 7em; }
.person .icon { width: 1.1em; height: 1.1em; }
.head :focus-visible { outline-color: var(--on-head); outline-offset: -3px; }
.menu .entries { position: absolute; inset-inline-end: .5em; top: calc(100% - .2em); width: min(15em, calc(100% - 1em)); padding: .3em; background: var(--surface); color: var(--text); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: 0 8px 24px rgb(0 30 25 / .25); }
.entry { display: flex; align-items: center; gap: .7em; width: 100%; min-height: 2.75em; padding: .2em .8em; border-radius: calc(var(--radius) - 4px); text-align: start; }
.entry .icon { width: 1.2em; height: 1.2em; color: var(--accent); }
.entries :focus-visible { outline-color: var(--accent); }
.safety { flex: none; font-size: .8em; line-height: 1.25; background: var(--soft); }
.safety a { display: block; min-height: 24px; padding: .25em 1.2em; line-height: 1.2; }
.safety a:focus-visible, .log:focus-visible { outline-offset: -4px; }
.talk { flex: 1 0 auto; display: flex; flex-direction: column; height: 12em; min-height: 12em; }
.log { flex: 1 1 6em; min-height: 6em; padding: 1em; overflow-y: auto; overscroll-behavior: contain; scroll-padding-block: 1em 3em; position: relative; }
ol:not(.bubble ol) { list-style: none; padding: 0; display: flex; flex-direction: column; gap: .75em; }
.kept, .notice { font-size: .85em; color: var(--muted); text-align: center; margin-bottom: .6em; }
.notice { align-self: center; margin: 0; }
.message { max-width: 88%; align-self: flex-start; overflow-wrap: anywhere; position: relative; }
.message.patient { align-self: flex-end; }
.who, .heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bubble { padding: .6em .85em; border-radius: var(--radius); border-end-start-radius: 4px; background: var(--soft); }
.patient .bubble { background: var(--accent); color: var(--on-accent); border-end-start-radius: var(--radius); border-end-end-radius: 4px; white-space: pre-wrap; }
.system .bubble { background: none; border: 1px dashed var(--line); }
.staff .bubble { border: 2px solid var(--accent); }
.staff .who { position: static; display: block; width: auto; height: auto; clip-path: none; font-size: .85em; font-weight: 600; color: var(--accent); }
.wait { flex: 1 1 auto; }
.wait[open] { flex-basis: 100%; }
.stands { display: flex; flex-wrap: wrap; gap: 0 .5em; align-items: center; padding: .3em 1em .1em; background: var(--soft); border-top: 1px solid var(--line); font-size: .9em; max-height: 40%; overflow-y: auto; }
.stands p { flex: 1 1 100%; margin: 0; }
.stands .state:empty { display: none; }
.stands form { display: flex; flex-wrap: wrap; gap: .5em; align-items: end; flex-basis: 100%; }
.stands label { flex: 1 1 9em; min-width: 0; overflow-wrap: anywhere; }
.stands label span { display: block; }
.stands input { width: 100%; padding: .3em .6em; font: inherit; color: var(--text); background: var(--surface); border: 1.5px solid var(--muted); border-radius: var(--radius); }
.bubble p { margin: 0 0 .5em; unicode-bidi: plaintext; white-space: pre-line; }
.bubble ul, .bubble ol { margin: 0 0 .5em; padding-inline-start: 1.25em; }
.bubble ul { list-style: disc; }
.bubble > :last-child { margin-bottom: 0; }
.meta { display: flex; flex-wrap: wrap; gap: 0 .5em; align-items: center; margin-top: .15em; font-size: .8em; color: var(--muted); }
.patient .meta { justify-content: flex-end; }
.answered .bubble { padding: 0; background: none; color: var(--muted); font-size: .85em; }
.answered .bubble p::before { content: "\\2713\\00a0"; }
.unsent .bubble { outline: 1.5px dashed var(--line); outline-offset: 2px; }
.failed .bubble { outline: 2px solid var(--alarm); }
.row { display: flex; flex-wrap: wrap; gap: 0 .15em; align-items: center; min-height: 2em; padding: 0 .4em; font-size: .85em; color: var(--muted); }
.row .link { color: var(--muted); }
.small-round { display: grid; place-items: center; width: 2em; height: 2em; padding: 0; border-radius: 50%; color: var(--muted); }
.small-round .icon { width: 1.3em; height: 1.3em; stroke-width: 1.6; }
.turned .icon { transform: rotate(180deg); }
.older > .row { position: absolute; width: 1px; height: 1px; min-height: 0; overflow: hidden; clip-path: inset(50%); }
.older > .row:has(:focus-visible) { position: static; width: auto; height: auto; overflow: visible; clip-path: none; }
.feedback { display: flex; flex-wrap: wrap; align-items: center; }
.feedback:has(textarea) { flex-basis: 100%; gap: .3em; }
.feedback label { flex: 1 0 100%; }
.feedback label span { display: block; }
.feedback textarea { width: 100%; }
.feedback textarea, .stands input { font-size: medium; } /* below that, phones zoom in */
.feedback .state { margin: 0; color: var(--muted); }
.failed .state { color: var(--alarm); }
.alarm { max-width: 100%; align-self: stretch; }
.alarm .bubble { background: var(--alarm-soft); border: 2px solid var(--alarm); }
.crisis .bubble { background: var(--soft); border-color: var(--accent); }
.message.alarm:focus { outline: none; } /* it is no stop of the Tab key, and has a frame */
.first { display: flex; flex-wrap: wrap; gap: .5em; margin-bottom: .6em; }
.buttons { display: flex; flex-wrap: wrap; gap: .5em; margin-top: .6em; }
.chip { font-weight: 500; }
.topic { font-size: .85em; color: var(--muted); margin: 0 0 .25em; }
.facts { border-collapse: collapse; width: 100%; margin: .3em 0; font-size: .95em; }
.facts caption { text-align: start; font-weight: 600; padding: .2em 0; }
.facts :is(th, td) { padding: .3em .4em; border-top: 1px solid var(--line); text-align: start; vertical-align: top; font-weight: 400; }
.facts td { text-align: end; font-weight: 600; white-space: nowrap; }
.folded .facts tr:first-child * { font-weight: 700; }
.home { max-width: 100%; }
.home .bubble { background: none; padding: .2em 0; }
.new > * { animation: rise .12s ease-out; }
@keyframes rise { from { opacity: 0; transform: translateY(.4em); } }
progress { display: block; width: 100%; height: .35em; margin: .4em 0 .5em; appearance: none; border: 0; border-radius: .2em; overflow: hidden; background: var(--line); accent-color: var(--accent); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
.button {
  display: inline-flex; align-items: center; min-height: 2.75em; padding: .4em .9em; border-radius: 1.5em; text-align: start;
  border: 1.5px solid var(--accent); background: var(--surface); color: var(--accent); font-weight: 600; text-decoration: none;
}
.button.primary { background: var(--accent); color: var(--on-accent); }
.button.primary:focus-visible { outline-color: var(--text); }
.button.call { border-color: var(--alarm); color: var(--alarm); }
.button.wide { flex: 1 1 8em; min-height: 3.5em; justify-content: center; background: var(--alarm); color: var(--surface); font-weight: 700; }
:is(.crisis, .message:has([href^="sms:"])) .call { border-color: var(--accent); color: var(--accent); }
:is(.crisis, .message:has([href^="sms:"])) .wide { background: var(--accent); color: var(--on-accent); }
.button.wide[href^="sms:"] { background: var(--surface); color: var(--accent); }
.message:not(.alarm) .wide { min-height: 2.75em; background: var(--surface); color: var(--alarm); }
.message:not(.alarm) .call:not(.wide) { border-color: var(--accent); color: var(--accent); }
.button.quiet { font-weight: 400; }
.more .buttons { margin: .3em 0 .6em; }
.alarmed .safety { display: none; }
[data-tel] { white-space: nowrap; }
.stands .button, .stands input, .feedback .button { min-height: 3.3em; }
.link { min-height: 1.9em; padding: .2em .4em; color: var(--accent); text-decoration: underline; text-underline-offset: 3px; text-align: start; }
:is(.bubble, .consent) a:not(.button) { color: var(--accent); padding: .3em 0; }
.sources, .why { margin-top: .5em; font-size: .85em; }
.sources { padding: 0 .85em; }
.sources :is(a, .link) { display: inline-block; min-height: 1.9em; vertical-align: top; padding-inline: 0; }
.sources ul { padding-inline-start: 1.25em; list-style: disc; }
summary { cursor: pointer; padding: .25em 0; min-height: 1.9em; color: var(--muted); }
.sources ul { margin: .2em 0; }
.review { font-style: italic; }
.headline { display: block; font-size: 1.15em; margin-block-end: .4em; }
.card { min-width: 0; }
@media (min-height: 45em) {
  .message:has(.card:not(.closed)) { position: sticky; inset-block-end: 0; z-index: 1; }
  .card:not(.closed) .foot { position: sticky; inset-block-end: 0; padding-block-end: .6em; background: var(--soft); }
  .card:not(.closed) { max-block-size: 58vh; overflow: auto; padding-block-end: 0; }
}
.message:has(.card) { max-width: 100%; align-self: stretch; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
fieldset:focus-visible { outline-offset: 6px; }
legend { padding: 0; font-weight: 700; font-size: 1.05em; }
.step { font-weight: 400; font-size: .85em; color: var(--muted); margin-inline-end: .3em; }
.bubble .ticks { list-style: none; padding: 0; }
.ticks li { padding: .15em 0; border-top: 1px solid var(--line); }
.ticks label { display: flex; align-items: center; gap: .7em; min-height: 2.75em; padding-block: .3em; line-height: 1.35; cursor: pointer; }
.ticks input { width: 1.5em; height: 1.5em; flex: none; margin: 0; accent-color: var(--accent); }
.help.all { font-size: .9em; color: var(--muted); margin: 0 0 .4em; }
.ticks .help { font-size: .85em; line-height: 1.35; color: var(--muted); margin: -.4em 0 .5em; padding-inline-start: 2.6em; }
.mark { white-space: nowrap; font-size: .8em; color: var(--muted); border: 1px solid var(--line); border-radius: 1em; padding: 0 .6em; margin-inline-start: auto; }
.card .button { padding-inline: .65em; }
.small { margin-top: .3em; gap: .25em 1em; }
.message:has(.card.closed) { display: none; }
.typing .bubble { display: inline-flex; gap: .3em; padding: .8em; }
.typing i { width: .5em; height: .5em; border-radius: 50%; background: var(--muted); animation: breathe 1.2s infinite ease-in-out; }
.typing i:nth-child(2) { animation-delay: .15s; } .typing i:nth-child(3) { animation-delay: .3s; }
@keyframes breathe { 0%, 70%, 100% { opacity: .3; } 35% { opacity: 1; } }
.status { padding: .15em 1em; font-size: .9em; color: var(--muted); }
.status:empty, .count:empty { display: none; }
.composer { position: relative; display: flex; flex-wrap: wrap; gap: .5em; align-items: flex-end; padding: .25em .75em; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; min-height: 2.75em; max-height: 7.5em; padding: .55em .8em; resize: none; color: var(--text); background: var(--surface); border: 1.5px solid var(--muted); border-radius: var(--radius); }
.composer textarea:focus-visible { outline-width: 2px; outline-offset: -2px; }
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { display: grid; place-items: center; flex: none; width: 2.75em; height: 2.75em; padding: 0; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
.count { flex-basis: 100%; font-size: .85em; color: var(--alarm); }
.suggestions { position: absolute; inset-inline: .75em; bottom: 100%; margin: 0 0 .3em; padding: .25em; list-style: none; background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: 0 4px 16px rgb(0 30 25 / .2); }
.suggestions li { display: flex; align-items: center; min-height: 2.75em; padding: .3em .75em; border-radius: calc(var(--radius) - 4px); cursor: pointer; }
.suggestions [aria-selected="true"] { background: var(--accent); color: var(--on-accent); }
.over { position: relative; }
.below { position: absolute; inset-block-end: .4em; inset-inline: 0; margin: auto; width: max-content; max-width: 90%; display: flex; align-items: center; gap: .4em; min-height: 2.2em; padding: .1em 1em; border-radius: 1.2em; background: var(--surface); color: var(--accent); border: 1px solid var(--line); font-size: .9em; font-weight: 600; box-shadow: 0 2px 10px rgb(0 30 25 / .2); }
.below .icon { width: 1.1em; height: 1.1em; }
.question { display: flex; flex-wrap: wrap; gap: .5em; align-items: center; padding: .75em; background: var(--soft); border-top: 1px solid var(--line); }
.question p { flex-basis: 100%; }
.consent { flex: 1; padding: 1.25em; overflow-y: auto; }
.consent:focus-visible { outline-offset: -4px; }
.consent p { margin: 0 0 .75em; }
.consent .buttons { position: sticky; bottom: -1.25em; padding: .75em 0; background: var(--surface); }
h3 { font-size: 1.15em; line-height: 1.3; margin: 0 0 .6em; }
@media (hover: hover) {
  .button:not(.wide, .primary):hover { background: var(--soft); }
  .older:hover > .row { inset-block-start: calc(100% - .9em); inset-inline-end: 0; z-index: 1; width: auto; height: auto; clip-path: none; background: var(--surface); border-radius: 1em; box-shadow: 0 2px 8px rgb(0 30 25 / .2); }
  .entry:hover, .small-round:hover, .suggestions li:hover:not([aria-selected="true"]) { background: var(--soft); }
}
@media (max-width: 30em), (max-height: 30em) {
  .panel { position: fixed; inset: 0 0 auto; width: 100%; height: var(--seen, 100%); translate: 0 var(--above, 0); border: 0; border-radius: 0; }
}
@media (max-width: 22em) { .logo:not(.big), .person .icon { display: none; } .head { gap: .1em; } .row { padding: 0; gap: 0; } .row .link { padding-inline: .2em; } .small-round { width: 1.8em; } }
@media (max-width: 16em) { [data-tel] { white-space: normal; } h2 { display: none; } .person { flex: 1 1 auto; justify-content: center; padding: .1em .2em; } .round { width: 2em; } }
@media (max-height: 30em) { .safety { display: none; } }
@media (max-height: 20em) { .consent .buttons { position: static; } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } .typing i { opacity: .7; } }
@media (forced-colors: active) {
  .bubble, .launcher, .button, .send, .round, .person, .unread, .suggestions [aria-selected="true"] { border: 1px solid CanvasText; }
  .alarm .bubble { border: 3px solid Mark; }
  .suggestions [aria-selected="true"] { outline: 2px solid Highlight; }
}
@media print { .root { display: none; } }
`;

/* On a phone the window fills what the keyboard leaves of the screen. Browsers that lay the keyboard over the page tell
   by the visual viewport how much that is. */

export function fitToScreen(root, moved) {
  const seen = window.visualViewport;
  if (!seen) return () => {};
  const fit = () => {
    if (seen.scale > 1.01) return; // enlarged by hand, which moves what is seen all the time
    root.style.setProperty("--seen", `${seen.height}px`);
    root.style.setProperty("--above", `${seen.offsetTop}px`);
    moved();
  };
  seen.addEventListener("resize", fit);
  seen.addEventListener("scroll", fit);
  return () => {
    seen.removeEventListener("resize", fit);
    seen.removeEventListener("scroll", fit);
  };
}

// @ts-check
// What is seen of the page: on iOS the keyboard covers it, and tells only the visual
// viewport.

import { scrollToEnd } from "./lines.js";

const viewport = window.visualViewport;

if (viewport) {
  const fit = () => {
    if (viewport.scale > 1.01) return; // someone has zoomed in
    document.documentElement.style.setProperty("--height", `${viewport.height}px`);
    document.documentElement.style.setProperty("--top", `${viewport.offsetTop}px`);
  };
  viewport.addEventListener("resize", () => {
    fit();
    if (document.activeElement?.id === "text") scrollToEnd();
  });
  viewport.addEventListener("scroll", fit);
  fit();
}

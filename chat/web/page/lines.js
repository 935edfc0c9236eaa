// @ts-check
// The lines of the room. Whatever people say is text: it is never read as markup.

import { element, sentence } from "./words.js";

/**
 * @typedef {object} Line
 * @property {number} seq
 * @property {number} time   Unix milliseconds
 * @property {string} kind
 * @property {string} [name] who; of a notice, reply or error, its code
 * @property {string} text
 * @property {string} [other] the new name or topic
 */

const most = 1000; // lines that the page keeps
const near = 80; // pixels from the end that count as the end

const list = /** @type {HTMLElement} */ (element("lines"));
const newer = /** @type {HTMLButtonElement} */ (element("newer"));
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < near;

export function scrollToEnd() {
  list.scrollTop = list.scrollHeight;
  newer.hidden = true;
}

newer.addEventListener("click", scrollToEnd);
list.addEventListener("scroll", () => {
  if (atEnd()) newer.hidden = true;
});

/**
 * Appends an item, ahead of what is not sent yet, and keeps the end in view if it was.
 * @param {HTMLElement} item
 * @param {boolean} [own]
 */
function append(item, own = false) {
  const follow = own || atEnd();
  list.insertBefore(item, list.querySelector(".unsent"));
  while (list.children.length > most) list.firstElementChild?.remove();
  if (follow) scrollToEnd();
  else newer.hidden = false;
}

/**
 * @param {string} classes
 * @param {string} who
 * @param {string} text
 * @returns {HTMLElement}
 */
function bubble(classes, who, text) {
  const item = document.createElement("div");
  item.className = classes;
  const name = document.createElement("span");
  name.className = "who";
  name.textContent = who;
  const said = document.createElement("span");
  said.className = "text";
  said.dir = "auto";
  said.textContent = text;
  item.append(name, said);
  return item;
}

/**
 * @param {Line} line
 * @param {string} me
 */
export function showLine(line, me) {
  const at = clock.format(line.time);
  const own = line.name === me;
  switch (line.kind) {
    case "say":
    case "me":
      append(bubble(`${line.kind}${own ? " own" : ""}`, `${line.name} · ${at}`, line.kind === "me" ? `${line.name} ${line.text}` : line.text), own);
      break;
    case "msg":
      append(bubble("msg", `${line.name} · ${sentence("private")} · ${at}`, line.text));
      break;
    case "kick":
      if (!own) showNotice(line.text); // the page itself says so
      break;
    default:
      showNotice(line.text, line.kind === "error" || line.kind === "gap");
  }
}

/**
 * @param {string} text
 * @param {boolean} [alert]
 */
export function showNotice(text, alert = false) {
  if (!text) return;
  const item = document.createElement("div");
  item.className = alert ? "system alert" : "system";
  item.textContent = text;
  append(item);
}

/** @param {import("./outbox.js").Saying[]} queue */
export function showUnsent(queue) {
  const follow = atEnd();
  for (const item of list.querySelectorAll(".unsent")) item.remove();
  for (const saying of queue) list.append(bubble("say own unsent", sentence("unsent"), saying.text));
  if (follow) scrollToEnd();
}

/** What was there before is not read aloud. @param {boolean} live */
export function announce(live) {
  list.setAttribute("aria-live", live ? "polite" : "off");
}

export function clearLines() {
  list.replaceChildren();
  newer.hidden = true;
}

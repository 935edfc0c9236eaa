// @ts-check
// Who is there; and what a teacher may do about it.

import { get, post } from "./server.js";
import { element, sentence } from "./words.js";

/**
 * @typedef {object} Person
 * @property {string} name
 * @property {string} via
 * @property {boolean} [away]
 * @property {string} [address] a teacher's
 * @property {boolean} [muted] a teacher's
 */

const dialog = /** @type {HTMLDialogElement} */ (element("people"));
const button = element("people-button");
const teaches = "teacher" in document.body.dataset;

/** @type {Map<string, Person>} */
let people = new Map();
/** @type {string[]} */
let out = [];
let session = "";
let me = "";

/** @param {string} now @param {string} name of who uses the page */
export function setSession(now, name) {
  session = now;
  me = name;
  button.hidden = !now;
  if (!now && dialog.open) dialog.close();
}

/** @param {{people: Person[], out?: string[]}} here */
export function setPeople(here) {
  people = new Map(here.people.map((person) => [person.name, person]));
  out = here.out ?? [];
  show();
}

/** A line tells who comes and goes. @param {import("./lines.js").Line} line */
export function follow(line) {
  const name = line.name ?? "";
  switch (line.kind) {
    case "join":
      people.set(name, people.get(name) ?? { name, via: "" });
      break;
    case "leave":
    case "kick":
      people.delete(name);
      break;
    case "nick":
      if (name === me) me = line.other ?? "";
      people.set(line.other ?? "", { ...(people.get(name) ?? { via: "" }), name: line.other ?? "" });
      people.delete(name);
      break;
    default:
      return;
  }
  if (dialog.open) load();
  show();
}

function show() {
  button.textContent = element("people-title").textContent = sentence("people", { number: people.size });
  if (!dialog.open || held) return;
  const had = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.key;
  element("people-list").replaceChildren(...[...people.values()].map(entry), ...out.map(outsider));
  if (had) /** @type {HTMLElement | null} */ (dialog.querySelector(`[data-key="${CSS.escape(had)}"]`))?.focus();
}

/** @param {Person} person */
function entry(person) {
  const item = document.createElement("li");
  const about = [person.away ? sentence("away") : "", person.muted ? sentence("muted") : "", person.via, person.address ?? ""].filter(Boolean).join(" · ");
  item.append(span("person", person.name), span("about", about));
  if (teaches && person.name !== me) {
    const mute = person.muted ? "unmute" : "mute";
    item.append(action(mute, person.name, "mute"), action("kick", person.name, "kick"));
  }
  return item;
}

/** @param {string} name */
function outsider(name) {
  const item = document.createElement("li");
  item.append(span("person", sentence("out", { name })), action("unban", name, "unban"));
  return item;
}

/** @param {string} kind @param {string} text */
function span(kind, text) {
  const made = document.createElement("span");
  made.className = kind;
  made.dir = "auto";
  made.textContent = text;
  return made;
}

/** @param {string} verb @param {string} name @param {string} key */
function action(verb, name, key) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = sentence(verb);
  made.setAttribute("aria-label", `${sentence(verb)}: ${name}`);
  made.dataset.key = `${key} ${name}`;
  made.addEventListener("click", async () => {
    made.disabled = true;
    take(await post("teacher", { do: verb, name }));
    made.disabled = false;
  });
  return made;
}

/** @param {import("./server.js").Answer} answer */
function take(answer) {
  element("people-problem").textContent = answer.error;
  if (answer.status === 200) setPeople(answer.body);
}

// While a finger is on the list nothing in it moves: the tap would miss, or hit somebody
// else. A tap's click comes behind the finger's going; a finger that has moved makes none.
let held = false;
const clickWithin = 500; // milliseconds

function release() {
  if (!held) return;
  held = false;
  show();
}

element("people-list").addEventListener("pointerdown", () => (held = true));
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => held && setTimeout(release, clickWithin));
dialog.addEventListener("click", release);
dialog.addEventListener("close", () => (held = false));

let loading = false;

async function load() {
  if (loading || !session) return;
  loading = true;
  const answer = await get("people", session);
  loading = false;
  take(answer);
}

button.addEventListener("click", () => {
  element("people-problem").textContent = "";
  dialog.showModal();
  show();
  load();
});
element("people-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close(); // beside it
});

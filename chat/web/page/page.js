// @ts-check
// Who one is in the room, and what the page shows of it.

import "./layout.js";
import { announce, clearLines, scrollToEnd, showLine, showNotice, showUnsent } from "./lines.js";
import { memory, randomWord } from "./memory.js";
import { Outbox } from "./outbox.js";
import { follow, setPeople, setSession } from "./people.js";
import { get, post } from "./server.js";
import { Stream } from "./stream.js";
import { element, sentence } from "./words.js";

const maxText = Number(document.body.dataset.maxText);

/** @type {import("./memory.js").Identity} */
let me = memory.tab() ?? { name: "", token: "", seq: 0 };

const outbox = new Outbox({
  changed: () => showUnsent(outbox.queue),
  notSaid(text, error) {
    showNotice(error || sentence("notheard", { text }), true);
    if (!element("text").value) element("text").value = text;
  },
  gone: rejoin,
});

const stream = new Stream({
  line(line) {
    if (isPublic(line.kind)) me.seq = line.seq;
    if (line.kind === "nick" && line.name === me.name) me.name = line.other;
    if ((line.kind === "say" || line.kind === "me") && line.name === me.name) outbox.heard(line.text);
    if (line.kind === "topic") setTopic(line.other);
    showLine(line, me.name);
    follow(line);
    memory.keep(me);
  },
  here(here) {
    setPeople(here);
    setTopic(here.topic);
  },
  ready() {
    outbox.settle();
    outbox.start(me.session ?? "");
    announce(true);
    status("");
  },
  lost: () => status(sentence("reconnecting")),
  async refused() {
    const answer = await get("people", me.session ?? "");
    if (answer.status === 403 || answer.status === 421) status(answer.error); // the link is no longer valid
  },
  ended(how, why) {
    if (how === "gone" || why === "closed") rejoin();
    else if (how === "replaced") end("elsewhere", "here", takeOver);
    else if (why === "resumed") end("elsewhere", "here", takeOver);
    else if (why === "kicked") end("kicked", "again", () => leave(true));
    else leave(false);
  },
});

/** Lines for oneself alone have the number of the line before them. @param {string} kind */
const isPublic = (kind) => !["you", "who", "msg", "reply", "error", "gap"].includes(kind);

/** @param {string} text */
function status(text) {
  element("status").textContent = text;
}

/** @param {string} topic */
function setTopic(topic) {
  element("topic").hidden = !topic;
  element("topic").textContent = sentence("topic", { topic });
}

/** @param {"join" | "room" | "ended"} what */
function show(what) {
  element("join").hidden = what !== "join";
  element("room").hidden = what === "join";
  element("say").hidden = what !== "room";
  element("ended").hidden = what !== "ended";
  setSession(what === "room" ? me.session ?? "" : "", me.name);
}

/** @param {string} why @param {string} button @param {() => void} act */
function end(why, button, act) {
  outbox.session = "";
  status("");
  show("ended");
  element("why").textContent = sentence(why);
  element("again").textContent = sentence(button);
  element("again").onclick = act;
}

/** Goes on in this window with what another one has. */
function takeOver() {
  show("room");
  open("");
}

/** Asks for a name, as somebody who has left. @param {boolean} anew with lines that are gone */
function leave(anew) {
  stream.close();
  outbox.clear();
  memory.forget(me.name);
  me = { name: me.name, token: "", seq: 0 };
  status(anew ? "" : sentence("left"));
  ask("");
}

/** @param {string} problem */
function ask(problem) {
  show("join");
  if (problem) status("");
  element("name").value = me.name || memory.browser()?.name || "";
  element("problem").textContent = problem;
  if (matchMedia("(hover: hover)").matches || problem) element("name").focus(); // a phone's keyboard would cover the page
}

/** @param {string} after */
function open(after) {
  if (!after) clearLines();
  showUnsent(outbox.queue);
  announce(false);
  status(sentence("connecting"));
  stream.open(me.session ?? "", after);
}

/**
 * Joins, however often the request has to be sent.
 * @param {object} request
 * @returns {Promise<import("./server.js").Answer>}
 */
async function join(request) {
  const once = randomWord();
  for (let wait = 500; ; wait = Math.min(2 * wait, 5000)) {
    const answer = await post("join", { once, ...request });
    if (answer.status === 200) me = { name: answer.body.name, token: answer.body.token, seq: answer.body.seq, session: answer.body.session };
    const later = answer.status === 0 || answer.status === 429 || answer.status >= 500;
    if (!later) return answer;
    status(answer.error || sentence("reconnecting"));
    await new Promise((resolve) => setTimeout(resolve, answer.wait * 1000 || wait));
  }
}

let rejoining = false;

/** The session is gone, as the server was started anew or has waited long enough. */
async function rejoin() {
  if (rejoining) return;
  rejoining = true;
  stream.close();
  outbox.doubt();
  status(sentence("reconnecting"));
  const answer = await join({ name: me.name, token: me.token, seq: me.seq });
  rejoining = false;
  if (answer.status !== 200) {
    ask(answer.error);
    return;
  }
  memory.keep(me);
  show("room");
  if (!answer.body.resumed) {
    showNotice(sentence("notresumed"), true);
    outbox.settle();
  }
  open(`${me.seq}-0`);
}

element("join").addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const button = element("join").querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  const name = element("name").value.trim();
  const before = memory.browser();
  const known = before?.name === name ? before : null;
  const answer = await join({ name, token: known?.token ?? "", seq: known?.seq ?? 0, another: true });
  button.disabled = false;
  status("");
  if (answer.status !== 200) {
    ask(answer.error);
    return;
  }
  memory.keep(me);
  show("room");
  open("");
  element("text").focus();
});

element("say").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const text = element("text").value.trim();
  if (!text) return;
  if (new TextEncoder().encode(text).length > maxText) {
    showNotice(sentence("toolong"), true);
    return;
  }
  element("text").value = "";
  outbox.add(text);
  scrollToEnd();
});

element("leave").addEventListener("click", async () => {
  element("people").close();
  const { session } = me;
  leave(false);
  await post("leave", { session });
});

if (location.search) {
  // A token in the address bar would be sent on with the link.
  const url = new URL(location.href);
  url.searchParams.delete("token");
  history.replaceState(null, "", url);
}

if (me.session) {
  show("room");
  open("");
} else {
  ask("");
}

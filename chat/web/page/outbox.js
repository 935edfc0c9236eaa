// @ts-check
// Texts on their way to the room, in their order. One that is sent again has the same
// id, so that the server says it once. What is not heard yet outlives a reload.

import { memory, randomWord } from "./memory.js";
import { post } from "./server.js";

/**
 * @typedef {object} Saying
 * @property {string} id
 * @property {string} text
 * @property {boolean} [tried] it was sent, and nobody knows whether it arrived
 * @property {boolean} [doubtful] it was sent to a session that is gone
 */

/**
 * @typedef {object} Handlers
 * @property {() => void} changed
 * @property {(text: string, error: string) => void} notSaid error may be empty
 * @property {() => void} gone the session is
 */

const retryAfter = 1500; // milliseconds

export class Outbox {
  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    /** @type {Saying[]} */
    this.queue = memory.unsent();
    this.session = "";
    this.sending = false;
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  /** @param {string} text */
  add(text) {
    this.queue.push({ id: randomWord(), text });
    this.change();
    this.send();
  }

  /** Sends to a session from now on; to none for "". @param {string} session */
  start(session) {
    this.session = session;
    this.send();
  }

  /**
   * The session is gone. Whether its room has heard what was sent, only the lines tell
   * that come after resuming; in a room that does not resume, nothing was said before.
   */
  doubt() {
    this.session = "";
    for (const saying of this.queue) saying.doubtful = saying.doubtful || saying.tried;
    this.change();
  }

  /**
   * A line of one's own has come: a doubtful text was heard.
   * @param {string} text
   */
  heard(text) {
    const i = this.queue.findIndex((saying) => saying.doubtful && echo(saying.text) === text);
    if (i < 0) return;
    this.queue.splice(i, 1);
    this.change();
  }

  /**
   * All that was missed is told. Doubtful texts that have not come were not heard, and
   * are said again. Of a command nobody can know.
   */
  settle() {
    const lost = this.queue.filter((saying) => saying.doubtful && isCommand(saying.text));
    this.queue = this.queue.filter((saying) => !lost.includes(saying));
    for (const saying of this.queue) saying.doubtful = saying.tried = false;
    for (const saying of lost) this.handlers.notSaid(saying.text, "");
    this.change();
  }

  clear() {
    this.queue = [];
    this.change();
  }

  change() {
    memory.keepUnsent(this.queue);
    this.handlers.changed();
  }

  async send() {
    if (this.sending || this.timer !== undefined) return;
    this.sending = true;
    while (this.session && this.queue.length) {
      const [saying] = this.queue;
      const session = this.session;
      saying.tried = true;
      memory.keepUnsent(this.queue);
      const answer = await post("say", { session, id: saying.id, text: saying.text });
      if (session !== this.session) continue; // the room was changed meanwhile
      if (answer.status === 200) this.remove(saying);
      else if (answer.status === 410) {
        this.session = "";
        this.handlers.gone();
      } else if (answer.status === 400 || answer.status === 413) {
        this.remove(saying);
        this.handlers.notSaid(saying.text, answer.error);
      } else {
        this.timer = setTimeout(() => {
          this.timer = undefined;
          this.send();
        }, answer.wait * 1000 || retryAfter);
        break;
      }
    }
    this.sending = false;
  }

  /** @param {Saying} saying */
  remove(saying) {
    this.queue = this.queue.filter((other) => other.id !== saying.id);
    this.change();
  }
}

/** @param {string} text */
const isCommand = (text) => text.startsWith("/") && !text.startsWith("//") && !text.startsWith("/me ");

/** The text of the line that a text becomes. @param {string} text */
function echo(text) {
  if (text.startsWith("/me ")) text = text.slice(4).trim();
  return text.startsWith("//") ? text.slice(1) : text;
}

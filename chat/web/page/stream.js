// @ts-check
// The lines come down by one EventSource, on iOS Safari's terms: a page that is hidden
// may be frozen at any moment, and its connection is then dead without anybody
// being told. What shows itself again asks anew, from the last line it has.

import { streamURL } from "./server.js";

const beatWithin = 40000; // milliseconds; the server's beat comes every 15 s
const hiddenFor = 3000; // milliseconds, after which a phone may have dropped the connection
const retryFirst = 500;
const retryLast = 5000;

/**
 * @typedef {object} Handlers
 * @property {(line: any) => void} line
 * @property {(here: any) => void} here
 * @property {() => void} ready      all that was missed is told
 * @property {() => void} lost       the connection is, and is tried again
 * @property {() => void} refused    the server answers, but with no stream
 * @property {(how: string, why: string) => void} ended gone, over, replaced
 */

export class Stream {
  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.session = "";
    this.after = "";
    /** @type {EventSource | null} */
    this.source = null;
    this.heard = 0;
    this.hidden = 0;
    this.retry = retryFirst;
    /** @type {number | undefined} */
    this.timer = undefined;

    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.hidden = Date.now();
      else if (Date.now() - this.hidden > hiddenFor) this.reopen();
    });
    window.addEventListener("pageshow", (event) => (event.persisted ? this.reopen() : this.look()));
    window.addEventListener("online", () => this.reopen());
    setInterval(() => this.look(), 5000);
  }

  /**
   * Opens the stream of a session.
   * @param {string} session
   * @param {string} after the ID of the last line that was received; empty for none
   */
  open(session, after) {
    this.close();
    this.session = session;
    this.after = after;
    this.retry = retryFirst;
    this.reopen();
  }

  close() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.source?.close();
    this.source = null;
    this.session = "";
  }

  /** Looks whether the stream lives, when there is somebody to see it. */
  look() {
    if (document.visibilityState === "visible" && this.session && this.timer === undefined && Date.now() - this.heard > beatWithin) this.reopen();
  }

  reopen() {
    if (!this.session) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.source?.close();
    const source = new EventSource(streamURL(this.session, this.after));
    this.source = source;
    this.heard = Date.now();
    /** @param {string} name @param {(data: any, event: MessageEvent) => void} act */
    const on = (name, act) =>
      source.addEventListener(name, (event) => {
        if (source !== this.source) return; // of a stream that was given up
        this.heard = Date.now();
        act(JSON.parse(/** @type {MessageEvent} */ (event).data), /** @type {MessageEvent} */ (event));
      });
    on("line", (line, event) => {
      this.after = event.lastEventId;
      this.handlers.line(line);
    });
    on("here", (here) => this.handlers.here(here));
    on("ready", () => {
      this.retry = retryFirst;
      this.handlers.ready();
    });
    on("beat", () => {});
    on("busy", () => this.again());
    on("gone", () => this.end("gone", ""));
    on("replaced", () => this.end("replaced", ""));
    on("over", (why) => this.end("over", why));
    source.onerror = () => {
      if (source !== this.source) return;
      this.handlers.lost();
      if (source.readyState === EventSource.CLOSED) this.handlers.refused();
      // A browser's own retrying differs from one to the next: the page does it itself.
      this.again();
    };
  }

  /** Tries again, later each time. */
  again() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reopen(), this.retry);
    this.retry = Math.min(2 * this.retry, retryLast);
  }

  /** @param {string} how @param {string} why */
  end(how, why) {
    this.close();
    this.handlers.ended(how, why);
  }
}

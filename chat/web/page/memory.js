// @ts-check
// What outlives the page: who one is in this tab (sessionStorage: a reload, and a tab
// that the phone has put away), and in this browser (localStorage: a tab that was
// closed). Where a browser keeps nothing, the page works without.

/**
 * @typedef {object} Identity
 * @property {string} name
 * @property {string} token    what the room resumes by
 * @property {number} seq      of the last line of everybody's that was received
 * @property {string} [session] of this tab alone
 */

/** The path is in the key: pages of several rooms may share an origin. */
const key = `wirelab-chat ${location.pathname}`;

/**
 * @param {"sessionStorage" | "localStorage"} kind
 * @param {string} suffix
 * @returns {any} null if there is nothing
 */
function read(kind, suffix) {
  try {
    return JSON.parse(window[kind].getItem(key + suffix) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {"sessionStorage" | "localStorage"} kind
 * @param {string} suffix
 * @param {any} value null removes it
 */
function write(kind, suffix, value) {
  try {
    if (value === null) window[kind].removeItem(key + suffix);
    else window[kind].setItem(key + suffix, JSON.stringify(value));
  } catch {
    // Full, or forbidden: the page goes on without.
  }
}

export const memory = {
  /** @returns {Identity | null} who one is in this tab */
  tab: () => read("sessionStorage", ""),
  /** @returns {Identity | null} who one was in this browser */
  browser: () => read("localStorage", ""),
  /** @param {Identity} identity */
  keep(identity) {
    write("sessionStorage", "", identity);
    write("localStorage", "", { ...identity, session: undefined });
  },
  /** Forgets who one is, but for the name. @param {string} name */
  forget(name) {
    write("sessionStorage", "", null);
    write("localStorage", "", { name, token: "", seq: 0 });
  },
  /** @returns {import("./outbox.js").Saying[]} */
  unsent: () => read("sessionStorage", " unsent") ?? [],
  /** @param {import("./outbox.js").Saying[]} queue */
  keepUnsent: (queue) => write("sessionStorage", " unsent", queue.length ? queue : null),
};

/**
 * Returns a random word of 32 hexadecimal digits. crypto.randomUUID is not there on a
 * page that came by http.
 */
export function randomWord() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

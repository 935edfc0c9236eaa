// @ts-check
// Requests to the server. Paths are relative to the page.

/**
 * @typedef {object} Answer
 * @property {number} status 0: the server was not reached
 * @property {any} body
 * @property {string} error  a sentence for people; empty if all is well
 * @property {number} wait   seconds to wait before another try
 */

const lang = `lang=${encodeURIComponent(document.documentElement.lang)}`;
const patience = 20000; // milliseconds for an answer

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Answer>}
 */
async function request(path, options) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), patience);
  try {
    const response = await fetch(path, { ...options, credentials: "same-origin", signal: giveUp.signal });
    const text = await response.text();
    let body = null;
    try {
      body = JSON.parse(text);
    } catch {
      // The guard's refusals are plain text.
    }
    const error = response.ok ? "" : body?.error ?? text.trim().slice(0, 300);
    return { status: response.status, body, error, wait: Number(response.headers.get("Retry-After") ?? 0) };
  } catch {
    return { status: 0, body: null, error: "", wait: 0 };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} path @param {object} body */
export function post(path, body) {
  return request(`${path}?${lang}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** @param {string} path @param {string} session */
export function get(path, session) {
  return request(`${path}?${lang}&session=${encodeURIComponent(session)}`, {});
}

/**
 * The URL of a stream. The random word tells the server which of a browser's streams it is.
 * @param {string} session
 * @param {string} after
 */
export function streamURL(session, after) {
  return `events?${lang}&session=${encodeURIComponent(session)}` + (after ? `&after=${encodeURIComponent(after)}` : "");
}

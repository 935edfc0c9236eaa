// What the page asks the server for. An error that the server tells has its HTTP status; it
// is 0 where the server does not answer.

import { text } from './dom.js';

/**
 * @typedef {{number: number, segment?: string, from: string, to: string, protocol: string,
 *   what: string, lost?: string[], time: string, length: number, marker?: boolean, ms: number}} Row
 * @typedef {{heading: string}} Heading
 * @typedef {{total: number, from: number, rows: (Row|Heading)[]}} Window
 * @typedef {{depth: number, name: string, value: string, from: number, to: number, bits?: string}} Field
 * @typedef {{id: string, status: string, packets: number[], details: string}} Verdict
 */

const failure = (message, status) => Object.assign(new Error(message), { status });

async function ask(path, request = {}) {
  let response, answer;
  try {
    response = await fetch(path, request);
    answer = await response.text();
  } catch (e) {
    throw e.name === 'AbortError' ? e : failure(text('disconnected'), 0);
  }
  let value;
  try {
    value = JSON.parse(answer);
  } catch {
    throw failure(answer.trim() || response.statusText, response.status);
  }
  if (!response.ok) throw failure(value.error, response.status);
  return value;
}

/**
 * @param {string} path
 * @param {Record<string, string|number>} [parameters] empty ones are left out
 * @param {AbortSignal} [signal]
 */
export async function get(path, parameters = {}, signal = undefined) {
  return ask(path + query(parameters), { signal });
}

/**
 * @param {string} path
 * @param {Record<string, string>} [parameters]
 */
export async function post(path, parameters = {}) {
  return ask(path, { method: 'POST', body: new URLSearchParams(parameters) });
}

/**
 * Sends a capture file to the server, which is on this machine.
 * @param {File} file
 * @param {string} experiment which judges it; empty: none
 * @param {string[]} hosts NAME=ADDRESS
 */
export async function upload(file, experiment, hosts) {
  const parameters = new URLSearchParams({ name: file.name });
  if (experiment) parameters.set('experiment', experiment);
  for (const host of hosts) parameters.append('host', host);
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw failure(text('unreadable', { File: file.name }), 0); // not the connection's fault
  }
  return ask('/api/check?' + parameters, { method: 'POST', body: file, headers: { 'Content-Type': 'application/octet-stream' } });
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  return given.length === 0 ? '' : '?' + new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}

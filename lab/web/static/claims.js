// The claims: pending, then pass, fail or inconclusive, with the packets that show it.

import { byId, el, signs, text } from './dom.js';
import { store } from './store.js';

/** @type {Map<string, import('./api.js').Verdict & {final: boolean}>} */
let verdicts = new Map();

/** Numbers as ranges: 4–7, 12. @param {number[]} numbers @returns {[number, string][]} */
function ranges(numbers) {
  const all = [];
  for (let i = 0; i < numbers.length;) {
    let j = i;
    while (j + 1 < numbers.length && numbers[j + 1] === numbers[j] + 1) j++;
    all.push([numbers[i], i === j ? String(numbers[i]) : `${numbers[i]}–${numbers[j]}`]);
    i = j + 1;
  }
  return all;
}

const most = 24; // ranges that are shown

function draw() {
  const claims = store.capture?.experiment?.claims ?? [];
  const list = byId('claim-list');
  const opened = new Set([...list.querySelectorAll('details[open]')].map((d) => d.dataset.id));
  list.replaceChildren(...claims.map((c) => {
    const v = verdicts.get(c.id);
    const status = v?.status ?? 'pending';
    const item = el('li', { class: status },
      el('div', { class: 'verdict' }, `${signs[status]} ${text(status)}`, v && !v.final ? ` (${text('provisional')})` : ''),
      el('div', {}, c.sentence), el('div', { class: 'id' }, c.id));
    if (!v) return item;
    if (v.packets.length > 0) {
      item.append(el('div', { class: 'cited', role: 'group', 'aria-label': text('packetsOf') }, ...ranges(v.packets).slice(0, most).map(([first, label]) =>
        el('button', { type: 'button', 'aria-label': text('packetLink', { Number: label }), onclick: () => store.choose(first, 'claims') }, label))));
    }
    const why = el('details', { 'data-id': c.id, open: opened.has(c.id) || v.status !== 'pass' }, el('summary', {}, text('why')),
      el('p', { class: 'id' }, c.scope), el('pre', { tabindex: 0 }, v.details.replace(/^ {6}/gm, '')));
    item.append(why);
    return item;
  }));
  if (claims.length === 0 && store.capture) list.replaceChildren(el('li', { class: 'hint' }, text('noClaims')));
}

/** How many claims have which verdict, the failed ones first. */
function tally() {
  const parts = [];
  for (const status of ['fail', 'inconclusive', 'pass']) {
    const n = [...verdicts.values()].filter((v) => v.final && v.status === status).length;
    if (n > 0) parts.push(el('span', { class: status }, `${signs[status]} ${text('tally', { Number: n, Status: text(status) })}`));
  }
  byId('tally').replaceChildren(...parts);
  byId('tally').hidden = parts.length === 0;
}

/** Scrolls the claims so far that the first one that does not pass is seen, with its reason. */
function showFirstOpen() {
  const item = byId('claim-list').querySelector('.fail, .inconclusive');
  if (!item) return;
  const claims = byId('claims'), at = item.getBoundingClientRect(), box = claims.getBoundingClientRect();
  claims.scrollTop += Math.max(0, Math.min(at.bottom - box.bottom, at.top - box.top) + margin);
}

const margin = 6; // pixels

/** Marks the packets that are cited; what fails goes before what passes. */
function cite() {
  store.cited = new Map();
  for (const status of ['pass', 'inconclusive', 'fail']) {
    for (const v of verdicts.values()) {
      if (v.status === status) for (const number of v.packets) store.cited.set(number, status);
    }
  }
  store.tell('cited');
}

store.on('capture', (info) => {
  verdicts = new Map();
  byId('lesson').textContent = info.experiment?.lesson ?? '';
  draw();
  tally();
  cite();
});
store.on('happening', (happening) => {
  if (!happening.verdicts) return;
  const said = [];
  for (const v of happening.verdicts) {
    const before = verdicts.get(v.id), final = happening.event === 'done';
    verdicts.set(v.id, { ...v, final });
    if (before?.status !== v.status) said.push(text('verdictOf', { Claim: v.id, Status: text(v.status) }));
  }
  draw();
  tally();
  cite();
  if (happening.event === 'done') showFirstOpen();
  if (said.length > 0) byId('spoken').textContent = said.join(text('andThen'));
});

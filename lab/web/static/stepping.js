// Stepping through the packets: buttons, keys, a slider, the packet in the address; and
// guessing the next one.

import { get } from './api.js';
import { byId, el, text } from './dom.js';
import { ladder, lanes } from './ladder.js';
import { store } from './store.js';
import { goTo, index, table } from './table.js';

let guessing = false, asked = 0, right = 0, listed = true;

const slider = byId('slider');

function show() {
  const last = table.shown - 1;
  slider.max = String(Math.max(last, 0));
  slider.value = String(Math.max(index, 0));
  const args = { Number: store.chosen, Index: Math.min(index + 1, last + 1), Total: table.shown };
  const words = store.chosen > 0 ? text(listed ? 'position' : 'unlisted', args) : '';
  byId('position').textContent = waiting() || words;
  slider.setAttribute('aria-valuetext', words);
  byId('first').disabled = listed ? index <= 0 : last < 0;
  byId('back').disabled = index <= 0;
  byId('forward').disabled = guessing || next() > last;
  byId('last').disabled = guessing || index >= last;
  slider.disabled = last < 0;
  const live = byId('follow');
  live.setAttribute('aria-pressed', String(store.following));
  live.textContent = store.running && store.following ? text('pause') : text('live');
  live.hidden = !store.running;
}

/** The place of the packet after the chosen one, which itself may not be in the list. */
const next = () => (listed ? index + 1 : index);

/** How many packets wait to be shown. */
function waiting() {
  const waits = store.until === Infinity || guessing ? 0 : store.packets - store.until;
  return waits > 0 ? text('waiting', { Number: waits }) : '';
}

byId('first').addEventListener('click', () => goTo(0));
byId('back').addEventListener('click', () => goTo(index - 1));
byId('forward').addEventListener('click', () => goTo(next()));
byId('last').addEventListener('click', () => goTo(table.shown - 1));
slider.addEventListener('input', () => goTo(Number(slider.value)));
byId('follow').addEventListener('click', () => {
  store.follow(!store.following);
  if (store.following) goTo(table.total - 1, 'live');
});

// Keys step from anywhere where they mean nothing else.
document.addEventListener('keydown', (e) => {
  const target = /** @type {HTMLElement} */ (e.target);
  if (e.defaultPrevented || e.altKey || e.ctrlKey || e.metaKey || target.closest('input, select, textarea, dialog, [role=tree], #bytes, pre')) return;
  if (e.key === 'ArrowRight' && !guessing) goTo(next());
  else if (e.key === 'ArrowLeft') goTo(index - 1);
  else if (e.key === 'Home') goTo(0);
  else if (e.key === 'End' && !guessing) goTo(table.shown - 1);
  else return;
  e.preventDefault();
});

// Guessing: what comes behind the chosen packet is hidden.

byId('predict').addEventListener('click', () => (guessing ? stop() : start()));

async function start() {
  if (table.total === 0) return;
  guessing = true;
  asked = right = 0;
  byId('predict').setAttribute('aria-pressed', 'true');
  byId('guess').hidden = false;
  byId('score').textContent = '';
  const options = () => lanes.map((lane) => el('option', {}, lane));
  byId('guess-from').replaceChildren(...options());
  byId('guess-to').replaceChildren(el('option', { value: '*' }, text('all')), ...options());
  store.follow(false);
  if (store.chosen === 0 || index < 0 || index >= table.total - 1) await goTo(0);
  hide();
}

function stop() {
  guessing = false;
  byId('predict').setAttribute('aria-pressed', 'false');
  byId('guess').hidden = true;
  store.until = table.limit = ladder.limit = Infinity;
  store.tell('hidden');
  show();
}

/** Hides what comes behind the chosen packet. */
async function hide() {
  const number = store.chosen;
  const place = await get(store.path('place'), { p: number, ...store.list });
  if (!guessing || number !== store.chosen) return;
  table.limit = Math.max(place.table + 1, table.limit === Infinity ? 0 : table.limit);
  ladder.limit = Math.max(place.ladder + 1, ladder.limit === Infinity ? 0 : ladder.limit);
  const last = await table.at(table.limit - 1);
  if (last) store.until = last.number;
  store.tell('hidden');
  show();
}

byId('guess').addEventListener('submit', async (e) => {
  e.preventDefault();
  const hidden = table.limit;
  if (hidden >= table.total) {
    byId('score').textContent = text('over');
    return;
  }
  const row = await table.at(hidden);
  if (!row) return;
  const hit = byId('guess-protocol').value === row.protocol && byId('guess-from').value === row.from && byId('guess-to').value === row.to;
  asked++;
  if (hit) right++;
  const line = `${row.number}: ${row.from} > ${row.to === '*' ? text('all') : row.to} ${row.protocol} ${row.what}`;
  store.until = Infinity;
  table.limit = hidden + 1;
  store.choose(row.number, 'guess');
  await hide();
  const more = hidden + 1 >= table.total ? ' ' + text('over') : '';
  byId('score').textContent = `${text(hit ? 'right' : 'wrong', { Line: line })} · ${text('score', { Right: right, Asked: asked })}${more}`;
});

store.on('capture', () => {
  if (guessing) stop();
  show();
});
store.on('placed', (place) => {
  ({ listed } = place);
  show();
});
store.on('listed', show);
store.on('following', () => {
  if (!guessing) {
    // What comes from now on waits; nothing of it is lost, the server has it.
    store.until = store.following || !store.running ? Infinity : store.packets;
    if (store.following) store.tell('rows');
  }
  show();
});
store.on('progress', show);

show();

/** The number that the address names. @returns {number} */
export function named() {
  return Number(/^#p=(\d+)$/.exec(location.hash)?.[1] ?? 0);
}
addEventListener('hashchange', () => named() !== store.chosen && store.choose(named(), 'address'));

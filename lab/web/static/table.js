// The table of packets, and the filter above it.

import { get } from './api.js';
import { byId, el, notice, signs, text } from './dom.js';
import { store } from './store.js';
import { VirtualList } from './virtual.js';

const grid = byId('table');

export const table = new VirtualList({
  scroller: byId('rows'),
  height: 24,
  load: (from, to) => get(store.path('rows'), { from, to, ...store.list }),
  draw,
  choose: (row) => store.choose(row.number, 'table'),
});

/** The place of the chosen packet in the table. */
export let index = -1;

/** Is fulfilled when the rows that were told of last have come. @type {Promise<void>} */
export let grown = Promise.resolve();

/** @param {HTMLElement} element @param {import('./api.js').Row} row @param {number} at */
function draw(element, row, at) {
  const chosen = row.number === store.chosen;
  element.id = 'row-' + row.number;
  element.setAttribute('role', 'row');
  element.setAttribute('aria-rowindex', String(at + 2));
  element.setAttribute('aria-selected', String(chosen));
  element.classList.toggle('chosen', chosen);
  element.classList.toggle('own', !!row.marker);
  const status = store.cited.get(row.number);
  const number = el('span', { role: 'gridcell', class: 'n' });
  if (status) number.append(el('span', { class: 'cite ' + status, title: text(status) }, signs[status]), ' ');
  number.append(String(row.number));
  const where = row.segment ? ` (${row.segment})` : '';
  element.append(
    number,
    el('span', { role: 'gridcell', class: 'n' }, row.ms.toFixed(3)),
    el('span', { role: 'gridcell', title: row.from + where }, row.from + where),
    el('span', { role: 'gridcell', title: row.to }, row.to),
    el('span', { role: 'gridcell', class: 'p-' + row.protocol }, row.protocol),
    el('span', { role: 'gridcell', class: 'what', title: row.what }, row.marker ? `${row.what} (${text('marker')})` : row.what),
    el('span', { role: 'gridcell', class: 'n' }, String(row.length)),
  );
}

/** Finds the chosen packet in the table and shows it. */
async function reveal() {
  if (!store.capture || store.chosen === 0) return;
  const number = store.chosen;
  const place = await get(store.path('place'), { p: number, ...store.list });
  if (number !== store.chosen) return;
  index = place.table;
  if (index >= table.total) await table.grow();
  const row = await table.at(index);
  const listed = row?.number === number;
  if (listed) grid.setAttribute('aria-activedescendant', 'row-' + number);
  else grid.removeAttribute('aria-activedescendant'); // the filter does not accept it
  table.reveal(index);
  table.schedule(true);
  store.tell('placed', { ...place, listed });
}

/** Chooses the packet at a place of the table. */
export async function goTo(at, by = 'table') {
  const { capture } = store;
  const row = await table.at(Math.min(Math.max(at, 0), table.shown - 1));
  if (row && capture === store.capture) store.choose(row.number, by);
}

function count() {
  grid.setAttribute('aria-rowcount', String(table.shown + 1));
  const parts = [text('shown', { Shown: table.shown, Total: store.packets })];
  if (store.dropped) parts.push(text('dropped', { Number: store.dropped }));
  byId('count').textContent = store.capture ? parts.join(' · ') : '';
}

async function apply() {
  const filter = byId('expression').value.trim(), own = byId('own').checked;
  const error = byId('filter-error');
  try {
    await get(store.path('rows'), { from: 0, to: 0, filter, own: own ? '1' : '' }); // or it is wrong
    store.filter = filter;
    store.own = own;
    await table.reset();
    error.hidden = true;
    byId('expression').removeAttribute('aria-invalid');
  } catch (e) {
    error.textContent = e.message;
    error.hidden = false;
    byId('expression').setAttribute('aria-invalid', 'true');
    return;
  }
  count();
  store.tell('listed');
  await reveal();
}

byId('filter').addEventListener('submit', (e) => {
  e.preventDefault();
  if (store.capture) apply();
});
byId('own').addEventListener('change', () => store.capture && apply());

grid.addEventListener('keydown', (e) => {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[e.key];
  if (by) goTo(index + by);
  else if (e.key === 'Home') goTo(0);
  else if (e.key === 'End') goTo(table.shown - 1);
  else return;
  e.preventDefault();
});

store.on('capture', () => {
  index = -1;
  table.clear();
});
store.on('rows', (detail) => {
  grown = (async () => {
    await (detail?.changed ? table.reset() : table.grow());
    count();
    store.tell('listed');
  })();
  grown.catch((e) => notice(e.message));
});
store.on('chosen', reveal);
store.on('cited', () => table.schedule(true));
store.on('hidden', () => {
  table.redraw();
  count();
});

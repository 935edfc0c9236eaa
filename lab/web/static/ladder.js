// The ladder: a lane for each host, an arrow for each packet, as it grows.

import { get } from './api.js';
import { byId, signs, svg, el, text } from './dom.js';
import { store } from './store.js';
import { VirtualList } from './virtual.js';

const height = 26, gutter = 62;
const box = byId('arrows');
/** @type {string[]} */
export let lanes = [];
let place = -1;

export const ladder = new VirtualList({
  scroller: box,
  height,
  load: async (from, to) => {
    const window = await get(store.path('ladder'), { from, to });
    let more = false;
    for (const row of window.rows) {
      if ('heading' in row) continue;
      for (const end of [row.from, row.to]) {
        if (end && end !== '*' && !lanes.includes(end) && lanes.length < 24) {
          lanes.push(end);
          more = true;
        }
      }
    }
    if (more) store.tell('lanes');
    return window;
  },
  draw,
  choose: (row) => store.choose(row.number, 'ladder'),
});

/** How far apart lanes stand, and where their part of a row ends. */
function measure() {
  const width = box.clientWidth;
  const room = width < 480 ? 0.5 : 0.6;
  const step = Math.max(34, Math.min(130, (width * room - gutter) / Math.max(lanes.length, 1)));
  return { step, end: gutter + step * lanes.length };
}

const at = (lane, step) => gutter + step * (lane + 0.5);

function head() {
  const { step } = measure();
  // Names that do not fit side by side stand in two rows, each with the room of two lanes.
  const rows = lanes.some((lane) => lane.length * 7 > step) ? 2 : 1;
  const fit = Math.max(3, Math.floor(rows * step / 7));
  const height = 6 + 16 * rows;
  byId('lanes').style.height = height + 'px';
  const drawing = svg('svg', { width: box.clientWidth, height });
  lanes.forEach((lane, i) => {
    const name = lane.length > fit ? lane.slice(0, fit - 1) + '…' : lane;
    drawing.append(svg('text', { x: at(i, step), y: 15 + 16 * (i % rows) }, name, svg('title', {}, lane)));
  });
  byId('lanes').replaceChildren(drawing);
}

/** The hosts on the segment of a row. */
function onSegment(row) {
  const segments = store.capture.segments;
  const segment = segments.find((s) => s.name === row.segment) ?? segments[0];
  return lanes.filter((lane) => !segment || segment.hosts.length === 0 || segment.hosts.includes(lane) || lane === '?');
}

/** @param {HTMLElement} element @param {any} row @param {number} index */
function draw(element, row, index) {
  if ('heading' in row) {
    element.classList.add('heading');
    element.setAttribute('role', 'presentation');
    element.append(row.heading);
    return;
  }
  const { step, end } = measure();
  const chosen = row.number === store.chosen;
  element.id = 'arrow-' + row.number;
  element.setAttribute('role', 'option');
  element.setAttribute('aria-selected', String(chosen));
  const lost = row.lost?.length ? `, ${text('lost')}: ${row.lost.join(' ')}` : '';
  element.setAttribute('aria-label', `${row.number}: ${row.from} > ${row.to === '*' ? text('all') : row.to} ${row.what}${lost}`);
  element.setAttribute('aria-posinset', String(index + 1));
  element.setAttribute('aria-setsize', String(ladder.shown));
  element.classList.toggle('chosen', chosen);
  const drawing = svg('svg', { width: end, height, 'aria-hidden': 'true' });
  for (let i = 0; i < lanes.length; i++) drawing.append(svg('line', { class: 'lane', x1: at(i, step), x2: at(i, step), y1: 0, y2: height }));
  const status = store.cited.get(row.number);
  if (status) drawing.append(svg('text', { class: 'mark ' + status, x: 50, y: 17 }, signs[status]));
  drawing.append(svg('text', { x: 40, y: 17 }, String(row.number)), arrow(row, step));
  const what = el('span', { class: 'what p-' + row.protocol, title: row.what }, row.what);
  what.style.left = end + 8 + 'px';
  element.append(drawing, what);
}

/** @param {import('./api.js').Row} row */
function arrow(row, step) {
  const y = height / 2;
  const group = svg('g', { class: `arrow ${row.protocol} p-${row.protocol}` });
  const from = lanes.indexOf(row.from);
  if (from < 0) return group;
  const reached = (row.to === '*' ? onSegment(row) : [row.to]).map((lane) => lanes.indexOf(lane)).filter((i) => i >= 0 && i !== from);
  const x = at(from, step);
  if (reached.length === 0 && row.to === row.from) {
    group.append(svg('path', { class: 'loop', d: `M${x},${y - 5} h14 v10 h-10` }));
  }
  const outer = row.to === '*' ? [Math.min(from, ...reached), Math.max(from, ...reached)] : [from, ...reached];
  const low = at(Math.min(...outer), step), high = at(Math.max(...outer), step);
  if (high > low) group.append(svg('line', { x1: low, x2: high, y1: y, y2: y }));
  group.append(svg('circle', { cx: x, cy: y, r: 3.5 }));
  for (const lane of reached) {
    const to = at(lane, step), way = to > x ? -1 : 1;
    if (row.lost?.includes(lanes[lane])) {
      const middle = to + way * Math.min(16, step / 3);
      group.append(svg('path', { class: 'lost', d: `M${middle - 5},${y - 5} l10,10 m0,-10 l-10,10` }));
    } else {
      group.append(svg('path', { class: 'head', d: `M${to},${y} l${way * 9},-4.5 v9 z` }));
    }
  }
  const witness = store.capture.witness, seen = lanes.indexOf(witness);
  if (seen >= 0 && row.to !== '*' && seen !== from && !reached.includes(seen)) {
    group.append(svg('circle', { class: 'witness', cx: at(seen, step), cy: y, r: 3.5 }));
  }
  return group;
}

async function step(by) {
  for (let to = place + by; to >= 0 && to < ladder.shown; to += Math.sign(by)) {
    const row = await ladder.at(to);
    if (row && 'number' in row) return store.choose(row.number, 'ladder');
  }
}

box.addEventListener('keydown', (e) => {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[e.key];
  if (by) step(by);
  else if (e.key === 'Home') (place = -1, step(1));
  else if (e.key === 'End') (place = ladder.shown, step(-1));
  else return;
  e.preventDefault();
});

store.on('capture', (info) => {
  // The sniffer has a lane where the script changes what it can see.
  const sees = info.steps.some((s) => s.text.startsWith('mode '));
  lanes = info.hosts.filter((host) => host !== info.witness || sees);
  place = -1;
  ladder.clear();
  head();
  store.tell('lanes');
});
store.on('lanes', () => {
  head();
  ladder.schedule(true);
});
store.on('rows', (detail) => (detail?.changed ? ladder.reset() : ladder.grow()));
store.on('cited', () => ladder.schedule(true));
store.on('hidden', () => ladder.redraw());
store.on('placed', async (where) => {
  place = where.ladder;
  const row = await ladder.at(place);
  if (row?.number === store.chosen) box.setAttribute('aria-activedescendant', 'arrow-' + row.number);
  else box.removeAttribute('aria-activedescendant');
  ladder.reveal(place);
  ladder.schedule(true);
});
new ResizeObserver(head).observe(box);

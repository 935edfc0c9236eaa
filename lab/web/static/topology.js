// The network: hosts, segments as hub or switch, the cables that the chosen packet takes,
// and a cross where a fault acts.

import { byId, el, svg, text } from './dom.js';
import { store } from './store.js';

const rowHeight = 46, boxWidth = 104, boxHeight = 30, gap = 60;
/** Modes of segments, by name: "hub" or "switch". @type {Map<string, string>} */
const modes = new Map();
/** @type {{element: SVGElement, host: string, segment: string}[]} */
let cables = [];
/** @type {Map<string, SVGElement>} */
let boxes = new Map();
/** @type {{element: SVGElement, title: SVGElement, of: any}[]} */
let crosses = [];
let shown = null;

function draw() {
  const { hosts, segments, routers, faults } = store.capture;
  cables = [];
  boxes = new Map();
  crosses = [];
  const busAt = (i) => boxWidth + gap + i * 70;
  const width = busAt(segments.length - 1) + 90, height = hosts.length * rowHeight + 34;
  const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-labelledby': 'network-title network-words' });
  const words = [];
  const middle = (host) => 26 + hosts.indexOf(host) * rowHeight + boxHeight / 2;
  segments.forEach((segment, i) => {
    const on = segment.hosts.map(middle).sort((a, b) => a - b);
    if (on.length === 0) return;
    const mode = modes.get(segment.name) ?? 'hub';
    drawing.append(
      svg('text', { x: busAt(i), y: 14, 'text-anchor': 'middle', class: 'soft' }, `${segment.name} · ${text(mode)}`),
      svg('line', { class: 'bus ' + mode, x1: busAt(i), x2: busAt(i), y1: on[0], y2: on[on.length - 1] }),
    );
    words.push(`${text('mode', { Segment: segment.name })} ${text(mode)}: ${segment.hosts.join(', ')}`);
    for (const host of segment.hosts) {
      const y = middle(host);
      const cable = svg('line', { class: 'cable', x1: boxWidth, x2: busAt(i), y1: y, y2: y }, svg('title', {}, text('link', { Host: host, Segment: segment.name })));
      cables.push({ element: cable, host, segment: segment.name });
      drawing.append(cable, svg('circle', { class: 'joint', cx: busAt(i), cy: y, r: 4.5 }));
    }
  });
  for (const host of hosts) {
    const y = middle(host) - boxHeight / 2;
    const name = host.length > 13 ? host.slice(0, 12) + '…' : host;
    const box = svg('g', { class: 'host' }, svg('title', {}, host),
      svg('rect', { x: 1.5, y, width: boxWidth - 3, height: boxHeight, rx: routers.includes(host) ? 15 : 5 }),
      svg('text', { x: boxWidth / 2, y: y + 20, 'text-anchor': 'middle' }, name));
    boxes.set(host, box);
    drawing.append(box);
  }
  faults.forEach((fault) => {
    const host = hosts.includes(fault.to) ? fault.to : fault.from;
    if (!hosts.includes(host)) return;
    const x = boxWidth + 18 + 16 * crosses.filter((c) => c.of.host === host).length, y = middle(host);
    const title = svg('title', {});
    const element = svg('path', { class: 'fault', d: `M${x - 6},${y - 6} l12,12 m0,-12 l-12,12` }, title);
    crosses.push({ element, title, of: { ...fault, host } });
    drawing.append(element);
  });
  drawing.append(svg('desc', { id: 'network-words' }, words.join('; ')));
  byId('drawing').replaceChildren(drawing);
  faulty();
  if (shown) light(shown, false);
}

/** Crosses are red while their rule is in force. */
function faulty() {
  for (const { element, title, of } of crosses) {
    const on = store.line >= of.line && (of.ends === 0 || store.line < of.ends);
    element.classList.toggle('on', on);
    title.textContent = text(on ? 'faultOn' : 'faultOff', { Rule: of.rule });
  }
}

/** @param {import('./api.js').Row} row @param {boolean} pulse */
function light(row, pulse) {
  shown = row;
  const segment = store.capture.segments.find((s) => s.name === row.segment) ?? store.capture.segments[0];
  const flooded = row.to === '*' || modes.get(segment?.name) !== 'switch';
  for (const cable of cables) {
    const on = cable.segment === segment?.name;
    const sends = on && cable.host === row.from, gets = on && cable.host !== row.from && (flooded || cable.host === row.to);
    const list = cable.element.classList;
    list.value = 'cable';
    if (!sends && !gets) continue;
    list.add('lit', row.protocol, sends ? 'from' : 'to');
    if (pulse) {
      void /** @type {any} */ (cable.element).getBoundingClientRect(); // so that the animation begins anew
      list.add('pulse');
    }
  }
  for (const [host, box] of boxes) box.classList.toggle('sends', host === row.from);
  for (const { element, of } of crosses) element.classList.toggle('hit', !!row.lost?.includes(of.host));
}

/** The script, and the line that is carried out. */
function script() {
  const { steps } = store.capture;
  byId('script').hidden = steps.length === 0;
  byId('steps').replaceChildren(...steps.map((s) => el('li', { 'data-line': s.line }, el('span', {}, String(s.line)), s.text)));
}

/** @param {any} happening */
function happen(happening) {
  if (happening.event !== 'step' && happening.event !== 'step-end') return;
  store.line = happening.line;
  for (const item of byId('steps').children) {
    const now = item.dataset.line === String(happening.line);
    item.classList.toggle('now', now);
    if (now) {
      item.setAttribute('aria-current', 'step');
      if (happening.error) item.classList.add('broken');
    } else item.removeAttribute('aria-current');
  }
  const [verb, ...words] = happening.step.split(' ');
  if (happening.event === 'step-end' && verb === 'mode') setMode(words.length > 1 ? words[0] : '', words[words.length - 1]);
  faulty();
}

/** @param {string} segment "" for all @param {string} mode */
export function setMode(segment, mode) {
  let changed = false;
  for (const s of store.capture?.segments ?? []) {
    if ((segment === '' || s.name === segment) && mode && modes.get(s.name) !== mode) {
      modes.set(s.name, mode);
      changed = true;
    }
  }
  if (changed) draw();
}

store.on('capture', () => {
  modes.clear();
  shown = null;
  store.line = 0;
  script();
  draw();
});
store.on('hosts', draw);
store.on('happening', happen);
store.on('packet', (packet) => light(packet.row, true));

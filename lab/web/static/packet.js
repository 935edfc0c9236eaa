// The layers of the chosen packet and its bytes. Choosing a field lights its bytes,
// choosing a byte its field.

import { get } from './api.js';
import { byId, el, text } from './dom.js';
import { store } from './store.js';

/** @type {import('./api.js').Field[]} */
let fields = [];
/** @type {Uint8Array} */
let bytes = new Uint8Array();
/** @type {HTMLElement[]} */
let nodes = [];
/** Cells of bytes: of the numbers and of the characters. @type {HTMLElement[][]} */
let cells = [];
let chosen = -1; // field
let at = 0; // byte that has the keyboard's focus
let asked = new AbortController();

async function show() {
  asked.abort();
  asked = new AbortController();
  const number = store.chosen;
  let packet;
  try {
    packet = await get(store.path('packet'), { p: number }, asked.signal);
  } catch (e) {
    if (e.name === 'AbortError') return;
    throw e;
  }
  if (number !== store.chosen) return;
  const name = fields[chosen]?.name;
  fields = packet.nodes;
  bytes = Uint8Array.from(packet.hex.match(/../g) ?? [], (b) => parseInt(b, 16));
  byId('line').textContent = `${number}  ${packet.line}`;
  byId('follow-stream').hidden = !packet.flow;
  drawTree();
  drawBytes();
  chosen = -1;
  at = 0;
  choose(name ? fields.findIndex((f) => f.name === name) : -1, false); // the same field of each packet
  store.tell('packet', packet);
}

function drawTree() {
  nodes = fields.map((field, i) => {
    const node = el('div', {
      class: field.depth === 0 ? 'node layer' : 'node', role: 'treeitem', 'aria-level': field.depth + 1, 'aria-selected': 'false',
      tabindex: i === 0 ? 0 : -1, onclick: () => choose(i),
    }, el('span', {}, field.name), el('span', {}, field.value, field.bits ? el('span', { class: 'bits' }, field.bits) : ''));
    return node;
  });
  byId('tree').replaceChildren(...nodes);
}

const printable = (b) => (b > 32 && b < 127 ? String.fromCharCode(b) : '.');
const hex = (b) => b.toString(16).padStart(2, '0');

function drawBytes() {
  cells = [];
  const lines = [];
  for (let from = 0; from < bytes.length; from += 16) {
    const numbers = el('span', { class: 'hex' }), characters = el('span', { class: 'chars', 'aria-hidden': 'true' });
    for (let i = from; i < Math.min(from + 16, bytes.length); i++) {
      const pair = [el('span', { class: 'b', 'data-at': i }, hex(bytes[i])), el('span', { class: 'b', 'data-at': i }, printable(bytes[i]))];
      cells.push(pair);
      numbers.append(pair[0]);
      characters.append(pair[1]);
    }
    lines.push(el('div', { class: 'line' }, el('span', { class: 'offset', 'aria-hidden': 'true' }, from.toString(16).padStart(4, '0')), numbers, characters));
  }
  byId('bytes').replaceChildren(...lines);
}

/** Chooses a field. @param {number} i -1 for none @param {boolean} [focus] */
function choose(i, focus = true) {
  nodes.forEach((node, k) => {
    node.classList.toggle('chosen', k === i);
    node.setAttribute('aria-selected', String(k === i));
    node.tabIndex = k === Math.max(i, 0) ? 0 : -1;
  });
  chosen = i;
  const field = fields[i], layer = fields.findLast((f, k) => k <= i && f.depth === 0);
  cells.forEach((pair, k) => {
    for (const cell of pair) {
      cell.classList.toggle('chosen', !!field && k >= field.from && k < field.to);
      cell.classList.toggle('layered', !!layer && k >= layer.from && k < layer.to);
    }
  });
  if (field && field.to > field.from) {
    at = field.from;
    const cell = cells[at]?.[0], box = byId('bytes');
    if (cell) box.scrollTop = Math.max(0, cell.offsetTop - box.offsetTop - box.clientHeight / 2);
  }
  if (focus && i >= 0) nodes[i].focus({ preventScroll: false });
  say();
}

/** The innermost field that has a byte: the shortest, and of these the last. */
function fieldOf(byte) {
  let best = -1;
  fields.forEach((f, i) => {
    if (byte >= f.from && byte < f.to && (best < 0 || f.to - f.from <= fields[best].to - fields[best].from)) best = i;
  });
  return best;
}

/** Chooses a byte and with it its field. @param {number} byte */
function chooseByte(byte) {
  if (byte < 0 || byte >= bytes.length) return;
  choose(fieldOf(byte), false);
  nodes[chosen]?.scrollIntoView({ block: 'nearest' });
  at = byte;
  say();
}

/** Says which byte it is. */
function say() {
  cells.forEach((pair, k) => pair[0].classList.toggle('at', k === at && document.activeElement === byId('bytes')));
  const field = fields[fieldOf(at)];
  const words = bytes.length > 0 && chosen >= 0 ? text('byteOf', { Offset: at, Hex: '0x' + hex(bytes[at]), Field: field ? `${field.name} ${field.value}` : '' }) : '';
  byId('byte').textContent = words;
  byId('bytes').setAttribute('aria-label', words ? `${text('bytesLabel')}. ${words}` : text('bytesLabel'));
}

byId('bytes').addEventListener('click', (e) => {
  const cell = /** @type {HTMLElement} */ (e.target).closest('[data-at]');
  if (cell) chooseByte(Number(cell.dataset.at));
});
byId('bytes').addEventListener('keydown', (e) => {
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 16, ArrowUp: -16 }[e.key];
  if (!by) return;
  e.preventDefault();
  chooseByte(at + by);
});
byId('bytes').addEventListener('focus', say);
byId('bytes').addEventListener('blur', say);
byId('tree').addEventListener('keydown', (e) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  const to = by ? Math.max(chosen, 0) + by : e.key === 'Home' ? 0 : e.key === 'End' ? nodes.length - 1 : -1;
  if (to < 0 || to >= nodes.length) return;
  e.preventDefault();
  choose(to);
});

store.on('capture', () => {
  asked.abort();
  fields = [];
  bytes = new Uint8Array();
  byId('line').textContent = text('noPacket');
  byId('follow-stream').hidden = true;
  byId('byte').textContent = '';
  drawTree();
  drawBytes();
});
store.on('chosen', show);
store.on('rows', (detail) => detail?.changed && store.chosen > 0 && show()); // what became of it is known now

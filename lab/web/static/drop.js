// A capture file that is dropped on the page, or chosen: it goes to wirelab on this
// machine and nowhere else.

import { upload } from './api.js';
import { byId, el, notice, text } from './dom.js';
import { store } from './store.js';

/** @type {File|null} */
let file = null;
/** @type {(id: string) => Promise<void>} */
let opened = async () => {};

/** @param {(id: string) => Promise<void>} open shows a capture */
export function onOpened(open) {
  opened = open;
}

async function send(hosts = []) {
  if (!file) return;
  const experiment = byId('judge').value;
  notice(text('uploading', { File: file.name }));
  try {
    const { id } = await upload(file, experiment, hosts);
    notice('');
    await opened(id);
    ask();
  } catch (e) {
    notice(e.message);
  }
}

/** Asks which host has which address, where the file does not say it. */
function ask() {
  const { experiment, nameless } = store.capture;
  const box = byId('hosts');
  box.hidden = !experiment || nameless.length === 0 || !file;
  if (box.hidden) return;
  const form = el('form', {}, el('p', {}, text('who')));
  for (const host of experiment.hosts.filter((h) => h !== 'sniffer')) {
    const select = el('select', { name: host }, el('option', { value: '' }, text('unknownHost')), ...nameless.map((a) => el('option', {}, a)));
    form.append(el('label', {}, host, ' ', select));
  }
  form.append(el('button', { class: 'main' }, text('judgeAgain')));
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    send([...form.querySelectorAll('select')].filter((s) => s.value).map((s) => `${s.name}=${s.value}`));
  });
  box.replaceChildren(form);
}

store.on('capture', () => (byId('hosts').hidden = true));

byId('open').addEventListener('click', () => byId('chosen').click());
byId('chosen').addEventListener('change', () => {
  file = byId('chosen').files[0] ?? null;
  send();
  byId('chosen').value = '';
});

const overlay = byId('overlay');
let depth = 0;
addEventListener('dragenter', (e) => {
  if (!e.dataTransfer?.types.includes('Files')) return;
  depth++;
  overlay.hidden = false;
});
addEventListener('dragleave', () => {
  depth = Math.max(0, depth - 1);
  overlay.hidden = depth === 0;
});
addEventListener('dragover', (e) => e.preventDefault());
addEventListener('drop', (e) => {
  e.preventDefault();
  depth = 0;
  overlay.hidden = true;
  const dropped = e.dataTransfer?.files[0];
  if (!dropped) return;
  file = dropped;
  send();
});

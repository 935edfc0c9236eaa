// A conversation as text.

import { get } from './api.js';
import { byId, el, notice, text } from './dom.js';
import { store } from './store.js';

const dialog = /** @type {HTMLDialogElement} */ (byId('conversation'));

byId('follow-stream').addEventListener('click', async () => {
  try {
    const c = await get(store.path('follow'), { p: store.chosen });
    byId('conversation-title').textContent = text('conversation', { One: c.ends[0], Other: c.ends[1] });
    const said = c.said.map((part) => el('div', { class: part.from === 0 ? 'said' : 'said other' },
      el('b', {}, c.ends[part.from], ' ', el('button', { type: 'button', 'aria-label': text('packetLink', { Number: part.packet }), onclick: () => (dialog.close(), store.choose(part.packet, 'conversation')) }, String(part.packet))),
      part.text, part.missing ? el('i', {}, ` [${text('missing', { Number: part.missing })}]`) : ''));
    if (c.more) said.push(el('p', { class: 'hint' }, text('more')));
    byId('said').replaceChildren(...said);
    dialog.showModal();
  } catch (e) {
    notice(e.message);
  }
});

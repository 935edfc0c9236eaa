// The stream of what happens to a capture.

import { byId, notice, text } from './dom.js';
import { store } from './store.js';
import { grown, goTo, table } from './table.js';

const pace = 200; // milliseconds between two looks at what has been added
/** @type {EventSource|null} */
let source = null;
let behind = false, busy = false, broken = false, had = 0;

/** Follows a capture from its beginning. */
export function follow() {
  leave();
  had = 0;
  const events = new EventSource(store.path('events'));
  source = events;
  events.addEventListener('happening', (e) => {
    // A browser that comes back says which it had last; what it had is not told again.
    if (Number(e.lastEventId) <= had) return;
    had = Number(e.lastEventId);
    const happening = JSON.parse(e.data);
    store.tell('happening', happening);
    if (happening.event === 'barrier' || happening.event === 'done') store.tell('rows', { changed: true });
  });
  events.addEventListener('progress', (e) => progress(JSON.parse(e.data)));
  events.addEventListener('open', () => {
    if (broken) notice('');
    broken = false;
  });
  events.addEventListener('error', () => {
    if (source !== events) return;
    broken = true;
    if (events.readyState !== EventSource.CLOSED) {
      notice(text('disconnected'));
      return;
    }
    leave();
    find();
  });
}

/** Looks whether the server, which has refused the stream, still has the capture. */
async function find() {
  const path = store.path('').slice(0, -1);
  try {
    const response = await fetch(path);
    if (response.status === 404) return notice(text('gone'));
    // A server that was started anew has another token: it says what to do.
    if (response.status === 403) return notice((await response.text()).trim());
    if (response.ok) return follow();
  } catch {
    notice(text('disconnected'));
  }
  setTimeout(() => path === store.path('').slice(0, -1) && find(), 2000);
}

export function leave() {
  source?.close();
  source = null;
}

function progress(is) {
  const ended = store.running && is.state !== 'running';
  store.running = is.state === 'running';
  store.packets = is.packets;
  store.dropped = is.dropped ?? 0;
  store.state = is.state;
  byId('stop').hidden = !store.running;
  const live = store.running && store.capture.kind === 'lab';
  byId('state').textContent = text(live ? 'watching' : is.state) + (is.error ? ': ' : '');
  if (is.error) byId('state').append(is.error);
  byId('state').classList.toggle('bad', !!is.error);
  byId('downloads').hidden = store.packets === 0;
  if (ended) store.tell('ended');
  store.tell('progress', is);
  behind = true;
  catchUp();
}

/** Shows what has been added, one look after the other. */
async function catchUp() {
  if (busy) return;
  busy = true;
  while (behind) {
    behind = false;
    // Who has paused, or guesses, is shown nothing new; it waits on the server.
    if (store.until === Infinity) {
      store.tell('rows');
      await Promise.allSettled([grown, new Promise((resolve) => setTimeout(resolve, pace))]);
      if (store.following && table.total > 0) await goTo(table.total - 1, 'live').catch(() => {});
    }
  }
  busy = false;
}

// The page: what can be chosen, and what is shown.

import { get, post } from './api.js';
import { byId, el, notice, signs, text } from './dom.js';
import { onOpened } from './drop.js';
import './claims.js';
import './follow.js';
import './ladder.js';
import './packet.js';
import { follow } from './live.js';
import { named } from './stepping.js';
import { store } from './store.js';
import { goTo } from './table.js';
import { setMode } from './topology.js';

let state = { experiments: [], captures: [] }, labs = [], asked = 0;

/** Asks what can be chosen. */
async function refresh() {
  const mine = ++asked;
  lookForLabs();
  const news = await get('/api/state');
  if (mine !== asked) return; // a later answer was here before
  state = news;
  keep(byId('experiment'), state.experiments.filter((e) => e.runs).map((e) => el('option', { value: e.name, title: e.lesson }, e.name)));
  keep(byId('judge'), [el('option', { value: '' }, text('nojudge')), ...state.experiments.map((e) => el('option', { value: e.name, title: e.lesson }, e.name))]);
  byId('run').hidden = !!state.norun;
  byId('norun').hidden = !state.norun;
  byId('norun').textContent = state.norun ?? '';
  chat();
  const time = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  byId('captures').replaceChildren(...(state.captures.length === 0 ? [el('option', { value: '' }, text('none'))] : state.captures.map((c) =>
    el('option', { value: c.id }, `${c.status ? signs[c.status] + ' ' : ''}${c.name} ${time(c.began)}${c.state === 'running' ? ' · ' + text(c.kind === 'lab' ? 'watching' : 'running') : ''}`))));
  byId('captures').disabled = state.captures.length === 0;
  if (store.capture) byId('captures').value = store.capture.id;
}

/** Puts other options into a list, of which the chosen one stays. */
function keep(select, options) {
  const { value } = select;
  select.replaceChildren(...options);
  if ([...select.options].some((o) => o.value === value)) select.value = value;
}

let looking = null;

/** Asks which labs can be watched, and what their segments are. That may take a while. */
async function lookForLabs() {
  const mine = looking = get('/api/labs');
  const all = await mine.catch(() => null);
  if (mine !== looking || !all) return;
  labs = all;
  keep(byId('lab'), labs.map((l) => el('option', { value: l.name }, l.name)));
  byId('watch').hidden = labs.length === 0;
  modes();
}

/** Where the lab's chat is, for this browser and for phones. */
function chat() {
  byId('chat').hidden = !state.chat;
  if (!state.chat) return;
  if (state.nophones) byId('phones').textContent = state.nophones;
  else if (!byId('phones').querySelector('img')) byId('phones').replaceChildren(text('chatScan'), el('img', { src: '/api/chat.svg', alt: text('chatCode'), width: 240, height: 240 }));
}

/** Hub or switch, for each segment of the lab that is watched. */
function modes() {
  const lab = store.capture?.kind === 'lab' ? labs.find((l) => l.name === store.capture.name) : null;
  const focused = document.activeElement?.id;
  byId('modes').replaceChildren(...(lab && store.running ? lab.segments : []).flatMap((segment) => {
    setMode(segment.name, segment.mode);
    const group = el('span', { role: 'group', 'aria-label': text('mode', { Segment: segment.name }) }, text('mode', { Segment: segment.name }), ' ');
    for (const mode of ['hub', 'switch']) {
      group.append(el('button', { type: 'button', id: `mode-${segment.name}-${mode}`, 'aria-pressed': String(segment.mode === mode),
        onclick: () => attempt(async () => {
          await post('/api/mode', { lab: lab.name, segment: segment.name, mode });
          await refresh();
        }) }, text(mode)), ' ');
    }
    return [group];
  }));
  if (focused?.startsWith('mode-')) byId(focused)?.focus();
}

/** Does something that may fail, and says why it has. */
async function attempt(action) {
  try {
    notice('');
    await action();
  } catch (e) {
    notice(e.message);
  }
}

let opening = 0;

/**
 * Shows a capture. Of two that are asked for at once the later one is shown.
 * @param {string} id @param {number} [number] of the packet that is chosen
 */
async function open(id, number = 0) {
  const mine = ++opening;
  const info = await get('/api/c/' + id);
  if (mine !== opening) return;
  store.capture = info;
  store.chosen = 0;
  store.until = Infinity;
  store.packets = 0;
  store.dropped = 0;
  byId('expression').value = store.filter;
  store.running = info.state === 'running';
  store.following = store.running && number === 0;
  const path = '/c/' + id;
  if (location.pathname !== path) history.pushState(null, '', path + (number ? '#p=' + number : ''));
  document.title = `${info.name} · wirelab`;
  store.tell('capture', info);
  downloads(info);
  byId('stop').textContent = text(info.kind === 'lab' ? 'unwatch' : 'stop');
  if (info.experiment && info.kind === 'run') byId('experiment').value = info.experiment.name;
  follow();
  await refresh();
  const first = number || (store.following ? 0 : -1);
  if (first > 0) store.choose(first, store.running ? 'address' : 'live');
  else if (first < 0) await firstPacket();
}

/** Chooses the first packet once there is one. */
function firstPacket() {
  const choose = () => {
    store.removeEventListener('listed', choose);
    if (store.chosen === 0) goTo(0, 'live');
  };
  store.addEventListener('listed', choose);
}

function downloads(info) {
  const files = [['capture.pcapng', 'pcapng']];
  if (info.experiment) files.push(['ladder.svg', 'picture'], ['report.txt', 'report'], ['result.json', 'result']);
  byId('downloads').replaceChildren(text('download'), ...files.flatMap(([file, name]) => [' ', el('a', { href: store.path(file), download: true }, text(name))]));
}

byId('run').addEventListener('submit', (e) => {
  e.preventDefault();
  attempt(async () => open((await post('/api/run', { experiment: byId('experiment').value })).id));
});
byId('watch').addEventListener('submit', (e) => {
  e.preventDefault();
  attempt(async () => open((await post('/api/watch', { lab: byId('lab').value })).id));
});
byId('stop').addEventListener('click', () => attempt(() => post(store.path('stop'))));
byId('captures').addEventListener('change', () => attempt(() => open(byId('captures').value)));
byId('captures').addEventListener('focus', () => refresh().catch(() => {}));
byId('language').addEventListener('click', () => attempt(async () => {
  await post('/api/language', { lang: document.documentElement.lang === 'en' ? 'zh-TW' : 'en' });
  location.reload();
}));
for (const form of ['file', 'kept']) byId(form).addEventListener('submit', (e) => e.preventDefault());
addEventListener('popstate', () => {
  const id = /^\/c\/(\w+)$/.exec(location.pathname)?.[1];
  if (id && id !== store.capture?.id) attempt(() => open(id, named()));
});
// What the server refuses somebody who is not waiting for it, such as a look at a packet of a
// capture that is gone, is told as well.
addEventListener('unhandledrejection', (e) => {
  if (e.reason?.status === undefined) return;
  e.preventDefault();
  notice(e.reason.message);
});
onOpened(open);
// Who sends packets in a capture that somebody else makes, it shows as it grows.
let learning = false;
store.on('progress', async (is) => {
  if (learning || !store.capture || is.hosts <= store.capture.hosts.length) return;
  learning = true;
  const { capture } = store;
  try {
    const { hosts, segments } = await get('/api/c/' + capture.id);
    if (capture === store.capture) {
      Object.assign(capture, { hosts, segments });
      store.tell('hosts');
    }
  } catch { /* the next progress asks again */ }
  learning = false;
});
store.on('ended', () => refresh().catch(() => {}));

attempt(async () => {
  await refresh();
  const asked = /^\/c\/(\w+)$/.exec(location.pathname)?.[1];
  const latest = asked ?? state.captures[0]?.id;
  if (latest) {
    try {
      await open(latest, named());
    } catch (e) {
      byId('state').textContent = text('choose');
      throw e.status === 404 ? new Error(text('gone')) : e;
    }
  } else if (state.opened) {
    await open((await post('/api/watch', { lab: state.opened })).id);
  } else {
    byId('state').textContent = text('choose');
  }
});

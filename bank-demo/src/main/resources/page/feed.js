// The live list of events, and the core: a sample of the newest layers at the top of the page.

import { ownerOf } from '/page/bank.js';
import { byId, h, setText } from '/page/dom.js';
import { idIn, moment, money, typeName, whole } from '/page/format.js';

const MAX_SHOWN = 150;
const MAX_LAYERS = 120;

/** What colour an event has: money in, out, between accounts, or none of these. */
function kindOf(event) {
  if (/Refused|Failed|Help/.test(event.type)) return 'bad';
  if (event.stream.startsWith('transfer-')) return 'other'; // the saga's own notes
  if (event.metadata['transfer-id'] || event.stream.startsWith('request-')) return 'transfer';
  return { AccountOpened: 'open', MoneyDeposited: 'in', InterestAdded: 'in', MoneyWithdrawn: 'out', AccountClosed: 'closed' }[event.type] ?? 'other';
}

/** What happened. A saga is a process to the store, and says so in all that it notes. */
const titleOf = (event) => typeName(event.type.replace(/^Process(?=Started|Complet)/, 'Saga').replace(/^Process(?=.)/, ''));

const amountOf = (event) => event.data?.amount ?? event.data?.initial_balance;

/** Which way the money went, as a sign. */
function signOf(event) {
  if (!event.stream.startsWith('account-')) return '';
  return { AccountOpened: '+', MoneyDeposited: '+', InterestAdded: '+', MoneyWithdrawn: '−' }[event.type] ?? '';
}

/** Whom it is about, and what more its metadata tell of it. */
function aboutOf(event) {
  const id = idIn(event.stream);
  const step = event.metadata['process-command-key'] ?? event.metadata['transfer-step'];
  const about = event.stream.startsWith('account-') ? ownerOf(id) : id;
  return [about, step?.replaceAll('_', ' ').replace(/(.*)\/undo$/, 'undo $1')].filter(Boolean).join(' · ');
}

export function showFeed() {
  const list = byId('feed-list');
  const note = byId('feed-note');
  const pause = byId('feed-pause');
  let linked = false;
  let reachable = true;
  let paused = null; // events that wait while the list stands still; null: it does not

  pause.addEventListener('click', () => {
    if (paused === null) {
      paused = [];
    } else {
      const waiting = paused;
      paused = null;
      waiting.forEach(add);
    }
    pause.setAttribute('aria-pressed', String(paused !== null));
    say();
  });

  function add(event) {
    list.prepend(item(event));
    while (list.children.length > MAX_SHOWN) list.lastElementChild.remove();
  }

  function say() {
    setText(pause, paused === null ? 'Pause' : 'Go on');
    setText(note, !linked ? 'The link to the bank is lost; trying again …'
      : !reachable ? 'The store is away; nothing is lost, and this goes on when it is back.'
        : paused !== null ? `Paused; ${whole(paused.length)} more so far`
          : list.children.length === 0 ? 'Nothing has happened yet.' : 'Live, newest first');
    note.classList.toggle('warn', !linked || !reachable);
  }

  return {
    take(event) {
      layer(event);
      if (paused === null) add(event);
      else paused.push(event);
      if (paused?.length > MAX_SHOWN) paused.shift();
      say();
    },
    link(isLinked) {
      linked = isLinked;
      say();
    },
    store(isReachable) {
      reachable = isReachable;
      say();
    },
  };
}

function item(event) {
  const amount = amountOf(event);
  const details = h('details', {},
    h('summary', {},
      h('span', { class: 'event-type' }, titleOf(event)),
      h('span', { class: 'event-amount number' }, amount === undefined ? '' : `${signOf(event)}${money(amount)}`),
      h('span', { class: 'event-about' }, aboutOf(event)),
      h('time', { class: 'event-time', datetime: event.recorded_at }, moment(event.recorded_at))));
  // Most are never looked into, so the text is made when somebody does.
  details.addEventListener('toggle', () => {
    details.append(
      h('p', { class: 'event-stream' }, event.stream, h('span', {}, ` version ${event.version}, position ${event.position}`)),
      h('pre', { tabindex: '0', 'aria-label': `${event.type} as JSON` }, JSON.stringify(event, null, 2)));
  }, { once: true });
  return h('li', { class: `event kind-${kindOf(event)}`, data: { position: event.position, type: event.type } }, details);
}

/** Lays the event down as one more layer, as thick as its amount is long. */
function layer(event) {
  const core = byId('core');
  const thickness = 1 + Math.log10(1 + Number(amountOf(event) ?? 0));
  core.append(h('span', { class: `kind-${kindOf(event)}`, style: { 'flex-grow': thickness.toFixed(2) } }));
  while (core.children.length > MAX_LAYERS) core.firstElementChild.remove();
}

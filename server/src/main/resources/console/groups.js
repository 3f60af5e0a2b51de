// Consumer groups: how they fare, who consumes, and what they gave up on.

import {get, post} from './api.js';
import {announce, el, every, facts, trouble} from './dom.js';
import {eventItem, eventList} from './events.js';
import {instant, number, rate, span} from './format.js';

const PAGE = 50;
const MOST = 200; // as many parked events as one answer holds

const groupAddress = name => `#/groups/${encodeURIComponent(name)}`;

function badge(group) {
  if (group.stopped) return el('span', {class: 'badge bad'}, 'stopped');
  if (group.problem) return el('span', {class: 'badge bad'}, 'has a problem');
  if (!group.consumerCount) return el('span', {class: 'badge'}, 'nobody consumes');
  return el('span', {class: 'badge good'}, 'going');
}

const column = (name, kind = null) => el('th', {scope: 'col', class: kind}, name);
const figure = text => el('td', {class: 'number'}, text);

/** A table that can be scrolled sideways, and its rows. */
function table(label, columns) {
  const rows = el('tbody');
  const around = el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label},
    el('table', {}, el('thead', {}, el('tr', {}, ...columns)), rows));
  around.hidden = true;
  return {around, rows};
}

function fill({around, rows}, items) {
  rows.replaceChildren(...items);
  around.hidden = items.length === 0;
}

export async function list(root, parameters, signal) {
  const after = parameters.get('after') ?? '';
  const message = el('div');
  const groups = table('Consumer groups', [column('Group'), column('Consumes'), column('State'), column('Consumers', 'number'),
    column('Behind by', 'number'), column('In flight', 'number'), column('Parked', 'number'), column('Acked', 'number')]);
  const note = el('p', {class: 'empty'});
  const more = el('p', {class: 'more'});
  // A row is made anew each time, but for its link: somebody may be about to click it.
  const heads = new Map();
  const head = name => {
    if (!heads.has(name)) heads.set(name, el('th', {scope: 'row'}, el('a', {href: groupAddress(name)}, name)));
    return heads.get(name);
  };
  root.append(el('h1', {}, 'Consumer groups'), message, groups.around, note, more);
  await every(2000, signal, async () => {
    try {
      const answer = await get('groups', {after}, signal);
      const held = document.activeElement?.closest?.('tbody a')?.getAttribute('href');
      fill(groups, answer.groups.map(group => el('tr', {},
        head(group.name),
        el('td', {class: 'words'}, group.source),
        el('td', {}, badge(group)),
        figure(number(group.consumerCount)), figure(number(group.lag)), figure(number(group.inFlight)),
        el('td', {class: `number ${group.parked ? 'warning' : ''}`}, number(group.parked)),
        figure(`${rate(group.acksPerSecond)}/s`))));
      if (held) [...groups.rows.querySelectorAll('a')].find(link => link.getAttribute('href') === held)?.focus();
      note.textContent = answer.groups.length ? '' : after ? 'There are no more.' : 'There is no consumer group.';
      note.hidden = note.textContent === '';
      const last = answer.groups.at(-1)?.name;
      const wanted = answer.more ? `#/groups?after=${encodeURIComponent(last)}` : '';
      if ((more.firstChild?.getAttribute?.('href') ?? '') !== wanted) {
        more.replaceChildren(...(wanted ? [el('a', {href: wanted}, 'Those behind')] : []));
      }
      message.replaceChildren();
    } catch (failure) {
      if (!signal.aborted) message.replaceChildren(trouble(failure.message));
    }
  });
}

export async function one(root, name, _, signal) {
  const message = el('div');
  const about = el('div');
  const consumers = table('Consumers', [column('Consumer'), column('Connected (UTC)'), column('In flight', 'number'),
    column('Credit', 'number'), column('Delivered', 'number'), column('Acked', 'number')]);
  const nobody = el('p', {class: 'empty'}, 'Nobody consumes.');
  const parked = el('div');
  root.append(el('h1', {}, name), message, about, el('h2', {}, 'Consumers'), consumers.around, nobody, parked);
  const {changesAllowed} = await get('me', {}, signal);
  const lookAtParked = parkedEvents(parked, name, changesAllowed, signal);
  await every(2000, signal, async () => {
    try {
      const group = await get('group', {name}, signal);
      message.replaceChildren(...[group.stopped, group.problem].filter(Boolean).map(text => trouble(text)));
      about.replaceChildren(facts([
        ['State', badge(group)],
        ['Consumes', group.source],
        ['Done up to', number(group.checkpoint)],
        ['Behind by', number(group.lag)],
        ['In flight', number(group.inFlight)],
        ['Waiting to be retried', number(group.retrying)],
        ['Parked', `${number(group.parked)}${group.replaying ? `, of which ${number(group.replaying)} are being replayed` : ''}`],
        ['Delivered, acked', `${rate(group.deliveriesPerSecond)}/s, ${rate(group.acksPerSecond)}/s`],
        ['Shared out', group.strategy.replace('_', ' ')],
        ['Ack time-out', group.ackTimeoutMillis < 1000 ? `${number(group.ackTimeoutMillis)} ms` : span(Math.round(group.ackTimeoutMillis / 1000))],
        ['Retries', number(group.maxRetries)],
        ['Created', group.createdAt],
      ]));
      fill(consumers, group.consumers.map(one => el('tr', {},
        el('th', {scope: 'row'}, one.name || '(no name)'),
        el('td', {class: 'time'}, instant(one.connectedAt)),
        figure(number(one.inFlight)), figure(number(one.credit)),
        figure(`${rate(one.deliveriesPerSecond)}/s`), figure(`${rate(one.acksPerSecond)}/s`))));
      nobody.hidden = group.consumers.length > 0;
      await lookAtParked();
    } catch (failure) {
      if (!signal.aborted) message.replaceChildren(trouble(failure.message));
    }
  });
}

/** The group's parked events; what is returned looks whether they are others now. */
function parkedEvents(root, group, changesAllowed, signal) {
  const events = eventList('Parked events');
  const note = el('p', {class: 'empty'});
  const message = el('div');
  const button = el('button', {type: 'button'}, 'Show more');
  const more = el('p', {class: 'more'}, button);
  const all = el('p', {class: 'more'});
  if (changesAllowed) {
    all.append(changeButton('Replay all', 'replay', {all: true}), changeButton('Discard all', 'discard', {all: true}));
  }
  root.append(el('h2', {}, 'Parked events'), message, all, events, note, more);
  let shown = new Map();

  function changeButton(text, what, which) {
    return el('button', {type: 'button', onclick: async () => {
      if (what === 'discard' && !confirm(`${text}? The group will never see ${which.all ? 'them' : 'it'} again.`)) return;
      try {
        const {events: count} = await post(what, {group, ...which});
        message.replaceChildren();
        announce(`${number(count)} ${count === 1 ? 'event' : 'events'} ${what === 'replay' ? 'will be delivered again' : 'discarded'}`);
        await look();
      } catch (failure) {
        message.replaceChildren(trouble(failure.message));
      }
    }}, text);
  }

  function item(parked) {
    const why = el('p', {class: 'why'},
      el('span', {}, el('strong', {}, parked.reason || 'no reason given'),
        `, after ${number(parked.retryCount)} ${parked.retryCount === 1 ? 'retry' : 'retries'}, parked `, instant(parked.parkedAt)),
      parked.replaying ? el('span', {class: 'badge'}, 'being replayed') : null);
    const shown = parked.event
      ? eventItem(parked.event)
      : el('li', {}, el('p', {class: 'why'}, `The event at position ${number(parked.position)} of ${parked.stream} is hidden or has been reclaimed.`));
    if (changesAllowed) {
      why.append(el('span', {class: 'buttons'},
        changeButton('Replay', 'replay', {position: parked.position}), changeButton('Discard', 'discard', {position: parked.position})));
    }
    shown.append(why);
    return shown;
  }

  const key = parked => `${parked.position} ${parked.parkedAt} ${parked.replaying}`;

  /** Shows these and no others. An event that has not changed stays as it is: perhaps somebody has opened it. */
  function put(parked, hasMore) {
    const now = new Map(parked.map(one => [key(one), shown.get(key(one)) ?? item(one)]));
    if ([...now.keys()].join() !== [...shown.keys()].join()) events.replaceChildren(...now.values());
    shown = now;
    events.hidden = now.size === 0;
    all.hidden = events.hidden || !changesAllowed;
    note.textContent = events.hidden ? 'No event is parked.' : '';
    note.hidden = note.textContent === '';
    more.hidden = !hasMore;
  }

  async function look(limit = Math.max(PAGE, shown.size)) {
    const answer = await get('parked', {group, limit: Math.min(limit, MOST)}, signal);
    put(answer.parked, answer.more && answer.parked.length < MOST);
  }

  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await look(shown.size + PAGE);
    } catch (failure) {
      if (!signal.aborted) message.replaceChildren(trouble(failure.message));
    } finally {
      button.disabled = false;
    }
  });
  return look;
}

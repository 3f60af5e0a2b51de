// Who follows the store, those that are furthest behind first.

import {get} from './api.js';
import {el, every, trouble} from './dom.js';
import {number, span} from './format.js';

export async function show(root, _, signal) {
  const message = el('div');
  const rows = el('tbody');
  const table = el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Subscriptions'}, el('table', {},
    el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'Subscription'), el('th', {scope: 'col'}, 'Follows'),
      el('th', {scope: 'col'}, 'State'), el('th', {scope: 'col', class: 'number'}, 'Position'),
      el('th', {scope: 'col', class: 'number'}, 'Behind by'), el('th', {scope: 'col', class: 'number'}, 'Open for'))), rows));
  table.hidden = true;
  const note = el('p', {class: 'empty'});
  root.append(el('h1', {}, 'Subscriptions'), message, table, note);
  await every(2000, signal, async () => {
    try {
      const answer = await get('subscriptions', {}, signal);
      rows.replaceChildren(...answer.subscriptions.map(one => el('tr', {},
        el('th', {scope: 'row'}, one.id),
        el('td', {}, one.subject),
        el('td', {}, el('span', {class: `badge ${one.live ? 'good' : ''}`}, one.live ? 'live' : 'catching up')),
        el('td', {class: 'number'}, number(one.position)),
        el('td', {class: 'number'}, number(one.lag)),
        el('td', {class: 'number'}, span(one.ageSeconds)))));
      table.hidden = answer.count === 0;
      const hidden = answer.count - answer.subscriptions.length;
      note.textContent = answer.count === 0 ? 'Nobody follows the store.' : hidden > 0 ? `and ${number(hidden)} more` : '';
      message.replaceChildren();
    } catch (failure) {
      if (!signal.aborted) message.replaceChildren(trouble(failure.message));
    }
  });
}

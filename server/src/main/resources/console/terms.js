// How many events carry each type, category and tag.

import {get} from './api.js';
import {el, trouble} from './dom.js';
import {number} from './format.js';

const KINDS = {type: ['Types', 'type'], category: ['Categories', 'category'], tag: ['Tags', 'tag']};

export async function show(root, parameters, signal) {
  const kind = KINDS[parameters.get('kind')] ? parameters.get('kind') : 'type';
  const [title, singular] = KINDS[kind];
  const rows = el('tbody');
  const table = el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title}, el('table', {},
    el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, singular[0].toUpperCase() + singular.slice(1)),
      el('th', {scope: 'col', class: 'number'}, 'Events'), el('th', {scope: 'col'}, 'Beside the most frequent'))), rows));
  const note = el('p', {class: 'empty'});
  const button = el('button', {type: 'button'}, 'Show more');
  const more = el('p', {class: 'more'}, button);
  root.append(el('h1', {}, title),
    el('nav', {class: 'tabs', 'aria-label': 'What is counted'}, Object.entries(KINDS).map(([key, [name]]) =>
      el('a', {href: `#/terms?kind=${key}`, 'aria-current': key === kind ? 'page' : null}, name))),
    table, note, more);
  const meters = [];
  let after = null;
  async function another() {
    button.disabled = true;
    try {
      const answer = await get('counts', {kind, after}, signal);
      for (const term of answer.terms) {
        after = term.text;
        const meter = el('meter', {min: 0, 'aria-label': `Share of ${term.text}`});
        meters.push([meter, term.count]);
        rows.append(el('tr', {},
          el('th', {scope: 'row'}, el('a', {href: `#/log?${kind}=${encodeURIComponent(term.text)}`}, term.text || '(empty)')),
          el('td', {class: 'number'}, number(term.count)), el('td', {}, meter)));
      }
      const most = Math.max(1, ...meters.map(([, count]) => count));
      meters.forEach(([meter, count]) => { meter.max = most; meter.value = count; });
      table.hidden = meters.length === 0;
      note.hidden = meters.length > 0;
      note.textContent = `No event has a ${singular} yet.`;
      more.hidden = !answer.more;
    } catch (failure) {
      if (!signal.aborted) table.before(trouble(failure.message));
    } finally {
      button.disabled = false;
    }
  }
  button.addEventListener('click', another);
  await another();
}

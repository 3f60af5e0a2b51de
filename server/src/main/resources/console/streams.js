// What streams there are, and one of them.

import {get} from './api.js';
import {el, facts, trouble} from './dom.js';
import {instant, number, span} from './format.js';
import {pages, streamAddress} from './events.js';

const LIVES = {open: ['open', 'good'], deleted: ['deleted', 'bad'], tombstoned: ['tombstoned', 'bad']};

function badge(life) {
  const [text, kind] = LIVES[life] ?? [life, ''];
  return el('span', {class: `badge ${kind}`}, text);
}

function kept(stream) {
  return [
    stream.maxCount ? `the newest ${number(stream.maxCount)}` : '',
    stream.maxAgeSeconds ? `${span(stream.maxAgeSeconds)} long` : '',
    stream.truncateBefore ? `from version ${number(stream.truncateBefore)}` : '',
  ].filter(Boolean).join(', ');
}

export async function list(root, parameters, signal) {
  const by = parameters.get('category') ? 'category' : 'prefix';
  const term = parameters.get(by) ?? '';
  const kind = el('select', {name: 'by'}, el('option', {value: 'prefix'}, 'name begins with'), el('option', {value: 'category'}, 'category is'));
  kind.value = by;
  const text = el('input', {type: 'text', name: 'term', value: term, maxlength: 512, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off'});
  const form = el('form', {class: 'bar', role: 'search', onsubmit: submitted => {
    submitted.preventDefault();
    location.hash = text.value ? `#/streams?${kind.value}=${encodeURIComponent(text.value)}` : '#/streams';
  }}, el('label', {}, 'Show streams whose', kind), el('label', {}, 'Text', text),
    el('div', {class: 'buttons'}, el('button', {class: 'main'}, 'Search')));
  const rows = el('tbody');
  const table = el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Streams'}, el('table', {},
    el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'Stream'), el('th', {scope: 'col', class: 'number'}, 'Version'),
      el('th', {scope: 'col'}, 'Last event (UTC)'), el('th', {scope: 'col'}, 'State'))), rows));
  const button = el('button', {type: 'button'}, 'Show more');
  const more = el('p', {class: 'more'}, button);
  const note = el('p', {class: 'empty'});
  root.append(el('h1', {}, 'Streams'), form, table, note, more);
  let after = '';
  async function another() {
    button.disabled = true;
    try {
      const answer = await get('streams', {[by]: term, after}, signal);
      for (const stream of answer.streams) {
        after = stream.name;
        rows.append(el('tr', {},
          el('th', {scope: 'row'}, el('a', {href: streamAddress(stream.name)}, stream.name)),
          el('td', {class: 'number'}, number(stream.version)),
          el('td', {class: 'time'}, stream.lastRecordedAt ? instant(stream.lastRecordedAt) : ''),
          el('td', {}, badge(stream.life))));
      }
      table.hidden = rows.children.length === 0;
      note.textContent = rows.children.length ? '' : term ? 'No stream is called so.' : 'There is no stream yet.';
      note.hidden = rows.children.length > 0;
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

export async function one(root, name, parameters, signal) {
  const forwards = parameters.get('forwards') === 'true';
  const from = Number(parameters.get('from') ?? 0);
  root.append(el('h1', {}, name));
  const about = el('div');
  const base = streamAddress(name);
  const place = el('input', {type: 'number', name: 'from', min: 1, value: from || null});
  const order = el('select', {name: 'order'}, el('option', {value: 'newest'}, 'newest first'), el('option', {value: 'oldest'}, 'oldest first'));
  order.value = forwards ? 'oldest' : 'newest';
  const form = el('form', {class: 'bar', onsubmit: submitted => {
    submitted.preventDefault();
    const query = new URLSearchParams();
    if (place.value) query.set('from', place.value);
    if (order.value === 'oldest') query.set('forwards', 'true');
    location.hash = base + (query.toString() ? '?' + query : '');
  }}, el('label', {}, 'Order', order), el('label', {}, 'From version', place),
    el('div', {class: 'buttons'}, el('button', {class: 'main'}, 'Show')));
  root.append(about, form);
  const {elements, first} = pages(async next => {
    const answer = await get('stream', {name, from: next || null, forwards: forwards || null}, signal);
    const stream = answer.stream;
    about.replaceChildren(facts([
      ['State', badge(stream.life)],
      ['Version', number(stream.version)],
      ['Category', el('a', {href: `#/streams?category=${encodeURIComponent(stream.category)}`}, stream.category)],
      ['Created', stream.createdAt],
      ['Last event', stream.lastRecordedAt],
      ['First kept', stream.firstKept > 1 ? `version ${number(stream.firstKept)}` : ''],
      ['Kept', kept(stream)],
    ]));
    return answer;
  }, {label: `Events of ${name}`, from, forwards, byVersion: true, none: 'No event of this stream can be seen from there.'});
  root.append(...elements);
  await first;
}

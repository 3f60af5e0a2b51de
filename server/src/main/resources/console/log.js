// The log under a query: page by page into the past, or live.

import {get, tail} from './api.js';
import {announce, el} from './dom.js';
import {eventItem, eventList, pages} from './events.js';
import {number} from './format.js';

const FIELDS = [['type', 'Type'], ['category', 'Category'], ['prefix', 'Stream begins with'], ['tag', 'Tag']];
const SHOWN = 200;

export async function show(root, parameters, signal) {
  const live = parameters.get('live') === 'true';
  const query = {};
  const inputs = {};
  const form = el('form', {class: 'bar', role: 'search', onsubmit: submitted => {
    submitted.preventDefault();
    go(live);
  }});
  for (const [name, label] of FIELDS) {
    query[name] = parameters.get(name) ?? '';
    inputs[name] = el('input', {type: 'text', name, value: query[name], maxlength: 512, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off'});
    form.append(el('label', {}, label, inputs[name]));
  }
  function go(toLive) {
    const wanted = new URLSearchParams();
    for (const [name] of FIELDS) if (inputs[name].value) wanted.set(name, inputs[name].value);
    if (toLive) wanted.set('live', 'true');
    const text = wanted.toString();
    location.hash = text ? `#/log?${text}` : '#/log';
  }
  form.append(el('div', {class: 'buttons'},
    el('button', {class: 'main'}, 'Show'),
    el('button', {type: 'button', id: 'live', onclick: () => go(!live)}, live ? 'Stop following' : 'Follow live')));
  root.append(el('h1', {}, live ? 'Log, live' : 'Log'), form);
  if (live) follow(root, query, signal);
  else {
    const {elements, first} = pages(next => get('log', {...query, from: next || null}, signal),
      {label: 'Events of the log, newest first', from: 0, forwards: false, none: 'No event matches.'});
    root.append(...elements);
    await first;
  }
}

function follow(root, query, signal) {
  const status = el('span', {role: 'status', id: 'live-state'}, 'connecting …');
  const pause = el('button', {type: 'button', 'aria-pressed': 'false'}, 'Pause');
  const note = el('p', {class: 'empty'}, 'Events appear here as they are appended.');
  const list = eventList('Newest events first');
  list.hidden = true;
  root.append(el('p', {class: 'more'}, status, pause), note, list);
  let paused = false;
  let waiting = [];
  let missed = false;
  function put(events) {
    const atTop = events.slice(-SHOWN).reverse().map(event => eventItem(event));
    atTop.forEach(item => item.classList.add('fresh'));
    list.querySelectorAll('.fresh').forEach(item => item.classList.remove('fresh'));
    list.prepend(...atTop);
    while (list.children.length > SHOWN) list.lastElementChild.remove();
    list.hidden = list.children.length === 0;
    note.hidden = !list.hidden;
  }
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
    pause.textContent = paused ? 'Go on' : 'Pause';
    if (!paused) {
      put(waiting);
      waiting = [];
    }
    announce(paused ? 'Paused' : 'Going on');
  });
  const source = tail(query);
  source.addEventListener('hello', () => { status.textContent = 'live'; });
  source.addEventListener('busy', () => { status.textContent = 'too many pages follow the log already'; source.close(); });
  source.addEventListener('events', message => {
    const news = JSON.parse(message.data);
    missed ||= news.skipped;
    if (paused) waiting = waiting.concat(news.events).slice(-SHOWN);
    else put(news.events);
    status.textContent = `live, head ${number(news.head)}${missed ? '; more comes in than can be shown, so some is passed over' : ''}`;
  });
  source.addEventListener('error', () => {
    status.textContent = source.readyState === EventSource.CLOSED ? 'the server does not answer' : 'connecting again …';
  });
  signal.addEventListener('abort', () => source.close());
}

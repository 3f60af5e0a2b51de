// Which view is shown: the part of the address behind the # says so.

import {el, every, trouble} from './dom.js';
import {list as groups, one as oneGroup} from './groups.js';
import {show as log} from './log.js';
import {show as overview} from './overview.js';
import {list, one} from './streams.js';
import {show as subscriptions} from './subscriptions.js';
import {show as terms} from './terms.js';
import './theme.js';

const main = document.getElementById('main');
const state = document.getElementById('state');
let leaving = new AbortController();
let first = true;

const VIEWS = {
  '': ['Overview', overview],
  streams: ['Streams', list],
  log: ['Log', log],
  terms: ['Types and tags', terms],
  groups: ['Consumer groups', groups],
  subscriptions: ['Subscriptions', subscriptions],
};

const ONE = {streams: one, groups: oneGroup};

async function route() {
  leaving.abort();
  leaving = new AbortController();
  const {signal} = leaving;
  const hash = location.hash.replace(/^#\/?/, '');
  const mark = hash.indexOf('?');
  const path = mark < 0 ? hash : hash.slice(0, mark);
  const parameters = new URLSearchParams(mark < 0 ? '' : hash.slice(mark + 1));
  const slash = path.indexOf('/');
  const name = slash < 0 ? path : path.slice(0, slash);
  const root = el('div');
  main.replaceChildren(root);
  for (const link of document.querySelectorAll('header nav a')) {
    if (link.getAttribute('href') === `#/${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (!first) main.focus({preventScroll: true});
  first = false;
  scrollTo(0, 0);
  const view = VIEWS[name];
  document.title = `${view ? view[0] : 'Nothing here'} · Varve console`;
  try {
    if (!view) root.append(el('h1', {}, 'There is nothing here.'));
    else if (ONE[name] && slash > 0) {
      const which = decodeURIComponent(path.slice(slash + 1));
      document.title = `${which} · Varve console`;
      await ONE[name](root, which, parameters, signal);
    } else await view[1](root, parameters, signal);
  } catch (failure) {
    if (!signal.aborted) root.append(trouble(failure.message));
  }
}

function tell(text, kind) {
  if (state.textContent !== text) state.textContent = text;
  state.className = `state ${kind}`;
}

document.getElementById('skip').addEventListener('click', clicked => {
  clicked.preventDefault();
  main.focus();
});
addEventListener('hashchange', route);
route();
every(5000, new AbortController().signal, async () => {
  try {
    const {ready} = await (await fetch('/readyz', {cache: 'no-store'})).json();
    tell(ready ? 'ready' : 'not ready', ready ? 'good' : 'bad');
  } catch {
    tell('no answer', 'bad');
  }
});

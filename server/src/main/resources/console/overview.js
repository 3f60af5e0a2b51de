// How the server fares.

import {get, post} from './api.js';
import {announce, el, every, facts, svg, trouble} from './dom.js';
import {bytes, number, rate, span} from './format.js';

const KEPT = 120;

function tile(name, value, small = '') {
  return el('dl', {class: 'tile'}, el('dt', {}, name), el('dd', {}, value, small ? el('small', {}, small) : null));
}

function line(values, most) {
  const step = 600 / (KEPT - 1);
  const start = KEPT - values.length;
  return values.map((value, i) => `${i ? 'L' : 'M'}${((start + i) * step).toFixed(1)} ${(104 - value / most * 98).toFixed(1)}`).join('');
}

function chart(history) {
  const most = Math.max(1, ...history.map(seen => Math.max(seen.appends, seen.reads)));
  return el('figure', {class: 'panel'},
    svg('svg', {class: 'chart', viewBox: '0 0 600 110', preserveAspectRatio: 'none', role: 'img', 'aria-label': `Events a second, at most ${rate(most)}`},
      svg('path', {class: 'appends', d: line(history.map(seen => seen.appends), most)}),
      svg('path', {class: 'reads', d: line(history.map(seen => seen.reads), most)})),
    el('figcaption', {class: 'legend'},
      el('span', {class: 'appends'}, 'events appended a second'),
      el('span', {class: 'reads'}, 'events sent a second'),
      `the line at the top is ${rate(most)}`));
}

function task(runs, more) {
  const failed = runs.failed ? `; failed ${number(runs.failed)} times since the start` : '';
  if (runs.running) return `running${failed}`;
  return (runs.doneAt ? `last finished ${runs.doneAt}${more}` : 'none since the start') + failed;
}

export async function show(root, _, signal) {
  const history = [];
  const live = el('div');
  const message = el('div');
  root.append(el('h1', {}, 'Overview'), message, live);
  let button = null;
  await every(2000, signal, async () => {
    let now;
    try {
      now = await get('overview', {}, signal);
    } catch (failure) {
      if (!signal.aborted) message.replaceChildren(trouble(failure.message));
      return;
    }
    message.replaceChildren(...(now.problems.length ? [trouble(...now.problems)] : []));
    history.push({appends: now.appendsPerSecond, reads: now.readsPerSecond});
    if (history.length > KEPT) history.shift();
    if (now.changesAllowed && !button) button = scavengeButton(message);
    const used = now.diskSizeBytes > 0 ? `${bytes(now.diskFreeBytes)} free of ${bytes(now.diskSizeBytes)}` : '';
    const focused = document.activeElement === button;
    live.replaceChildren(
      el('div', {class: 'tiles'},
        tile('Head', number(now.head), 'newest position'),
        tile('Events', number(now.events)),
        tile('Streams', number(now.streams)),
        tile('Appended', `${rate(now.appendsPerSecond)}/s`, 'events, last minute'),
        tile('Sent', `${rate(now.readsPerSecond)}/s`, 'events, last minute'),
        tile('Subscriptions', number(now.subscriptions), now.subscriptions ? `furthest behind: ${number(now.largestLag)}` : ''),
        tile('Consumer groups', number(now.groups)),
        tile('Queue', number(now.queued), `of ${number(now.queueLimit)} appends`),
        tile('Store', bytes(now.storeBytes), used)),
      chart(history),
      facts([
        ['Release', now.release],
        ['Serves events at', now.address],
        ['Store', now.storeId],
        ['Up for', span(now.uptimeSeconds)],
        ['Backup', task(now.backup, now.backedUpTo ? `, up to position ${number(now.backedUpTo)}` : '')],
        ['Verification', task(now.verify, now.findings ? `, ${number(now.findings)} findings` : ', nothing damaged')],
        ['Compaction', task(now.compact, '')],
        ['Archive', task(now.archive, '') + (now.archivedTo ? `; it goes up to position ${number(now.archivedTo)}` : '')],
        ['Scavenge', now.scavengeRunning ? 'running' : now.scavengedAt ? `last finished ${now.scavengedAt}, ${number(now.scavengedEvents)} events reclaimed since the start` : 'none since the start'],
      ]),
      ...(button ? [button] : []));
    if (focused) button.focus();
  });
}

function scavengeButton(message) {
  return el('button', {type: 'button', onclick: async () => {
    try {
      const {started} = await post('scavenge');
      announce(started ? 'A scavenge has begun.' : 'A scavenge is under way already.');
    } catch (failure) {
      message.replaceChildren(trouble(failure.message));
    }
  }}, 'Scavenge now');
}

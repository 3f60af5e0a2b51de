// A list of events that can be opened one by one.

import {get} from './api.js';
import {el, facts, trouble} from './dom.js';
import {bytes, instant, number} from './format.js';
import {payload} from './payload.js';

export const streamAddress = name => `#/streams/${encodeURIComponent(name)}`;

function body(event) {
  const whole = el('div', {class: 'payload'}, payload(event));
  const cut = event.cut
    ? el('p', {class: 'more'}, `Only the beginning of ${bytes(event.bytes)} is shown.`,
        el('button', {type: 'button', onclick: async click => {
          const button = click.target;
          button.disabled = true;
          try {
            const {event: full} = await get('event', {position: event.position});
            whole.replaceChildren(payload(full));
            if (full.cut) button.parentElement.replaceChildren(
              `This is as much as the console shows of ${bytes(full.bytes)}; varve read prints all of it.`);
            else button.parentElement.remove();
          } catch (failure) {
            button.disabled = false;
            whole.prepend(trouble(failure.message));
          }
        }}, 'Show more of it'))
    : null;
  const metadata = Object.entries(event.metadata);
  return el('div', {class: 'body'},
    whole, cut,
    facts([
      ['Stream', el('a', {href: streamAddress(event.stream)}, event.stream)],
      ['Version', number(event.version)],
      ['Position', number(event.position)],
      ['Id', event.id],
      ['Recorded', event.recordedAt],
      ['Occurred', event.occurredAt],
      ['Payload', `${bytes(event.bytes)}${event.contentType ? ', ' + event.contentType : ''}`],
      event.tags.length ? ['Tags', el('ul', {class: 'tags'}, event.tags.map(tag =>
        el('li', {}, el('a', {class: 'badge', href: `#/log?tag=${encodeURIComponent(tag)}`}, tag))))] : null,
      ...metadata.map(([key, value]) => [key, value]),
    ]));
}

/** One event, closed; what is in it is made when it is opened. */
export function eventItem(event, options = {}) {
  const details = el('details', {},
    el('summary', {},
      el('span', {class: 'at'}, options.byVersion ? `v${number(event.version)}` : number(event.position)),
      el('span', {class: 'type'}, event.type),
      el('span', {class: 'stream'}, options.byVersion ? event.tags.join(' ') : event.stream),
      instant(event.recordedAt)));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(body(event));
  });
  return el('li', {'data-position': event.position}, details);
}

export function eventList(label) {
  return el('ul', {class: 'events', 'aria-label': label});
}

/**
 * Events page by page: "load" is asked for those behind a place, and answers like the server.
 * Returns the elements to show.
 */
export function pages(load, options) {
  const list = eventList(options.label);
  const note = el('p', {class: 'empty'});
  const button = el('button', {type: 'button'}, 'Show more');
  const more = el('p', {class: 'more'}, button);
  let next = options.from;
  async function another() {
    button.disabled = true;
    try {
      const answer = await load(next);
      list.append(...answer.events.map(event => eventItem(event, options)));
      next = options.forwards ? answer.reached + 1 : answer.reached - 1;
      const over = answer.done || next < 1;
      more.hidden = over;
      list.hidden = list.children.length === 0;
      note.textContent = list.children.length === 0
        ? (over ? options.none : 'Nothing so far; there is more to look through.')
        : '';
      note.hidden = note.textContent === '';
    } catch (failure) {
      if (failure.name !== 'AbortError') list.after(trouble(failure.message));
    } finally {
      button.disabled = false;
    }
  }
  button.addEventListener('click', another);
  return {elements: [list, note, more], first: another()};
}

// How the projections are, and having one made anew.

import { post } from '/page/api.js';
import { byId, h, keyed, setText, toast } from '/page/dom.js';
import { behind, percent, sentence, whole } from '/page/format.js';

export function showProjections() {
  const awaited = new Map(); // by name, the generation that somebody here has asked for
  const list = h('ul', { class: 'projection-list' });
  byId('projection-list').append(list);

  return function show(projections) {
    keyed(list, projections, (projection) => projection.name, card, update);
  };

  function card({ name }) {
    const button = h('button', { type: 'button', class: 'small', 'aria-label': `Rebuild ${name}` }, 'Rebuild');
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        const { body } = await post(`/api/admin/projections/${encodeURIComponent(name)}/rebuild`);
        awaited.set(name, body.generation);
        toast(`${sentence(name)} is being made anew from the log.`);
      } catch (problem) {
        toast(problem.message, 'bad');
      } finally {
        button.disabled = false;
      }
    });
    return h('li', { class: 'projection' },
      h('div', { class: 'projection-head' }, h('h3', {}, sentence(name)), h('span', { class: 'badge' }), button),
      h('p', { class: 'projection-facts' }),
      h('div', { class: 'projection-rebuild' },
        h('progress', { max: '1', 'aria-label': `Rebuild of ${name}` }), h('span', { class: 'number' })),
      h('p', { class: 'trouble' }));
  }

  function update(item, projection) {
    const { name, rebuild } = projection;
    setText(item.querySelector('.badge'), sentence(projection.state));
    item.dataset.state = projection.state;
    const facts = [
      `position ${whole(projection.position)}${projection.head === undefined ? '' : ` of ${whole(projection.head)}`}`,
      behind(projection) === 0 ? 'up to date' : `${whole(behind(projection))} behind`,
      projection.events_per_second > 0 ? `${whole(Math.round(projection.events_per_second))} events a second` : null,
      projection.generation > 1 ? `generation ${whole(projection.generation)}` : null,
      projection.parked > 0 ? `${whole(projection.parked)} put aside` : null,
    ];
    setText(item.querySelector('.projection-facts'), facts.filter(Boolean).join(' · '));
    setText(item.querySelector('.trouble'), projection.failure ?? '');
    const bar = item.querySelector('.projection-rebuild');
    bar.hidden = !rebuild;
    item.querySelector('button').disabled = Boolean(rebuild);
    if (rebuild) {
      bar.querySelector('progress').value = rebuild.fraction;
      setText(bar.querySelector('.number'), percent(rebuild.fraction));
    }
    if (projection.generation >= awaited.get(name)) {
      awaited.delete(name);
      toast(`${sentence(name)} has been made anew.`);
    }
  }
}

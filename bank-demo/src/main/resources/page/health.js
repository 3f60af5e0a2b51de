// The state of things, in the header: few words, and a colour that is never alone.

import { byId, h, keyed, setText } from '/page/dom.js';
import { behind, whole } from '/page/format.js';

export function showHealth() {
  const state = { linked: null, reachable: null, projections: [] };

  function draw() {
    const lag = Math.max(0, ...state.projections.map(behind));
    const failed = state.projections.filter((projection) => projection.failure);
    const store = state.linked === false ? ['Link lost', 'bad']
      : state.reachable === false ? ['Store away', 'bad']
        : state.reachable ? ['Live', 'good'] : ['Connecting', 'idle'];
    const read = failed.length > 0 ? [`${failed.map((projection) => projection.name).join(', ')}: stopped`, 'bad']
      : state.projections.length === 0 ? ['Read model', 'idle']
        : lag > 0 ? [`Read model ${whole(lag)} behind`, 'idle'] : ['Read model up to date', 'good'];
    keyed(byId('health'), [['store', ...store], ['read', ...read]], ([key]) => key,
      () => h('span', { class: 'chip' }, h('i', { 'aria-hidden': 'true' }), h('span')),
      (chip, [key, text, kind]) => {
        chip.className = `chip ${kind}`;
        chip.id = `health-${key}`;
        setText(chip.lastElementChild, text);
      });
  }
  draw();

  return {
    link(linked) {
      state.linked = linked;
      draw();
    },
    store(reachable) {
      state.reachable = reachable;
      draw();
    },
    projections(projections) {
      state.projections = projections;
      draw();
    },
  };
}

// Elements made of text alone: whatever an event holds, none of it becomes markup.

/** An element. Attributes whose value is null or false are left out; "on…" take listeners. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** The same in a drawing. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Says something to those who listen instead of looking. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}

/** A list of facts: pairs of a name and a value; null leaves one out. */
export function facts(pairs) {
  return el('dl', {class: 'facts'}, ...pairs.filter(pair => pair && pair[1] !== null && pair[1] !== '')
    .map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

/** What went wrong, where it can be seen and heard. */
export function trouble(...sentences) {
  return el('div', {class: 'trouble', role: 'alert'}, ...sentences.map(text => el('p', {}, text)));
}

/** Runs something now and again and again until the signal says otherwise; never twice at once. */
export async function every(milliseconds, signal, action) {
  while (!signal.aborted) {
    if (!document.hidden) await action();
    await new Promise(done => {
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', () => { clearTimeout(timer); done(); }, {once: true});
    });
  }
}

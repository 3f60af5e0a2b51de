// Building the page. Text goes in as text; there is no way to put markup in.

const SVG = 'http://www.w3.org/2000/svg';

/** An element. Properties: class, on (listeners), data, style (CSS properties); all else are attributes. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same, of an SVG drawing. */
export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') element.setAttribute('class', value);
    else if (name === 'on') for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'style') for (const [property, to] of Object.entries(value)) element.style.setProperty(property, to);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Words for people who do not see the picture. */
export const unseen = (text) => h('span', { class: 'hidden' }, text);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of a parent be one element for each item, in order. An element stays with its item's key, so
 * that focus and open details survive.
 */
export function keyed(parent, items, keyOf, create, update) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = before.get(key);
    if (element) {
      before.delete(key);
    } else {
      element = create(item);
      element.dataset.key = key;
    }
    update?.(element, item);
    if (element === at) at = at.nextElementSibling;
    else parent.insertBefore(element, at);
  }
  for (const gone of before.values()) gone.remove();
}

let announced = 0;

/** Says something to those who listen to the page; for what the reader did or must know, not for all that happens. */
export function announce(text) {
  const announcer = byId('announcer');
  announced += 1;
  const now = announced;
  announcer.textContent = '';
  setTimeout(() => {
    if (now === announced) announcer.textContent = text;
  }, 60);
}

/** Shows it for a while, and announces it. */
export function toast(text, kind = 'good') {
  announce(text);
  const box = h('p', { class: `toast ${kind}` }, text);
  byId('toasts').append(box);
  while (byId('toasts').children.length > 3) byId('toasts').firstElementChild.remove();
  setTimeout(() => box.remove(), 6000);
}

/** How long to wait with what has failed and may work again. */
const AFTER_FAILURE = 1000;

/**
 * Calls once for many calls: at once, and again at most every so often while there is news. What fails in passing, as
 * it does while the bank starts, is done again.
 */
export function coalesced(everyMillis, action) {
  let running = false;
  let again = false;
  async function run() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      let pause = everyMillis;
      try {
        await action();
      } catch (error) {
        console.warn(error);
        if (error.passing) {
          again = true;
          pause = Math.max(pause, AFTER_FAILURE);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    } while (again);
    running = false;
  }
  return run;
}

// Payloads: JSON laid out, other text as it is, anything else as hexadecimal digits.
//
// JSON is laid out token by token and not by JSON.parse, which would show 12345678901234567890 as another number,
// 1.50 as 1.5, and of two equal keys the second alone.

import {el} from './dom.js';

const TOKEN = /\s*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([[\]{},:]))/y;
const MAX_DEPTH = 200;

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (!match) return null;
    const kind = match[1] !== undefined ? 'string' : match[2] !== undefined ? 'number-value' : match[3] !== undefined ? 'word' : 'mark';
    found.push({kind, text: match[0].trimStart()});
  }
  return found;
}

/** JSON as nodes, or null if the text is not JSON. */
export function json(text) {
  const all = tokens(text);
  if (!all || all.length === 0) return null;
  const out = [];
  let at = 0;
  const put = (kind, value) => out.push(kind === 'mark' ? value : el('span', {class: kind}, value));
  const line = depth => out.push('\n' + '  '.repeat(depth));
  function value(depth) {
    const token = all[at++];
    if (!token || depth > MAX_DEPTH) return false;
    if (token.kind !== 'mark') {
      put(token.kind, token.text);
      return true;
    }
    if (token.text !== '{' && token.text !== '[') return false;
    const object = token.text === '{';
    const close = object ? '}' : ']';
    out.push(token.text);
    if (all[at]?.text === close && all[at].kind === 'mark') {
      at++;
      out.push(close);
      return true;
    }
    for (;;) {
      line(depth + 1);
      if (object) {
        const key = all[at++];
        if (key?.kind !== 'string' || all[at]?.kind !== 'mark' || all[at++].text !== ':') return false;
        put('key', key.text);
        out.push(': ');
      }
      if (!value(depth + 1)) return false;
      const next = all[at++];
      if (next?.kind !== 'mark') return false;
      if (next.text === close) break;
      if (next.text !== ',') return false;
      out.push(',');
    }
    line(depth);
    out.push(close);
    return true;
  }
  return value(0) && at === all.length ? out : null;
}

function hex(base64) {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  const lines = [];
  for (let row = 0; row < bytes.length; row += 16) {
    const part = [...bytes.subarray(row, row + 16)];
    const digits = part.map(byte => byte.toString(16).padStart(2, '0'));
    const left = digits.slice(0, 8).join(' ').padEnd(23);
    const right = digits.slice(8).join(' ').padEnd(23);
    const text = part.map(byte => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${row.toString(16).padStart(8, '0')}  ${left}  ${right}  ${text}`);
  }
  return lines.join('\n');
}

/** A payload as it is best read. */
export function payload(event) {
  if (event.bytes === 0) return el('p', {class: 'empty'}, 'The payload is empty.');
  if (event.base64 !== undefined) return el('pre', {class: 'hex', tabindex: 0, role: 'region', 'aria-label': 'Payload as bytes'}, hex(event.base64));
  const laidOut = event.cut ? null : json(event.text);
  return el('pre', {class: laidOut ? 'json' : 'text', tabindex: 0, role: 'region', 'aria-label': laidOut ? 'Payload as JSON' : 'Payload as text'}, ...(laidOut ?? [event.text]));
}

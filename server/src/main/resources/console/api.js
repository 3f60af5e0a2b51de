// What the server is asked. Only its own addresses, and GET wherever nothing is changed.

/** What the server answered instead, in its own words. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function address(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [].concat(value)) {
      if (one !== null && one !== undefined && one !== '') query.append(name, one);
    }
  }
  const text = query.toString();
  return `/api/${path}${text ? '?' + text : ''}`;
}

async function answer(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // The status says enough.
  }
  if (!response.ok) throw new Refused(response.status, body.error ?? `the server answered ${response.status}`);
  return body;
}

export async function get(path, parameters = {}, signal = undefined) {
  return answer(await fetch(address(path, parameters), {signal, cache: 'no-store'}));
}

export async function post(path, parameters = {}) {
  return answer(await fetch(address(path, parameters), {method: 'POST', headers: {'X-Varve-Console': '1'}}));
}

/** Follows the log; the caller closes it. */
export function tail(parameters) {
  return new EventSource(address('tail', parameters));
}

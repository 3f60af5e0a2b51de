// Talking to the bank. Everything is relative to where the page came from; there is nowhere else to talk to.

/** An answer that says no: problem details, and the HTTP status. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.error ?? `The bank answered ${status}.`);
    this.status = status;
    this.field = body?.field;
    this.code = body?.code;
    this.body = body;
  }

  /** The store is away, or nobody answered: the same command may be sent again under the same key. */
  get passing() {
    return this.status === 0 || this.status >= 500;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, { error: 'The bank does not answer. Is the demo running?' });
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, body);
  return { body, behind: response.headers.has('Varve-Behind') };
}

/**
 * So many times a query is asked again whose answer is from before the position: the read model is being made anew, say.
 * Each time the bank waits a while before it answers so.
 */
const MAX_REPEATS = 30;

/** A query's answer; as of the position, if one is given, or later. */
export async function get(path, { after, signal, ...parameters } = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, value);
  }
  if (after) url.searchParams.set('after', after);
  let answer = await ask(url, { signal, headers: { Accept: 'application/json' } });
  for (let i = 0; answer.behind && after && i < MAX_REPEATS; i++) {
    answer = await ask(url, { signal, headers: { Accept: 'application/json' } });
  }
  return answer.body;
}

/** Carries out a command, once, however often it is sent under this key. */
export function post(path, body, key) {
  return ask(path, {
    method: 'POST',
    headers: {
      'Accept': 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key ? { 'Idempotency-Key': key } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

/** A key for a command. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Follows the feed for ever. The browser connects again by itself when the link breaks, and says which event it saw
 * last; a hidden page lets its connection go, for a browser has but few, and takes up where it was when it is shown.
 *
 * @param on.event an event of the bank; on.store whether the store is there; on.projections how the projections are;
 *     on.link whether we are connected; on.reset the log is another one
 */
export function followFeed(on) {
  let source = null;
  let last = null;

  function open() {
    if (source) return;
    source = new EventSource(last === null ? '/api/feed' : `/api/feed?after=${last}`);
    source.onopen = () => on.link(true);
    source.onerror = () => {
      on.link(false);
      // Refused, rather than lost: the browser does not try again by itself.
      if (source?.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(open, 3000);
      }
    };
    source.onmessage = (message) => {
      last = message.lastEventId;
      on.event(JSON.parse(message.data));
    };
    source.addEventListener('store', (message) => on.store(JSON.parse(message.data).reachable));
    source.addEventListener('projections', (message) => on.projections(JSON.parse(message.data)));
    source.addEventListener('reset', () => {
      last = null;
      on.reset();
    });
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else {
      open();
    }
  });
  open();
}

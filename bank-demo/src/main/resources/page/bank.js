// What the page knows of the bank, and who wants to hear of changes to it.

import { get } from '/page/api.js';
import { coalesced } from '/page/dom.js';
import { idIn } from '/page/format.js';

/** So many accounts at once are asked for one by one; more, all together. */
const ONE_BY_ONE = 8;

const listeners = new Map();

/** Calls the listener whenever one of these has changed: accounts, transfers, selection. */
export function onChange(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(listener);
}

function changed(topic) {
  for (const listener of listeners.get(topic) ?? []) listener();
}

export const bank = {
  accounts: new Map(), // in the order in which they were opened
  count: 0,
  transfers: new Map(), // newest first
  transferCount: 0,
  selected: null, // the id of the account that forms and charts are about
};

/** Names heard of in events, for accounts that have not been asked for yet. */
const heardOf = new Map();

export const ownerOf = (accountId) => bank.accounts.get(accountId)?.owner ?? heardOf.get(accountId) ?? accountId;

export function select(accountId) {
  if (bank.selected !== accountId) {
    bank.selected = accountId;
    changed('selection');
  }
}

/** In whole cents, so that a sum is exact. */
export const totalOf = (accounts) =>
  accounts.reduce((cents, account) => cents + Math.round(account.balance * 100), 0) / 100;

const accountsToAsk = new Set();
const transfersToAsk = new Set();
let asOf = 0;

export async function loadAll() {
  await Promise.all([loadAccounts(), loadTransfers()]);
}

async function loadAccounts() {
  const list = await get('/api/queries/accounts', { after: asOf });
  bank.accounts = new Map(list.accounts.map((account) => [account.account_id, account]));
  bank.count = list.count;
  changed('accounts');
}

async function loadTransfers() {
  const list = await get('/api/queries/sagas', { limit: 20, after: asOf });
  bank.transfers = new Map(list.sagas.map((transfer) => [transfer.transfer_id, transfer]));
  bank.transferCount = list.count;
  changed('transfers');
}

/** Notes an event: whatever is asked from here on is not to be from before it. */
export function hear(event) {
  asOf = Math.max(asOf, event.position);
  if (event.type === 'AccountOpened' && event.data?.owner) heardOf.set(idIn(event.stream), event.data.owner);
}

/** Asks again for what an event has changed. Many events make few questions. */
export function takeIn(event) {
  const id = idIn(event.stream);
  const transfer = event.stream.startsWith('account-') ? event.metadata['transfer-id'] : id;
  if (event.stream.startsWith('account-')) {
    accountsToAsk.add(id);
    refreshAccounts();
  }
  if (transfer) {
    transfersToAsk.add(transfer);
    refreshTransfers();
  }
}

const refreshAccounts = coalesced(250, () => takeAll(accountsToAsk, askAccounts));
const refreshTransfers = coalesced(150, () => takeAll(transfersToAsk, askTransfers));

/** Does it with all ids that wait; when it fails, they wait again. */
async function takeAll(waiting, action) {
  const ids = [...waiting];
  waiting.clear();
  try {
    await action(ids);
  } catch (error) {
    ids.forEach((id) => waiting.add(id));
    throw error;
  }
}

async function askAccounts(ids) {
  if (ids.length > ONE_BY_ONE || ids.some((id) => !bank.accounts.has(id))) {
    await loadAccounts();
    return;
  }
  const accounts = await Promise.all(ids.map((id) => get(`/api/queries/accounts/${id}`, { after: asOf })));
  for (const account of accounts) bank.accounts.set(account.account_id, account);
  changed('accounts');
}

async function askTransfers(ids) {
  if (ids.length > ONE_BY_ONE || ids.some((id) => !bank.transfers.has(id))) {
    await loadTransfers();
    return;
  }
  const transfers = await Promise.all(ids.map((id) => get(`/api/queries/sagas/${id}`, { after: asOf })));
  for (const transfer of transfers) bank.transfers.set(transfer.transfer_id, transfer);
  changed('transfers');
}

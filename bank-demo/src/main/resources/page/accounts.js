// The table of accounts, and the bank's totals above it.

import { bank, onChange, select, totalOf } from '/page/bank.js';
import { byId, h, keyed, setText } from '/page/dom.js';
import { moment, money, sentence, whole } from '/page/format.js';

export function showAccounts() {
  const filter = byId('account-filter');
  const body = h('tbody');
  const empty = h('p', { class: 'empty' });
  const table = h('div', { class: 'scroll', role: 'region', 'aria-label': 'Table of accounts', tabindex: '0' },
    h('table', { class: 'accounts' },
      h('caption', { class: 'hidden' }, 'Accounts with their balances; the button with the name chooses the account'),
      h('thead', {}, h('tr', {},
        h('th', { scope: 'col' }, 'Owner'),
        h('th', { scope: 'col', class: 'number' }, 'Balance'),
        h('th', { scope: 'col', class: 'wide' }, 'Status'),
        h('th', { scope: 'col', class: 'number wide' }, 'Movements'),
        h('th', { scope: 'col', class: 'wide' }, 'Last'))),
      body));
  byId('account-list').append(table, empty);

  function draw() {
    const wanted = filter.value.trim().toLowerCase();
    const all = [...bank.accounts.values()];
    const found = all.filter((account) =>
      wanted === '' || account.owner.toLowerCase().includes(wanted) || account.account_id.includes(wanted));
    keyed(body, found, (account) => account.account_id, newRow, updateRow);
    table.hidden = found.length === 0;
    empty.hidden = found.length > 0;
    setText(empty, all.length === 0
      ? 'No accounts yet. Open the first one at the counter.'
      : `No account matches “${filter.value.trim()}”.`);
  }

  filter.addEventListener('input', draw);
  onChange('accounts', draw);
  onChange('selection', draw);
  onChange('accounts', showTotals);
  onChange('transfers', showTotals);
}

function newRow(account) {
  return h('tr', {},
    h('th', { scope: 'row' },
      h('button', { type: 'button', class: 'owner', on: { click: () => select(account.account_id) } }, account.owner),
      h('span', { class: 'id' }, account.account_id)),
    h('td', { class: 'number balance' }),
    h('td', { class: 'wide' }, h('span', { class: 'badge' })),
    h('td', { class: 'number wide movements' }),
    h('td', { class: 'wide last' }));
}

function updateRow(row, account) {
  const balance = row.querySelector('.balance');
  const before = balance.textContent;
  setText(balance, money(account.balance));
  if (before !== '' && before !== balance.textContent) {
    const rose = account.balance > Number(balance.dataset.amount);
    balance.classList.remove('rose', 'fell');
    void balance.offsetWidth; // so that the animation begins anew
    balance.classList.add(rose ? 'rose' : 'fell');
  }
  balance.dataset.amount = account.balance;
  const closed = account.status === 'closed';
  row.classList.toggle('closed', closed);
  setText(row.querySelector('.badge'), sentence(account.status));
  setText(row.querySelector('.movements'), whole(account.tx_count));
  setText(row.querySelector('.last'), account.last_tx_at ? moment(account.last_tx_at) : '–');
  const chosen = account.account_id === bank.selected;
  row.classList.toggle('chosen', chosen);
  row.querySelector('.owner').setAttribute('aria-pressed', String(chosen));
}

function showTotals() {
  const accounts = [...bank.accounts.values()];
  const open = accounts.filter((account) => account.status === 'active');
  const transfers = [...bank.transfers.values()];
  const onTheWay = transfers.filter((transfer) => !transfer.finished_at);
  const held = totalOf(onTheWay.map((transfer) => ({ balance: transfer.held })));
  // All balances are known only while all accounts are in the list.
  const all = bank.count <= accounts.length;
  const totals = [
    ['In the bank', all ? money(totalOf(accounts)) : '–', 'total'],
    ['Open accounts', all ? whole(open.length) : whole(bank.count), 'open'],
    ['Transfers', whole(bank.transferCount), 'transfers'],
    ['On their way', whole(onTheWay.length), 'moving'],
    ['Money held', money(held), held > 0 ? 'held' : 'idle'],
  ];
  keyed(byId('totals'), totals, ([name]) => name,
    ([name]) => h('div', {}, h('dt', {}, name), h('dd')),
    (box, [, value, kind]) => {
      box.className = `total-${kind}`;
      setText(box.querySelector('dd'), value);
    });
}

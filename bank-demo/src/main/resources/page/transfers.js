// Transfers, each drawn as its steps: the way there, and under it the way back.

import { post } from '/page/api.js';
import { bank, onChange, ownerOf } from '/page/bank.js';
import { byId, h, keyed, setText, toast, unseen } from '/page/dom.js';
import { lasted, moment, money, sentence, whole } from '/page/format.js';

const WAY = [
  { step: 'debit_source', label: 'Debit', back: 'Refund', of: 'from_account' },
  { step: 'credit_destination', label: 'Credit', back: 'Take back', of: 'to_account' },
  { step: 'confirm_destination', label: 'Confirm', of: 'to_account' },
  { step: 'confirm_source', label: 'Confirm', of: 'from_account' },
];

const STATES = {
  done: ['✓', 'done'],
  in_progress: ['…', 'under way'],
  refused: ['✕', 'refused'],
  waiting: ['', 'not yet'],
  skipped: ['', 'not reached'],
};

const TONE = { completed: 'good', compensated: 'returned', failed: 'bad', needs_attention: 'bad', compensating: 'returned' };

export function showTransfers() {
  const list = byId('transfer-list');
  const note = byId('transfers-note');
  const empty = h('p', { class: 'empty' }, 'No transfers yet. A transfer takes four steps, and each will show here.');
  list.parentElement.after(empty);

  function draw() {
    keyed(list, [...bank.transfers.values()], (transfer) => transfer.transfer_id, card, update);
    list.parentElement.hidden = bank.transfers.size === 0;
    empty.hidden = bank.transfers.size > 0;
    setText(note, bank.transferCount > bank.transfers.size
      ? `The newest ${whole(bank.transfers.size)} of ${whole(bank.transferCount)}` : '');
  }
  onChange('transfers', draw);
  onChange('accounts', draw); // for the owners' names
}

function card(transfer) {
  return h('li', { class: 'transfer' },
    h('div', { class: 'transfer-head' },
      h('span', { class: 'transfer-amount number' }),
      h('span', { class: 'transfer-who' }),
      h('span', { class: 'badge' }),
      h('time', { class: 'transfer-time' })),
    h('ol', { class: 'way there', 'aria-label': 'Steps' }),
    h('ol', { class: 'way back', 'aria-label': 'Steps back' }),
    h('p', { class: 'transfer-error' }),
    h('div', { class: 'transfer-end' }));
}

function update(card, transfer) {
  card.className = `transfer ${TONE[transfer.status] ?? 'moving'}`;
  card.dataset.status = transfer.status;
  setText(card.querySelector('.transfer-amount'), money(transfer.amount));
  const who = card.querySelector('.transfer-who');
  const names = `${ownerOf(transfer.from_account)} → ${ownerOf(transfer.to_account)}`;
  if (who.dataset.names !== names) {
    who.dataset.names = names;
    who.replaceChildren(
      h('b', {}, ownerOf(transfer.from_account)),
      h('span', { class: 'arrow', 'aria-hidden': 'true' }, '→'), unseen(' to '),
      h('b', {}, ownerOf(transfer.to_account)));
  }
  setText(card.querySelector('.badge'), sentence(transfer.status));
  const time = card.querySelector('.transfer-time');
  time.dateTime = transfer.started_at;
  setText(time, transfer.finished_at
    ? `${moment(transfer.started_at)}, in ${lasted(transfer.started_at, transfer.finished_at)}`
    : moment(transfer.started_at));

  const steps = transfer.steps;
  const turned = transfer.finished_at || steps.some((step) => step.compensation || step.state === 'refused');
  drawWay(card.querySelector('.there'), WAY.map((node, column) => ({
    ...node, column, account: transfer[node.of],
    taken: steps.find((step) => step.step === node.step && !step.compensation),
    none: turned ? 'skipped' : 'waiting',
  })), (node) => node.label);
  const back = WAY.map((node, column) => ({
    ...node, column, account: transfer[node.of],
    // The last try: what could not be undone at first has been tried again.
    taken: steps.findLast((step) => step.step === node.step && step.compensation),
  })).filter((node) => node.taken);
  const backWay = card.querySelector('.back');
  backWay.hidden = back.length === 0;
  // In the order in which it happens, which is from right to left.
  drawWay(backWay, back.reverse(), (node) => node.back ?? `Undo ${node.label.toLowerCase()}`);

  const held = transfer.held > 0 && transfer.status === 'needs_attention' ? ` ${money(transfer.held)} is held.` : '';
  const error = card.querySelector('.transfer-error');
  setText(error, transfer.error ? `${transfer.error.charAt(0).toUpperCase()}${transfer.error.slice(1).replace(/\.?$/, '.')}${held}` : held.trim());
  error.hidden = error.textContent === '';
  const end = card.querySelector('.transfer-end');
  const stuck = transfer.status === 'needs_attention';
  if (stuck && !end.firstChild) end.append(retryButton(transfer.transfer_id));
  if (!stuck) end.replaceChildren();
}

function drawWay(list, nodes, labelOf) {
  keyed(list, nodes, (node) => node.step,
    () => h('li', {}, h('span', { class: 'dot', 'aria-hidden': 'true' }),
      h('span', { class: 'step-name' }), unseen(''), h('span', { class: 'step-account' })),
    (item, node) => {
      const state = node.taken?.state ?? node.none;
      const [sign, words] = STATES[state] ?? ['?', state];
      item.className = `step ${state}`;
      item.style.gridColumn = String(node.column + 1);
      setText(item.querySelector('.dot'), sign);
      setText(item.querySelector('.step-name'), labelOf(node));
      setText(item.querySelector('.hidden'), `, ${words}, `);
      setText(item.querySelector('.step-account'), ownerOf(node.account));
      item.title = node.taken?.error ?? '';
    });
}

function retryButton(id) {
  const button = h('button', { type: 'button', class: 'small' }, 'Try again');
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await post(`/api/commands/transfers/${encodeURIComponent(id)}/retry`);
      toast('The transfer is tried again.');
    } catch (problem) {
      const ended = problem.body?.transfer_id ? problem.body.status : null;
      if (ended === 'compensated') toast('The transfer was tried again, and is refunded.');
      else toast(problem.message, 'bad');
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

// The counter: a form for every command.

import { newKey, post } from '/page/api.js';
import { bank, onChange, ownerOf, select } from '/page/bank.js';
import { byId, h, keyed, setText, toast } from '/page/dom.js';
import { money } from '/page/format.js';

const account = { name: 'account', label: 'Account', kind: 'account' };
const amount = { name: 'amount', label: 'Amount', kind: 'number', placeholder: '0.00' };
const description = { name: 'description', label: 'Description', kind: 'text', optional: true, maxlength: 500 };

const path = (id, command) => `/api/commands/accounts/${encodeURIComponent(id)}/${command}`;

/** What can be done: the fields of each form, where it is sent, and what is said when it is done. */
const COMMANDS = [
  {
    id: 'open', title: 'Open', button: 'Open the account',
    fields: [
      { name: 'owner', label: 'Owner', kind: 'text', maxlength: 100 },
      { name: 'initial_balance', label: 'Initial balance', kind: 'number', placeholder: '0.00', absent: '0' },
    ],
    send: (fields, key) => post('/api/commands/accounts', fields, key),
    done: (answer) => {
      select(answer.account_id);
      return `Opened an account for ${answer.event.data.owner}, with ${money(answer.new_balance)}.`;
    },
  },
  {
    id: 'deposit', title: 'Deposit', button: 'Deposit', fields: [account, amount, description],
    send: ({ account: id, ...fields }, key) => post(path(id, 'deposit'), fields, key),
    done: (answer) => `Deposited ${money(answer.event.data.amount)}. New balance ${money(answer.new_balance)}.`,
  },
  {
    id: 'withdraw', title: 'Withdraw', button: 'Withdraw', fields: [account, amount, description],
    send: ({ account: id, ...fields }, key) => post(path(id, 'withdraw'), fields, key),
    done: (answer) => `Withdrew ${money(answer.event.data.amount)}. New balance ${money(answer.new_balance)}.`,
  },
  {
    id: 'transfer', title: 'Transfer', button: 'Transfer',
    fields: [
      { name: 'from_account', label: 'From', kind: 'account' },
      { name: 'to_account', label: 'To', kind: 'account', other: true },
      amount,
    ],
    send: async (fields, key) => {
      try {
        return await post('/api/commands/transfers', fields, key);
      } catch (problem) {
        // The transfer has been made, and has not gone well: that is an answer, which the list shows.
        if (problem.body?.transfer_id) return { body: problem.body };
        throw problem;
      }
    },
    done: (answer) => {
      const what = `${money(answer.amount)} from ${ownerOf(answer.from_account)} to ${ownerOf(answer.to_account)}`;
      switch (answer.status) {
        case 'completed': return `Transferred ${what}.`;
        case 'compensated': return [`Not transferred, and refunded: ${what}. Reason: ${answer.error}.`, 'bad'];
        case 'failed': return [`Not transferred: ${what}. Reason: ${answer.error}.`, 'bad'];
        case 'needs_attention': return [`Stuck, and needs attention: ${what}. ${answer.error ?? ''}`, 'bad'];
        default: return `On its way: ${what}.`;
      }
    },
  },
  {
    id: 'interest', title: 'Interest', button: 'Add interest',
    fields: [account, { name: 'rate', label: 'Rate', kind: 'number', placeholder: '0.05', hint: 'A fraction of the balance; 0.05 is five per cent' }],
    send: ({ account: id, ...fields }, key) => post(path(id, 'interest'), fields, key),
    done: (answer) => `Added ${money(answer.event.data.amount)} of interest. New balance ${money(answer.new_balance)}.`,
  },
  {
    id: 'close', title: 'Close', button: 'Close the account',
    fields: [{ ...account, hint: 'It must be empty, with no transfer under way' }],
    send: ({ account: id }, key) => post(path(id, 'close'), undefined, key),
    done: (answer) => `Closed the account of ${ownerOf(answer.account_id)}.`,
  },
];

export function showForms() {
  const tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'What to do' });
  const panels = COMMANDS.map((command) => {
    const tab = h('button', {
      type: 'button', role: 'tab', id: `tab-${command.id}`, 'aria-controls': `panel-${command.id}`,
      on: { click: () => choose(command.id), keydown: moveBetweenTabs },
    }, command.title);
    tabs.append(tab);
    return h('div', { role: 'tabpanel', id: `panel-${command.id}`, 'aria-labelledby': `tab-${command.id}` }, form(command));
  });
  byId('forms').append(tabs, ...panels);
  choose('open');

  function choose(id) {
    for (const tab of tabs.children) {
      const chosen = tab.id === `tab-${id}`;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute('aria-controls')).hidden = !chosen;
    }
  }

  function moveBetweenTabs(event) {
    const all = [...tabs.children];
    const at = all.indexOf(event.currentTarget);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = all.at(to % all.length);
    tab.focus();
    tab.click();
  }
}

function form(command) {
  const fields = command.fields.map((field) => fieldOf(command, field));
  const trouble = h('p', { class: 'trouble', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'primary' }, command.button);
  const element = h('form', { id: `form-${command.id}`, novalidate: true, on: { submit } },
    fields.map((field) => field.box), trouble, h('div', { class: 'form-end' }, button));

  // Kept until there is an answer, so that what is sent again after a lost connection happens once.
  let key = null;
  element.addEventListener('input', () => { key = null; });

  async function submit(event) {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true') return;
    clear();
    key ??= newKey();
    button.setAttribute('aria-disabled', 'true');
    try {
      const { body } = await command.send(Object.fromEntries(
        fields.filter((field) => field.given() !== undefined).map((field) => [field.name, field.given()])), key);
      key = null;
      const [said, kind] = [command.done(body)].flat();
      toast(said, kind);
      fields.forEach((field) => field.reset());
      fields.find((field) => field.typed)?.control.focus();
    } catch (problem) {
      if (!problem.passing) key = null;
      show(problem);
    } finally {
      button.removeAttribute('aria-disabled');
    }
  }

  function clear() {
    setText(trouble, '');
    fields.forEach((field) => field.complain(''));
  }

  function show(problem) {
    const named = fields.find((field) => field.name === problem.field);
    if (named) {
      named.complain(problem.message);
      named.control.focus();
    } else {
      setText(trouble, `${problem.message}${/[.?!]$/.test(problem.message) ? '' : '.'}`);
    }
  }

  return element;
}

function fieldOf(command, field) {
  const id = `${command.id}-${field.name}`;
  const error = h('p', { class: 'field-error', id: `${id}-error` });
  const hint = field.hint ? h('p', { class: 'hint', id: `${id}-hint` }, field.hint) : null;
  const common = {
    id, name: field.name, autocomplete: 'off',
    'aria-describedby': [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(' '),
  };
  const picks = field.kind === 'account';
  const control = picks
    ? h('select', common)
    : h('input', {
      ...common, type: 'text', inputmode: field.kind === 'number' ? 'decimal' : null,
      placeholder: field.placeholder, maxlength: field.maxlength,
    });
  if (picks) offerAccounts(control, field);
  const label = h('label', { for: id }, field.label, field.optional ? h('span', { class: 'optional' }, ' (optional)') : null);

  return {
    name: field.name,
    typed: !picks,
    control,
    box: h('div', { class: field.kind === 'number' ? 'field amount' : 'field' }, label, control, hint, error),
    given: () => (control.value.trim() === '' ? (field.absent ?? (field.optional ? undefined : '')) : control.value.trim()),
    reset: () => { if (!picks) control.value = ''; },
    complain: (text) => {
      setText(error, text);
      if (text) control.setAttribute('aria-invalid', 'true');
      else control.removeAttribute('aria-invalid');
    },
  };
}

/** Keeps the accounts on offer up to date, under the reader's hands too. */
function offerAccounts(control, field) {
  const none = { account_id: '', owner: 'Choose an account' };

  function draw() {
    const chosen = control.value;
    const names = new Map();
    for (const { owner } of bank.accounts.values()) names.set(owner, (names.get(owner) ?? 0) + 1);
    keyed(control, [none, ...bank.accounts.values()], (option) => option.account_id,
      (option) => h('option', { value: option.account_id }),
      (element, option) => setText(element, option.account_id === ''
        ? option.owner
        : [option.owner, option.status === 'closed' ? 'closed' : money(option.balance),
          names.get(option.owner) > 1 ? option.account_id : null].filter(Boolean).join(' · ')));
    control.value = chosen;
    if (control.value === '' && !field.other) follow();
  }

  function follow() {
    if (bank.selected && bank.accounts.has(bank.selected)) control.value = bank.selected;
  }

  onChange('accounts', draw);
  onChange('selection', () => { if (!field.other) follow(); });
  draw();
}

// Figures by day.

import { get } from '/page/api.js';
import { ownerOf } from '/page/bank.js';
import { dayChart } from '/page/chart.js';
import { byId, coalesced, h, keyed, setText } from '/page/dom.js';
import { day, money, percent, whole } from '/page/format.js';

const DAYS = 30;

export function showAnalytics() {
  const tiles = h('dl', { class: 'tiles' });
  const flows = dayChart(250, 'flows');
  const transfers = dayChart(110, 'transferred');
  const busiest = h('ol', { class: 'busiest' });
  const rows = h('tbody');
  byId('analytics').append(
    tiles,
    h('div', { class: 'figures' },
      h('figure', {}, h('figcaption', {}, h('span', { class: 'key in' }, 'Money in'), ' and ', h('span', { class: 'key out' }, 'out')), flows.box),
      h('figure', {}, h('figcaption', {}, h('span', { class: 'key moved' }, 'Transferred'), ' between accounts'), transfers.box),
      h('div', { class: 'busy' }, h('h3', {}, 'Busiest accounts'), busiest)),
    h('details', { class: 'as-table' },
      h('summary', {}, 'The days as a table'),
      h('div', { class: 'scroll', role: 'region', 'aria-label': 'The days as a table', tabindex: '0' },
        h('table', {},
          h('thead', {}, h('tr', {},
            ['Day', 'In', 'Out', 'Transferred', 'Opened', 'Closed'].map((name, i) =>
              h('th', { scope: 'col', class: i > 0 ? 'number' : null }, name)))),
          rows))));

  return coalesced(2000, async () => {
    const found = await get('/api/queries/analytics');
    const byDate = new Map(found.days.map((each) => [each.date, each]));
    const days = [];
    for (let i = DAYS - 1; i >= 0; i--) {
      const date = new Date(Date.parse(`${found.to}T00:00:00Z`) - i * 86_400_000).toISOString().slice(0, 10);
      days.push({ date, figures: byDate.get(date) });
    }
    const sum = (of) => found.days.reduce((cents, each) => cents + Math.round(of(each) * 100), 0) / 100;
    const [moneyIn, moneyOut, moved] = [sum((each) => each.money_in.sum), sum((each) => each.money_out.sum), sum((each) => each.transferred.sum)];

    keyed(tiles, [
      ['Money in', money(moneyIn)],
      ['Money out', money(moneyOut)],
      ['Transferred', money(moved)],
      ['Active accounts', whole(found.active_accounts)],
      ['Transfers completed', found.transfers.completion_rate === undefined ? '–' : percent(found.transfers.completion_rate)],
      ['Median amount', found.amounts.median === undefined ? '–' : money(found.amounts.median)],
      ['Largest amount', found.amounts.largest === undefined ? '–' : money(found.amounts.largest)],
    ], ([name]) => name,
    ([name]) => h('div', {}, h('dt', {}, name), h('dd', { class: 'number' })),
    (tile, [, value]) => setText(tile.querySelector('dd'), value));

    flows.show({
      label: `Money in and out by day, ${DAYS} days to ${day(found.to)}: ${money(moneyIn)} in, ${money(moneyOut)} out.`,
      days: days.map(({ date, figures }) => ({ date, up: figures?.money_in.sum ?? 0, down: figures?.money_out.sum ?? 0 })),
    });
    transfers.show({
      label: `Money transferred by day, ${DAYS} days to ${day(found.to)}: ${money(moved)}.`,
      days: days.map(({ date, figures }) => ({ date, up: figures?.transferred.sum ?? 0 })),
    });
    keyed(busiest, found.busiest_accounts, (account) => account.account_id,
      () => h('li', {}, h('span', { class: 'name' }), h('span', { class: 'number' })),
      (item, account) => {
        setText(item.querySelector('.name'), ownerOf(account.account_id));
        setText(item.querySelector('.number'), `${whole(account.tx_count)} × · ${money(account.money_moved)}`);
      });
    keyed(rows, found.days.toReversed(), (each) => each.date,
      (each) => h('tr', {}, h('th', { scope: 'row' }, day(each.date)), [0, 1, 2, 3, 4].map(() => h('td', { class: 'number' }))),
      (row, each) => [
        money(each.money_in.sum), money(each.money_out.sum), money(each.transferred.sum),
        whole(each.accounts_opened), whole(each.accounts_closed),
      ].forEach((text, i) => setText(row.children[i + 1], text)));
  });
}

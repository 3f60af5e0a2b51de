// Time travel: a moment is chosen, and the bank is shown as it was then.

import { get } from '/page/api.js';
import { bank, onChange, select, totalOf } from '/page/bank.js';
import { stepChart } from '/page/chart.js';
import { announce, byId, coalesced, h, keyed, setText } from '/page/dom.js';
import { exactTime, forField, money, sentence, whole } from '/page/format.js';

const STEPS = 1000;

export function showPast() {
  let at = null; // a moment as RFC 3339 text, to the nanosecond if the store said so; null: now
  let range = { from: Date.now() - 60_000, to: Date.now() };
  let points = []; // of what the chart shows: {at: RFC 3339 text, value}
  let asking = null; // the question that is under way
  let then = null; // the bank as it was at that moment; null: not known yet

  const subject = h('select', { id: 'past-subject' });
  const field = h('input', { id: 'past-time', type: 'datetime-local', step: '0.001' });
  const slider = h('input', { id: 'past-slider', type: 'range', min: '0', max: String(STEPS), value: String(STEPS), step: '1' });
  const earlier = h('button', { type: 'button', class: 'small', id: 'past-earlier' }, 'Change before');
  const later = h('button', { type: 'button', class: 'small', id: 'past-later' }, 'Change after');
  const now = h('button', { type: 'button', class: 'small', id: 'past-now' }, 'Now');
  const problem = h('p', { class: 'trouble', role: 'alert' });
  const when = h('p', { class: 'past-when', id: 'past-when' });
  const answer = h('p', { class: 'past-balance number', id: 'past-balance' });
  const about = h('p', { class: 'past-about note', id: 'past-about' });
  const chart = stepChart(210, (millis) => travel(new Date(millis).toISOString()));
  const rows = h('tbody');
  const total = h('td', { class: 'number', id: 'past-total' });
  const table = h('table', { class: 'past-table' },
    h('caption', { class: 'hidden' }, 'All accounts at that moment'),
    h('thead', {}, h('tr', {},
      h('th', { scope: 'col' }, 'Account'),
      h('th', { scope: 'col', class: 'number' }, 'Then'),
      h('th', { scope: 'col', class: 'number' }, 'Since'))),
    rows,
    h('tfoot', {}, h('tr', {}, h('th', { scope: 'row' }, 'All'), total, h('td'))));

  byId('past').append(
    h('div', { class: 'past-controls' },
      h('div', { class: 'field' }, h('label', { for: 'past-subject' }, 'Show'), subject),
      h('div', { class: 'field' }, h('label', { for: 'past-time' }, 'Exact time, yours'), field),
      h('div', { class: 'past-steps' }, earlier, later, now)),
    problem,
    h('div', { class: 'past-view' },
      h('div', { class: 'past-chart' },
        h('div', { class: 'past-answer' }, when, answer, about),
        chart.box,
        h('div', { class: 'past-slider' }, h('label', { class: 'hidden', for: 'past-slider' }, 'Moment'), slider)),
      h('div', { class: 'scroll past-bank', role: 'region', 'aria-label': 'The bank at that moment', tabindex: '0' }, table)));

  slider.addEventListener('input', () => {
    const value = Number(slider.value);
    travel(value >= STEPS ? null : new Date(range.from + ((range.to - range.from) * value) / STEPS).toISOString());
  });
  field.addEventListener('change', () => {
    const time = new Date(field.value);
    setText(problem, '');
    if (field.value === '') travel(null);
    else if (Number.isNaN(time.getTime())) setText(problem, 'That is not a time.');
    else if (time > Date.now()) setText(problem, 'That has not happened yet.');
    else travel(time.toISOString());
  });
  now.addEventListener('click', () => travel(null));
  earlier.addEventListener('click', () => stepTo(changes().findLast((time) => time < (at ?? '9'))));
  later.addEventListener('click', () => stepTo(changes().find((time) => time > (at ?? '9'))));
  subject.addEventListener('change', () => {
    select(subject.value === '' ? null : subject.value);
  });
  onChange('selection', () => {
    points = []; // they are another one's
    drawSubjects();
    draw();
    reload();
  });
  onChange('accounts', () => {
    drawSubjects();
    reload();
  });

  /** When what the chart shows was another than before. Texts of one form, so they compare as times do. */
  const changes = () => points.filter((point, i) => i === 0 || point.value !== points[i - 1].value).map((point) => point.at);

  function stepTo(time) {
    if (time === undefined) announce('There is no other change that way.');
    else travel(time);
  }

  function travel(moment) {
    at = moment;
    if (at === null) then = null;
    draw();
    ask();
  }

  function drawSubjects() {
    const chosen = bank.selected ?? '';
    keyed(subject, [{ account_id: '', owner: 'The whole bank' }, ...bank.accounts.values()], (account) => account.account_id,
      (account) => h('option', { value: account.account_id }),
      (option, account) => setText(option, account.account_id === '' ? account.owner : `${account.owner} · ${account.account_id}`));
    subject.value = chosen;
  }

  /** Asks for the bank at the moment; a newer question puts an older one aside. */
  async function ask() {
    asking?.abort();
    if (at === null) return;
    const question = new AbortController();
    asking = question;
    try {
      const found = await get('/api/queries/bank', { at, signal: question.signal });
      if (asking === question) {
        then = found;
        setText(problem, '');
        draw();
      }
    } catch (error) {
      if (error.name !== 'AbortError') setText(problem, error.message);
    }
  }

  /** Asks for the chart anew, after a change. */
  const reload = coalesced(700, async () => {
    const accounts = [...bank.accounts.values()];
    const chosen = bank.accounts.get(bank.selected);
    const first = (chosen ? [chosen] : accounts).map((account) => Date.parse(account.opened_at));
    const to = Date.now();
    if (first.length === 0) {
      points = [];
      draw();
      return;
    }
    const opened = first.reduce((a, b) => Math.min(a, b));
    const from = opened - Math.max(1000, (to - opened) * 0.03); // a little of the time before
    range = { from, to };
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    if (chosen) {
      const series = await get(`/api/queries/accounts/${chosen.account_id}/series`, times);
      points = series.points.map((point) => ({ at: point.at, value: point.balance }));
    } else {
      const series = await get('/api/queries/bank/series', { ...times, points: 200 });
      points = series.points.map((point) => ({ at: point.at, value: point.total }));
    }
    draw();
  });

  function draw() {
    const chosen = bank.accounts.get(bank.selected);
    const shown = at === null ? [...bank.accounts.values()] : (then?.accounts ?? []);
    const sum = at === null ? totalOf(shown) : then?.total;
    const account = shown.find((each) => each.account_id === bank.selected);
    const moment = at === null ? range.to : Date.parse(at);
    const name = chosen ? chosen.owner : 'The whole bank';

    setText(when, at === null ? 'Now' : exactTime(at));
    const known = at === null || then !== null;
    setText(answer, !known ? '…' : chosen ? (account ? money(account.balance) : 'no account yet') : money(sum));
    setText(about, !known ? '' : chosen
      ? [chosen.owner, account && account.status !== 'active' ? sentence(account.status) : null].filter(Boolean).join(', ')
      : `${name}, ${whole(shown.length)} ${shown.length === 1 ? 'account' : 'accounts'}`);
    if (document.activeElement !== field) field.value = at === null ? '' : forField(at);
    slider.value = String(at === null ? STEPS : Math.round(((moment - range.from) / (range.to - range.from)) * STEPS));
    slider.setAttribute('aria-valuetext', at === null ? 'now' : exactTime(at));
    now.disabled = at === null;

    chart.show({
      ...range,
      points: points.map((point) => ({ at: Date.parse(point.at), value: point.value })),
      cursor: at === null ? null : Math.min(range.to, Math.max(range.from, moment)),
      label: points.length === 0 ? 'No balance to draw yet.'
        : `Balance of ${name} from ${exactTime(range.from)} to ${exactTime(range.to)}: ${money(points[0].value)} at first, ${money(points.at(-1).value)} at last.`,
    });
    keyed(rows, shown, (each) => each.account_id,
      (each) => h('tr', {},
        h('th', { scope: 'row' }, each.owner), h('td', { class: 'number then' }), h('td', { class: 'number since' })),
      (row, each) => {
        setText(row.querySelector('.then'), each.status === 'closed' ? 'closed' : money(each.balance));
        const since = Math.round(((bank.accounts.get(each.account_id)?.balance ?? 0) - each.balance) * 100) / 100;
        const cell = row.querySelector('.since');
        setText(cell, at === null || since === 0 ? '–' : `${since > 0 ? '+' : '−'}${money(Math.abs(since))}`);
        row.classList.toggle('chosen', each.account_id === bank.selected);
      });
    setText(total, sum === undefined ? '…' : money(sum));
  }

  drawSubjects();
  draw();
}

// Charts as SVG, drawn at the size they are shown, coloured by the style sheet. A picture has a sentence for those who
// do not see it; who shows one puts the numbers beside it as text.

import { h, s } from '/page/dom.js';
import { compact, day } from '/page/format.js';

const MARGIN = { top: 10, right: 12, bottom: 24, left: 52 };

/**
 * A chart that draws itself anew whenever its place changes in width.
 *
 * @param draw gets the SVG element, emptied, and its width and height
 */
function chart(className, height, draw) {
  const svg = s('svg', { class: `chart ${className}`, role: 'img', height });
  const box = h('div', { class: 'chart-box' }, svg);
  let width = 0;
  let data = null;
  function redraw() {
    if (!data || width < 80) return;
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.setAttribute('aria-label', data.label);
    svg.replaceChildren();
    draw(svg, data, width, height);
  }
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now !== width) {
      width = now;
      redraw();
    }
  }).observe(box);
  return {
    box,
    svg,
    show(newData) {
      data = newData;
      redraw();
    },
  };
}

/** Round numbers that span these, about so many. */
function ticks(low, high, count) {
  const span = Math.max(high - low, 1e-9);
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-6; tick += step) found.push(tick);
  return { found, step };
}

function amountAxis(svg, low, high, y, width, count) {
  for (const tick of ticks(low, high, count).found) {
    const at = Math.round(y(tick)) + 0.5;
    svg.append(
      s('line', { class: Math.abs(tick) < 1e-9 ? 'zero' : 'grid', x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at }),
      s('text', { class: 'tick', x: MARGIN.left - 8, y: at, 'text-anchor': 'end', 'dominant-baseline': 'middle' }, compact(Math.abs(tick) < 1e-9 ? 0 : tick)));
  }
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000].map((seconds) => seconds * 1000);

/** Times as they are read on an axis that spans so much: the fewer parts, the better. */
function timeLabel(millis, step) {
  const date = new Date(millis);
  if (step >= 86_400_000) return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const parts = { hour: '2-digit', minute: '2-digit' };
  if (step < 60_000) parts.second = '2-digit';
  return date.toLocaleTimeString('en-GB', parts);
}

function timeAxis(svg, from, to, x, width, height) {
  const room = Math.max(2, Math.floor((width - MARGIN.left - MARGIN.right) / 84));
  const step = TIME_STEPS.find((candidate) => (to - from) / candidate <= room) ?? TIME_STEPS.at(-1);
  const offset = new Date(from).getTimezoneOffset() * 60_000;
  for (let tick = Math.ceil((from - offset) / step) * step + offset; tick <= to; tick += step) {
    const at = x(tick);
    if (at < MARGIN.left + 12 || at > width - 24) continue;
    svg.append(s('text', { class: 'tick', x: at, y: height - 7, 'text-anchor': 'middle' }, timeLabel(tick, step)));
  }
}

/**
 * A value over time that stays what it is until it changes. Data: label, from and to in milliseconds, points
 * {at: milliseconds, value} in order, cursor: a time to mark, or null.
 *
 * @param pick is called with the time that somebody points at and clicks
 */
export function stepChart(height, pick) {
  let toTime = null;
  const made = chart('steps', height, (svg, { from, to, points, cursor }, width) => {
    const values = points.map((point) => point.value);
    const high = Math.max(...values, 1);
    const low = Math.min(0, ...values);
    const span = Math.max(1, to - from);
    const x = (time) => MARGIN.left + ((time - from) / span) * (width - MARGIN.left - MARGIN.right);
    const y = (value) => height - MARGIN.bottom - ((value - low) / (high * 1.08 - low)) * (height - MARGIN.bottom - MARGIN.top);
    toTime = (at) => Math.min(to, Math.max(from, from + ((at - MARGIN.left) / (width - MARGIN.left - MARGIN.right)) * span));
    amountAxis(svg, low, high * 1.08, y, width, 4);
    timeAxis(svg, from, to, x, width, height);
    if (points.length > 0) {
      const line = [];
      points.forEach((point, i) => {
        const at = x(Math.max(from, point.at)).toFixed(1);
        line.push(i === 0 ? `M${at} ${y(point.value).toFixed(1)}` : `H${at}V${y(point.value).toFixed(1)}`);
      });
      line.push(`H${x(to).toFixed(1)}`);
      const start = x(Math.max(from, points[0].at)).toFixed(1);
      svg.append(
        s('path', { class: 'area', d: `${line.join('')}V${y(0).toFixed(1)}H${start}Z` }),
        s('path', { class: 'line', d: line.join('') }));
    }
    if (cursor !== null) {
      const at = x(cursor);
      const then = points.findLast((point) => point.at <= cursor);
      svg.append(
        s('rect', { class: 'later', x: at, y: MARGIN.top, width: Math.max(0, width - MARGIN.right - at), height: height - MARGIN.bottom - MARGIN.top }),
        s('line', { class: 'cursor', x1: at, x2: at, y1: 2, y2: height - MARGIN.bottom }));
      if (then) svg.append(s('circle', { class: 'cursor-dot', cx: at, cy: y(then.value), r: 5 }));
    }
  });
  made.svg.addEventListener('click', (event) => {
    if (toTime) pick(toTime(event.clientX - made.svg.getBoundingClientRect().left));
  });
  return made;
}

/** How far a chart's ends lie inside its box, for what is to line up with it. */
export const chartInset = MARGIN;

/** Bars by day. Data: label, days {date, up, down} in order; up and down are amounts from the middle line. */
export function dayChart(height, className) {
  return chart(`days ${className}`, height, (svg, { days }, width) => {
    const high = Math.max(...days.map((each) => each.up), 0);
    const low = -Math.max(...days.map((each) => each.down ?? 0), 0);
    const top = high === 0 && low === 0 ? 1 : high * 1.06;
    const y = (value) => height - MARGIN.bottom - ((value - low * 1.06) / (top - low * 1.06)) * (height - MARGIN.bottom - MARGIN.top);
    amountAxis(svg, low * 1.06, top, y, width, low < 0 ? 5 : 3);
    const slot = (width - MARGIN.left - MARGIN.right) / days.length;
    const thick = Math.max(2, Math.min(26, slot * 0.64));
    const every = Math.ceil(76 / slot);
    days.forEach((each, i) => {
      const left = MARGIN.left + slot * i + (slot - thick) / 2;
      if (each.up > 0) svg.append(bar('up', left, y(each.up), thick, y(0) - y(each.up)));
      if (each.down > 0) svg.append(bar('down', left, y(0), thick, y(-each.down) - y(0)));
      if ((days.length - 1 - i) % every === 0) {
        svg.append(s('text', { class: 'tick', x: left + thick / 2, y: height - 7, 'text-anchor': i === days.length - 1 && slot < 40 ? 'end' : 'middle' }, day(each.date)));
      }
    });
  });
}

const bar = (kind, x, y, width, height) =>
  s('rect', { class: kind, x: x.toFixed(1), y: y.toFixed(1), width: width.toFixed(1), height: Math.max(1, height).toFixed(1), rx: 1.5 });

// Figures and times as people read them.

const whole = new Intl.NumberFormat('en-GB', {maximumFractionDigits: 0});
const tenths = new Intl.NumberFormat('en-GB', {maximumFractionDigits: 1});
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export const number = value => whole.format(value);

export function rate(value) {
  return value >= 100 ? whole.format(value) : tenths.format(value);
}

export function bytes(value) {
  if (value < 0) return 'unknown';
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? whole.format(value) : tenths.format(value)} ${UNITS[unit]}`;
}

export function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

/** A time in UTC to the millisecond; all of it is in the element's attribute. */
export function instant(text) {
  const element = document.createElement('time');
  element.dateTime = text;
  element.title = text;
  element.textContent = text.replace('T', ' ').replace(/(\.\d{3})\d*/, '$1').replace('Z', '');
  return element;
}

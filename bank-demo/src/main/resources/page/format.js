// Numbers, times and ids as people read them.

const MONEY = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat('en');
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DATE_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
});
const EXACT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
  fractionalSecondDigits: 3,
});
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

export const money = (amount) => MONEY.format(amount ?? 0);
export const compact = (number) => COMPACT.format(number);
export const whole = (number) => WHOLE.format(number);
export const percent = (fraction) => `${(fraction * 100).toFixed(0)} %`;
export const exactTime = (time) => EXACT.format(new Date(time));
export const day = (date) => DAY.format(new Date(`${date}T00:00:00Z`));

/** The time of day if it is today's, else the date too. */
export function moment(time) {
  const date = new Date(time);
  return date.toDateString() === new Date().toDateString() ? TIME.format(date) : DATE_TIME.format(date);
}

/** The time between two times, as short as it makes sense. */
export function lasted(from, to) {
  const millis = Math.max(0, new Date(to) - new Date(from));
  if (millis < 1000) return `${millis} ms`;
  if (millis < 60_000) return `${(millis / 1000).toFixed(1)} s`;
  return `${Math.round(millis / 60_000)} min`;
}

/** What a date-and-time field takes: local time, to the millisecond. */
export function forField(time) {
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 23);
}

/** "source_debited" as "Source debited". */
export function sentence(name) {
  const words = String(name).replaceAll('_', ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "MoneyDeposited" as "Money deposited". */
export const typeName = (type) => sentence(type.replace(/([a-z])([A-Z])/g, '$1_$2'));

/** How many positions a projection is behind. One that is live passes over what does not concern it now and then only. */
export const behind = ({ state, lag }) => (state === 'live' && lag < 50 ? 0 : lag ?? 0);

export const idIn = (stream) => stream.slice(stream.indexOf('-') + 1);

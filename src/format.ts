// Sizes, durations and times as a person reads them. Called by the sections.

import type { TranslationBundle } from '@jupyterlab/translation';

const STEPS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * The unit in which a size is best told.
 */
function unitOf(bytes: number): [number, string] {
  let unit = 1024;
  let step = 0;
  while (bytes >= unit * 1024 && step < STEPS.length - 1) {
    unit *= 1024;
    step += 1;
  }
  return [unit, STEPS[step]];
}

function number(value: number, digits = 1): string {
  return value.toLocaleString(language(), {
    maximumFractionDigits: value < 10 ? digits : 0
  });
}

/**
 * The language of the page, for numbers and times.
 */
function language(): string | undefined {
  return document.documentElement.lang || undefined;
}

/**
 * A size: `1.2 GiB`.
 *
 * @param bytes - How many bytes.
 */
export function formatSize(bytes: number): string {
  const [unit, name] = unitOf(bytes);
  return `${number(bytes / unit)} ${name}`;
}

/**
 * A part of a size, in the unit of the whole: `1.2` of `4 GiB`.
 *
 * @param used - Bytes of the part.
 * @param limit - Bytes of the whole.
 */
export function formatPart(used: number, limit: number): [string, string] {
  const [unit, name] = unitOf(limit);
  return [number(used / unit), `${number(limit / unit)} ${name}`];
}

/**
 * A number of processor cores: `0.3`, or `0.04` of an idle session.
 *
 * @param cores - How many.
 */
export function formatCores(cores: number): string {
  return number(cores, cores < 1 ? 2 : 1);
}

/**
 * A duration in its two largest units: `3 h 12 min`.
 *
 * @param seconds - How long.
 * @param trans - The words in the reader's language.
 */
export function formatDuration(
  seconds: number,
  trans: TranslationBundle
): string {
  const minutes = Math.floor(Math.max(seconds, 0) / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) {
    const rest = hours % 24;
    const whole = trans._n('%1 day', '%1 days', days, days);
    return rest ? trans.__('%1 %2 h', whole, rest) : whole;
  }
  if (hours > 0) {
    const rest = minutes % 60;
    return rest
      ? trans.__('%1 h %2 min', hours, rest)
      : trans.__('%1 h', hours);
  }
  return minutes > 0
    ? trans.__('%1 min', minutes)
    : trans.__('less than a minute');
}

/**
 * A time of the day, with the date if it is not today's.
 *
 * @param time - Milliseconds since the epoch.
 */
export function formatTime(time: number): string {
  const when = new Date(time);
  const today = when.toDateString() === new Date().toDateString();
  return when.toLocaleString(language(), {
    hour: '2-digit',
    minute: '2-digit',
    ...(today ? {} : { weekday: 'short', day: 'numeric', month: 'short' })
  });
}

/**
 * A day: `12 November 2026`.
 *
 * @param time - Milliseconds since the epoch.
 */
export function formatDate(time: number): string {
  return new Date(time).toLocaleDateString(language(), {
    day: 'numeric',
    month: 'long',
    year: 'numeric'
  });
}

/**
 * From when until when, in the reader's time zone, which is named.
 *
 * @param starts - Milliseconds since the epoch.
 * @param ends - Likewise; null if it is open.
 */
export function formatSpan(starts: number, ends: number | null): string {
  const format = new Intl.DateTimeFormat(language(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short'
  });
  return ends === null
    ? format.format(starts)
    : (format as Intl.DateTimeFormat & IRanges).formatRange(starts, ends);
}

/** What every browser has that Lab runs in, and this version of TypeScript does not know. */
interface IRanges {
  formatRange: (from: number, to: number) => string;
}

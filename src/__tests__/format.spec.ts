// Sizes, durations and times as a person reads them.

import { nullTranslator } from '@jupyterlab/translation';

import {
  formatCores,
  formatDate,
  formatDuration,
  formatPart,
  formatSize,
  formatTime
} from '../format';

const trans = nullTranslator.load('jupyter_2i2c');

describe('formatSize', () => {
  it.each([
    [0, '0 KiB'],
    [1536, '1.5 KiB'],
    [44 * 1024, '44 KiB'],
    [1.2 * 2 ** 30, '1.2 GiB'],
    [2 ** 60, '1,024 PiB']
  ])('tells %d bytes as %s', (bytes, told) => {
    expect(formatSize(bytes)).toBe(told);
  });
});

describe('formatPart', () => {
  it('tells the part in the unit of the whole', () => {
    expect(formatPart(512 * 2 ** 20, 4 * 2 ** 30)).toEqual(['0.5', '4 GiB']);
  });
});

describe('formatCores', () => {
  it.each([
    [0, '0'],
    [0.04, '0.04'],
    [0.3, '0.3'],
    [1.25, '1.3'],
    [16, '16']
  ])('tells %d cores as %s', (cores, told) => {
    expect(formatCores(cores)).toBe(told);
  });
});

describe('formatDate', () => {
  it('tells the day in the language of the page', () => {
    const noon = new Date(2026, 10, 12, 12).getTime();
    document.documentElement.lang = 'en-GB';
    expect(formatDate(noon)).toBe('12 November 2026');
    document.documentElement.lang = 'fr';
    expect(formatDate(noon)).toBe('12 novembre 2026');
    document.documentElement.lang = '';
  });
});

describe('formatDuration', () => {
  it.each([
    [-5, 'less than a minute'],
    [59, 'less than a minute'],
    [60, '1 min'],
    [3600, '1 h'],
    [3600 * 3 + 12 * 60 + 30, '3 h 12 min'],
    [86400, '1 day'],
    [86400 * 6 + 3600 * 5, '6 days 5 h']
  ])('tells %d seconds as %s', (seconds, told) => {
    expect(formatDuration(seconds, trans)).toBe(told);
  });
});

describe('formatTime', () => {
  it('tells the date only if it is not today', () => {
    const now = new Date();
    now.setHours(12, 0);
    expect(formatTime(now.getTime())).not.toMatch(/,/);
    expect(formatTime(now.getTime() + 7 * 86_400_000)).toMatch(/,/);
  });
});

// When the hub will stop this server because of its age, and saying so once. Called by plugins/serverEnd.ts.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ISession } from './api';
import { formatTime } from './format';
import type { HubModel } from './model';

/** Milliseconds before the end at which it is announced. */
export const NOTICE = 15 * 60_000;

/** Where the browser remembers which end it has announced. */
const STORAGE_KEY = 'jupyter-2i2c:announced-end';

/**
 * When the hub will stop this server because of its age.
 *
 * @param session - What is known of the session.
 * @param maxAge - Seconds that the hub lets a server run; 0 for ever.
 *
 * @returns Milliseconds since the epoch; null if the hub does not, or its start is not known.
 */
export function endOf(session: ISession | null, maxAge: number): number | null {
  const started = Date.parse(session?.server.started ?? '');
  return maxAge > 0 && Number.isFinite(started)
    ? started + maxAge * 1000
    : null;
}

/**
 * Announce the end of this server when it is near, once for each server.
 *
 * @param model - What is known of the session.
 * @param trans - The words in the reader's language.
 */
export async function announceEnd(
  model: HubModel,
  trans: TranslationBundle
): Promise<void> {
  await model.loadSession();
  const maxAge = model.info.value?.facts.culling?.max_age ?? 0;
  const end = endOf(model.session.value, maxAge);
  if (end === null || localStorage.getItem(STORAGE_KEY) === String(end)) {
    return;
  }
  const wait = end - NOTICE - Date.now();
  // a timer cannot wait longer than 2^31 ms; no server that old is left to announce
  window.setTimeout(
    () => {
      localStorage.setItem(STORAGE_KEY, String(end));
      Notification.warning(
        trans.__(
          'This server stops at %1: it will have run as long as this hub allows. Save your work.',
          formatTime(end)
        ),
        { autoClose: false }
      );
    },
    Math.min(Math.max(wait, 0), 2 ** 31 - 1)
  );
}

// Interrupts the reader, once, for an incident or for what they are asked to acknowledge. Called by plugins/news.ts.

import { Notification } from '@jupyterlab/apputils';
import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { isolate } from './isolate';
import { fetchNews, markNews } from './news';
import { CommandIDs } from './tokens';

/** Characters that Lab shows of a notification. */
const MAX_LENGTH = 140;

/** The notification of each announcement that is shown here. */
const shown = new Map<string, string>();

/**
 * Show a notification for each announcement that is worth it and has not been shown yet, in this
 * browser or in another; take away those whose reader has dealt with them.
 *
 * #### Notes
 * Lab shows none while its reader does not want to be disturbed; it is in the notification centre
 * then.
 *
 * @param settings - How to reach the server.
 * @param commands - To open the section with.
 * @param trans - The words in the reader's language.
 */
export async function interrupt(
  settings: ServerConnection.ISettings,
  commands: CommandRegistry,
  trans: TranslationBundle
): Promise<void> {
  const { announcements } = await fetchNews(settings);
  for (const [id, notification] of shown) {
    const each = announcements.find(other => other.id === id);
    if (!each || (each.acknowledge ? each.acknowledged : each.seen)) {
      Notification.dismiss(notification);
      shown.delete(id);
    }
  }
  for (const each of announcements.filter(({ loud }) => loud)) {
    // the server says so to one browser only
    const { first } = await markNews(settings, each, 'told');
    if (!first) {
      continue;
    }
    const title = isolate(each.title);
    const words = each.acknowledge
      ? trans.__('Please read: %1', title)
      : trans.__('Incident on this hub: %1', title);
    const notification = Notification.emit(
      words.length > MAX_LENGTH ? `${words.slice(0, MAX_LENGTH - 1)}…` : words,
      each.severity === 'incident' ? 'warning' : 'info',
      {
        autoClose: false,
        actions: [
          {
            label: trans.__('Read'),
            displayType: 'accent',
            callback: () =>
              void commands.execute(CommandIDs.showPanel, { section: 'news' })
          }
        ]
      }
    );
    shown.set(each.id, notification);
  }
}

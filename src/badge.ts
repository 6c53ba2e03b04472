// The mark on the panel's icon that says how much is unread. Fetched when there is news; called by plugins/panel.ts.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Title, Widget } from '@lumino/widgets';

import '../style/badge.css';

/**
 * Show on the icon, and say in its caption, how much is unread.
 *
 * @param title - The panel's.
 * @param unread - How many announcements.
 * @param trans - The words in the reader's language.
 */
export function showUnread(
  title: Title<Widget>,
  unread: number,
  trans: TranslationBundle
): void {
  title.className = unread ? 'jp-HubSidebar-unread' : '';
  title.dataset = {
    ...title.dataset,
    // more than nine are many
    'jp-unread': unread > 9 ? '9+' : unread ? String(unread) : ''
  };
  title.caption = unread
    ? trans._n(
        'This Hub: %1 unread announcement',
        'This Hub: %1 unread announcements',
        unread
      )
    : trans.__('This Hub');
}

// Hears from the server how much news there is. In one file with the model, which every hub's page fetches. Called by plugins/news.ts.

import type { ServiceManager } from '@jupyterlab/services';
import type { Signal } from '@lumino/signaling';

import type { INews } from './api';
import { requestAPI } from './request';
import type { INewsCounts } from './tokens';

/** The id of the server's event; `server/news.py` has the same. */
export const EVENT = 'https://github.com/2i2c-org/jupyter_2i2c/events/news';

/**
 * Ask once how much news there is, which makes the server ask the hub from now on, and hear of
 * every change by its events.
 *
 * @param manager - How to reach the server.
 * @param changed - Told the numbers, at first and whenever they change.
 */
export async function hearNews(
  manager: ServiceManager.IManager,
  changed: Signal<unknown, INewsCounts>
): Promise<void> {
  let told = '{}';
  const tell = ({ unread, loud, revision }: INewsCounts): void => {
    const counts = { unread, loud, revision };
    const now = JSON.stringify(counts);
    if (now !== told) {
      told = now;
      changed.emit(counts);
    }
  };
  const hear = (_: unknown, event: object): void => {
    if ((event as { schema_id?: string }).schema_id === EVENT) {
      tell(event as INewsCounts);
    }
  };
  const { stream } = manager.events;
  stream.connect(hear);
  try {
    const news = await requestAPI<INews>(manager.serverSettings, 'news');
    if (news.state === 'visitor') {
      stream.disconnect(hear);
    } else {
      tell(news);
    }
  } catch {
    // an image without the server's part, or a server that is away: no news
  }
}

// The announcements, and what their reader did with them. Made by panel.ts; no DOM of the panel here.

import type { ServerConnection } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';

import type { IAnnouncement, INews, NewsMark } from './api';
import { requestAPI } from './request';
import type { IHub } from './tokens';

/** Announcements that are shown at first, so that the rest of the panel stays in reach. */
const FEW = 3;

/**
 * The announcements for the reader.
 *
 * @param settings - How to reach the server.
 */
export function fetchNews(
  settings: ServerConnection.ISettings
): Promise<INews> {
  return requestAPI(settings, 'news');
}

/**
 * Say what became of an announcement.
 *
 * @param settings - How to reach the server.
 * @param announcement - Which one.
 * @param what - What became of it.
 *
 * @returns Of `told`, whether this browser is the first.
 */
export function markNews(
  settings: ServerConnection.ISettings,
  announcement: IAnnouncement,
  what: NewsMark
): Promise<{ first?: boolean }> {
  return requestAPI(settings, `news/${encodeURIComponent(announcement.id)}`, {
    method: 'POST',
    body: JSON.stringify({ what })
  });
}

/**
 * The announcements.
 *
 * #### Notes
 * It asks when the panel is shown, and again only when the server has said that something changed.
 */
export class NewsModel extends VDomModel {
  /**
   * @param options - Where it hears of changes, and how to reach the server.
   */
  constructor(options: NewsModel.IOptions) {
    super();
    this._settings = options.serverSettings;
    this._hub = options.hub;
    this._hub.newsChanged.connect(this._onNewsChanged, this);
    document.addEventListener('visibilitychange', this._onVisibility);
  }

  /** The announcements, as the service orders them. */
  get announcements(): readonly IAnnouncement[] {
    return this._news?.announcements ?? [];
  }

  /** Those of them that are shown: the first few and what cannot wait, until the reader wants them all. */
  get shown(): readonly IAnnouncement[] {
    return this.announcements.filter(
      (each, index) =>
        this._all ||
        index < FEW ||
        each.severity === 'incident' ||
        (each.acknowledge && !each.acknowledged)
    );
  }

  /**
   * Show them all.
   */
  showAll(): void {
    this._all = true;
    this.stateChanged.emit();
    void this._markSeen();
  }

  /** Whether one was unread when the panel was opened, and so is new to the reader. */
  isNew(announcement: IAnnouncement): boolean {
    return this._new.has(announcement.id);
  }

  /** Why the last change could not be kept; empty if it was. */
  get error(): string {
    return this._error;
  }

  /** Whether the panel is shown, so that changes are worth asking for. */
  get watching(): boolean {
    return this._watching;
  }
  set watching(value: boolean) {
    this._watching = value;
    if (value) {
      void this.load();
    }
  }

  /** Whether the section is before the reader's eyes. */
  get inSight(): boolean {
    return this._inSight;
  }
  set inSight(value: boolean) {
    if (value !== this._inSight) {
      this._inSight = value;
      if (!value) {
        this._new.clear();
      }
      void this._markSeen();
    }
  }

  /**
   * Ask for the announcements, unless they are known and nothing has changed.
   */
  async load(): Promise<void> {
    if (this._stale || this._asking) {
      await (this._asking ??= this._ask().finally(() => {
        this._asking = null;
      }));
    }
  }

  /**
   * Keep what the reader did with an announcement.
   *
   * @param announcement - Which one.
   * @param what - That they have acknowledged it, or put it away.
   */
  async mark(
    announcement: IAnnouncement,
    what: 'acknowledged' | 'dismissed'
  ): Promise<void> {
    try {
      await markNews(this._settings, announcement, what);
      this._error = '';
      this._stale = true;
      await this.load();
    } catch (reason) {
      this._error = reason instanceof Error ? reason.message : String(reason);
      this.stateChanged.emit();
    }
  }

  /**
   * Stop listening.
   */
  dispose(): void {
    if (!this.isDisposed) {
      document.removeEventListener('visibilitychange', this._onVisibility);
      this._hub.newsChanged.disconnect(this._onNewsChanged, this);
      super.dispose();
    }
  }

  private async _ask(): Promise<void> {
    this._stale = false;
    try {
      const news = await fetchNews(this._settings);
      if (this.isDisposed) {
        return;
      }
      this._news = news;
      this.stateChanged.emit();
      await this._markSeen();
    } catch {
      // it is no reason for alarm; asked for again when the panel is next shown
      this._stale = true;
    }
  }

  private async _markSeen(): Promise<void> {
    if (!this._inSight || document.hidden) {
      return;
    }
    for (const each of this.shown) {
      if (!each.seen && !this._new.has(each.id)) {
        this._new.add(each.id);
        this.stateChanged.emit();
        try {
          await markNews(this._settings, each, 'seen');
          each.seen = true;
        } catch {
          // it stays unread
        }
      }
    }
  }

  private _onNewsChanged(_: unknown, { revision }: { revision: string }): void {
    this._stale = revision !== this._news?.revision;
    if (this._watching) {
      // an answer on its way may be older than this
      void Promise.resolve(this._asking).then(() => this.load());
    }
  }

  private _onVisibility = (): void => void this._markSeen();

  private readonly _settings: ServerConnection.ISettings;
  private readonly _hub: IHub;
  private readonly _new = new Set<string>();
  private _news: INews | null = null;
  private _all = false;
  private _stale = true;
  private _asking: Promise<void> | null = null;
  private _watching = false;
  private _inSight = false;
  private _error = '';
}

export namespace NewsModel {
  /** What a model is made from. */
  export interface IOptions {
    hub: IHub;
    serverSettings: ServerConnection.ISettings;
  }
}

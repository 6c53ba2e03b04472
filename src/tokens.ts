// Names that every room of the panel shares: plugin ids, command ids, and the token of the model. No side effects.

import { Token } from '@lumino/coreutils';
import type { Signal } from '@lumino/signaling';

import type { HubModel } from './model';

/** The npm name, which begins every id. */
export const PACKAGE = 'jupyter-2i2c';

/** The translation domain. */
export const DOMAIN = 'jupyter_2i2c';

/** The panel's id among the shell's widgets. */
export const PANEL_ID = 'jupyter-2i2c-panel';

export namespace PluginIDs {
  export const hub = `${PACKAGE}:hub`;
  export const panel = `${PACKAGE}:panel`;
  export const news = `${PACKAGE}:news`;
  export const commands = `${PACKAGE}:commands`;
  export const statusBar = `${PACKAGE}:status-bar`;
  export const serverEnd = `${PACKAGE}:server-end`;
}

export namespace CommandIDs {
  export const showPanel = `${PACKAGE}:show-panel`;
  export const refresh = `${PACKAGE}:refresh`;
  export const openHub = `${PACKAGE}:open-hub`;
  export const stopServer = `${PACKAGE}:stop-server`;
  export const askForHelp = `${PACKAGE}:ask-for-help`;
  export const copyStatement = `${PACKAGE}:copy-statement`;
  export const exportHub = `${PACKAGE}:export-hub`;
}

/** The admin action that exports the hub. */
export const EXPORT = 'export-hub';

/** The sections of the panel, in their order. */
export const SECTIONS = [
  'news',
  'hub',
  'session',
  'right',
  'help',
  'admin',
  'about'
] as const;

export type SectionId = (typeof SECTIONS)[number];

/** How much news waits for the reader. */
export interface INewsCounts {
  /** Announcements that are not read. */
  unread: number;
  /** Those of them that are worth interrupting for, and have not done so. */
  loud: number;
  /** Changes whenever an announcement does. */
  revision: string;
}

/**
 * What is known of the hub, shared by all plugins.
 */
export interface IHub {
  /**
   * The model, whose code is fetched when somebody needs it for the first time.
   */
  model(): Promise<HubModel>;

  /**
   * Where the hub's own pages are; empty on a computer without a hub.
   */
  readonly homeUrl: string;

  /**
   * The hub's page that anybody can read; empty without a hub.
   */
  readonly publicUrl: string;

  /**
   * Where administrators approve what was asked for; empty without a hub.
   */
  readonly consoleUrl: string;

  /**
   * The admin actions that are offered here, as far as somebody has asked.
   */
  offered: readonly string[];

  /**
   * Emitted when something about the news has changed; by the plugin for news.
   */
  readonly newsChanged: Signal<unknown, INewsCounts>;

  /**
   * Emitted when a request for help was sent; by the composer.
   */
  readonly requestSent: Signal<unknown, void>;
}

export const IHub = new Token<IHub>(
  `${PACKAGE}:IHub`,
  'What is known of the hub that this server runs on.'
);

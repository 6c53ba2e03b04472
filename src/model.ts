// What the panel knows, and when it asks. No DOM of the panel here; the sections render it.

import { VDomModel } from '@jupyterlab/ui-components';
import type { Event, ServerConnection } from '@jupyterlab/services';

import { fetchInfo, fetchSession, type IInfo, type ISession } from './api';
import { RequestError } from './request';

/** Milliseconds between two looks at the session while it is in sight. */
export const SESSION_INTERVAL = 60_000;

/** Milliseconds after which a first measurement of the home directory is looked at again. */
export const MEASURING_INTERVAL = 5_000;

/** Something the panel asked for: the answer, or why there is none. */
export interface IAsked<T> {
  /** The last good answer. */
  value: T | null;
  /** Why the last question had no answer; null if it had one. */
  error: RequestError | null;
  /** Whether a question is on its way. */
  loading: boolean;
}

/**
 * What is known of the hub and of the session.
 *
 * #### Notes
 * It asks when somebody looks. The session is asked for again, once a minute, only while
 * `watching` is true and the page is visible: a request through the hub's proxy counts as
 * activity, and a panel that nobody sees must not keep a server alive.
 */
export class HubModel extends VDomModel {
  /**
   * @param options - How to reach the server.
   */
  constructor(options: HubModel.IOptions) {
    super();
    this._settings = options.serverSettings;
    this.events = options.events ?? null;
    document.addEventListener('visibilitychange', this._onVisibilityChange);
  }

  /** What the server tells by itself; null if nothing is told. */
  readonly events: Event.Stream | null;

  /** The hub's facts. */
  get info(): IAsked<IInfo> {
    return this._info;
  }

  /** What the session runs on and uses. */
  get session(): IAsked<ISession> {
    return this._session;
  }

  /** How to reach the server. */
  get serverSettings(): ServerConnection.ISettings {
    return this._settings;
  }

  /** Whether the session is in sight, so that it is worth asking for. */
  get watching(): boolean {
    return this._watching;
  }
  set watching(value: boolean) {
    if (value !== this._watching) {
      this._watching = value;
      this._schedule();
    }
  }

  /**
   * Ask for the facts, unless they are known.
   */
  async loadInfo(): Promise<void> {
    if (!this._info.value) {
      await this._askInfo(false);
    }
  }

  /**
   * Ask for the facts again.
   */
  async refreshInfo(): Promise<void> {
    await this._askInfo(true);
  }

  /**
   * Ask for the session, unless it is known.
   */
  async loadSession(): Promise<void> {
    if (!this._session.value) {
      await this.refreshSession();
    }
  }

  /**
   * Ask for the session again.
   */
  async refreshSession(): Promise<void> {
    await (this._askingSession ??= this._askSession().finally(() => {
      this._askingSession = null;
    }));
  }

  /**
   * Stop asking.
   */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    window.clearTimeout(this._timer);
    document.removeEventListener('visibilitychange', this._onVisibilityChange);
    super.dispose();
  }

  private async _askInfo(refresh: boolean): Promise<void> {
    await (this._askingInfo ??= this._doAskInfo(refresh).finally(() => {
      this._askingInfo = null;
    }));
  }

  private async _doAskInfo(refresh: boolean): Promise<void> {
    this._info = { ...this._info, loading: true };
    this.stateChanged.emit();
    const asked = await Private.ask(fetchInfo(this._settings, refresh));
    if (!this.isDisposed) {
      this._info = { ...this._info, ...asked, loading: false };
      this.stateChanged.emit();
    }
  }

  private async _askSession(): Promise<void> {
    this._session = { ...this._session, loading: true };
    this.stateChanged.emit();
    const asked = await Private.ask(fetchSession(this._settings));
    if (!this.isDisposed) {
      this._session = { ...this._session, ...asked, loading: false };
      this._asked = Date.now();
      this._schedule();
      this.stateChanged.emit();
    }
  }

  private _schedule(): void {
    window.clearTimeout(this._timer);
    if (!this._watching || document.hidden) {
      return;
    }
    const measuring = this._session.value?.home.state === 'measuring';
    const interval = measuring ? MEASURING_INTERVAL : SESSION_INTERVAL;
    const due = Math.max(this._asked + interval - Date.now(), 0);
    this._timer = window.setTimeout(() => void this.refreshSession(), due);
  }

  private _onVisibilityChange = (): void => this._schedule();

  private readonly _settings: ServerConnection.ISettings;
  private _info: IAsked<IInfo> = { value: null, error: null, loading: false };
  private _session: IAsked<ISession> = {
    value: null,
    error: null,
    loading: false
  };
  private _askingInfo: Promise<void> | null = null;
  private _askingSession: Promise<void> | null = null;
  private _watching = false;
  private _asked = 0;
  private _timer = 0;
}

export namespace HubModel {
  /** What a model is made from. */
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    /** What the server tells by itself. */
    events?: Event.Stream;
  }
}

namespace Private {
  /**
   * An answer, or the reason why there is none; the last good answer is left as it is then.
   */
  export async function ask<T>(
    question: Promise<T>
  ): Promise<Partial<IAsked<T>>> {
    try {
      return { value: await question, error: null };
    } catch (error) {
      return {
        error:
          error instanceof RequestError
            ? error
            : new RequestError(String(error), 0)
      };
    }
  }
}

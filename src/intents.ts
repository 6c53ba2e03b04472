// The admin actions that were asked for from here, followed until they are settled. Made by panel.ts; no DOM of the panel here.

import { VDomModel } from '@jupyterlab/ui-components';
import type { ServerConnection } from '@jupyterlab/services';
import type { IStateDB } from '@jupyterlab/statedb';
import type { PartialJSONObject } from '@lumino/coreutils';
import { Poll } from '@lumino/polling';

import {
  askForAction,
  fetchAdmin,
  fetchIntent,
  type IAdmin,
  type IQuestion
} from './api';
import type { IAsked } from './model';
import { RequestError } from './request';

/** Milliseconds between two looks at what is pending. */
export const FOLLOW_INTERVAL = 2_000;

/** Milliseconds for which an intent is followed; the service keeps it no longer. */
export const FOLLOW_FOR = 5 * 60_000;

/** Intents that are listed, the latest first. */
export const MAX_LISTED = 5;

/** Milliseconds after which it is asked again whether admin actions are offered. */
const ASK_AGAIN = 60_000;

/** Where the state database keeps them. */
const STATE_KEY = 'jupyter-2i2c:intents';

/** States after which nothing more happens. */
const SETTLED: readonly string[] = [
  'done',
  'refused',
  'expired',
  'failed',
  'partly',
  'cancelled',
  'gone'
];

/** An admin action that was asked for from here. */
export interface IFollowed extends IQuestion {
  id: string;
  /** As the service tells it, or `gone` if it knows nothing of it any more. */
  state: string;
  message: string;
  expires: string;
  url: string;
  /** When it was asked for, in milliseconds since the epoch. */
  asked: number;
  /** When its state was last asked for, likewise. */
  looked: number;
  /** Why its state is not known; empty if it is. */
  error: string;
}

/**
 * Whether nothing more will happen to an intent.
 */
export function isSettled(intent: IFollowed): boolean {
  return SETTLED.includes(intent.state);
}

/**
 * What may be asked for, and what became of what was.
 *
 * #### Notes
 * What is not settled is looked at every two seconds for its five minutes, and only while it is in
 * sight; whoever comes back later finds it looked at once more.
 */
export class IntentsModel extends VDomModel {
  /**
   * @param options - How to reach the server, and where to remember what was asked.
   */
  constructor(options: IntentsModel.IOptions) {
    super();
    this._settings = options.serverSettings;
    this._state = options.state;
    this._poll = new Poll({
      auto: false,
      factory: () => this._lookAtAll(),
      frequency: { interval: FOLLOW_INTERVAL, backoff: true, max: 30_000 },
      name: STATE_KEY,
      standby: 'never' // it is stopped instead, so that no timer is left
    });
    document.addEventListener('visibilitychange', this._onVisibilityChange);
    void this._restore();
  }

  /** Whether admin actions are offered here, and which. */
  get admin(): IAsked<IAdmin> {
    return this._admin;
  }

  /** What was asked for, the latest first. */
  get intents(): readonly IFollowed[] {
    return this._intents;
  }

  /** Whether the intents are in sight, so that they are worth following. */
  get watching(): boolean {
    return this._watching;
  }
  set watching(value: boolean) {
    if (value !== this._watching) {
      this._watching = value;
      this._follow();
    }
  }

  /**
   * Ask whether admin actions are offered, unless that is known.
   */
  async load(): Promise<void> {
    const state = this._admin.value?.state;
    const known = state && state !== 'unavailable';
    if (!known && Date.now() - this._askedAdmin >= ASK_AGAIN) {
      await this._askAdmin(false);
    }
  }

  /**
   * Ask whether admin actions are offered, and have the service asked, too.
   */
  async refresh(): Promise<void> {
    await this._askAdmin(true);
  }

  /**
   * Ask for an action, and follow what becomes of it.
   *
   * @param question - The action.
   *
   * @returns What was kept by the service.
   *
   * @throws RequestError if the service keeps nothing.
   */
  async ask(question: IQuestion): Promise<IFollowed> {
    const { id, state, expires, url } = await askForAction(
      this._settings,
      question
    );
    const now = Date.now();
    const intent: IFollowed = {
      ...question,
      id,
      state,
      expires,
      url,
      message: '',
      asked: now,
      looked: now,
      error: ''
    };
    const others = this._intents.filter(each => each.id !== id);
    this._keep([intent, ...others].slice(0, MAX_LISTED));
    this._follow();
    return intent;
  }

  /**
   * Look at the state of one intent now.
   *
   * @param id - Which one.
   */
  async look(id: string): Promise<void> {
    await this._lookAt(id).catch(() => undefined); // it is told with the intent
  }

  /**
   * List an intent no longer; it stays with the service as it is.
   *
   * @param id - Which one.
   */
  forget(id: string): void {
    this._keep(this._intents.filter(each => each.id !== id));
    this._follow();
  }

  /**
   * Stop asking.
   */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    document.removeEventListener('visibilitychange', this._onVisibilityChange);
    this._poll.dispose();
    super.dispose();
  }

  private async _askAdmin(refresh: boolean): Promise<void> {
    this._askedAdmin = Date.now();
    this._admin = { ...this._admin, loading: true };
    this.stateChanged.emit();
    const asked: Partial<IAsked<IAdmin>> = await fetchAdmin(
      this._settings,
      refresh
    ).then(
      value => ({ value, error: null }),
      (error: RequestError) => ({ error })
    );
    if (!this.isDisposed) {
      this._admin = { ...this._admin, ...asked, loading: false };
      this.stateChanged.emit();
    }
  }

  /** The intents that are worth a look now. */
  private _due(): IFollowed[] {
    const now = Date.now();
    return this._intents.filter(each => {
      const end = each.asked + FOLLOW_FOR;
      return !isSettled(each) && (now < end || each.looked < end);
    });
  }

  private _follow(): void {
    if (this.isDisposed) {
      return;
    }
    if (this._watching && !document.hidden && this._due().length) {
      void this._poll.start();
    } else {
      void this._poll.stop();
    }
  }

  private async _lookAtAll(): Promise<void> {
    let failure: unknown = null;
    for (const { id } of this._due()) {
      await this._lookAt(id).catch(error => (failure = error));
    }
    if (!this._due().length) {
      void this._poll.stop();
    }
    if (failure) {
      throw failure; // so that the next look waits longer
    }
  }

  private async _lookAt(id: string): Promise<void> {
    try {
      const { state, message, expires } = await fetchIntent(this._settings, id);
      this._change(id, { state, message, expires, error: '' });
    } catch (error) {
      const { message, status } = error as RequestError;
      if (status === 404) {
        this._change(id, { state: 'gone', message: '', error: '' });
        return;
      }
      this._change(id, { error: message || String(status) });
      throw error;
    }
  }

  private _change(id: string, change: Partial<IFollowed>): void {
    if (this.isDisposed) {
      return;
    }
    this._keep(
      this._intents.map(each =>
        each.id === id ? { ...each, ...change, looked: Date.now() } : each
      )
    );
  }

  private _keep(intents: IFollowed[]): void {
    const before = JSON.stringify(this._intents.map(Private.lasting));
    this._intents = intents;
    const after = intents.map(Private.lasting);
    if (JSON.stringify(after) !== before) {
      void this._state?.save(STATE_KEY, { intents: after });
    }
    this.stateChanged.emit();
  }

  private async _restore(): Promise<void> {
    const saved = (await this._state
      ?.fetch(STATE_KEY)
      .catch(() => undefined)) as { intents?: unknown } | undefined;
    if (this.isDisposed || !Array.isArray(saved?.intents)) {
      return;
    }
    const known = new Set(this._intents.map(each => each.id));
    const restored = (saved!.intents as unknown[])
      .filter(Private.isFollowed)
      .filter(each => !known.has(each.id))
      .map(each => ({ ...each, looked: each.asked, error: '' }));
    this._intents = [...this._intents, ...restored].slice(0, MAX_LISTED);
    this.stateChanged.emit();
    this._follow();
  }

  private _onVisibilityChange = (): void => this._follow();

  private readonly _settings: ServerConnection.ISettings;
  private readonly _state: IStateDB | null;
  private readonly _poll: Poll;
  private _admin: IAsked<IAdmin> = { value: null, error: null, loading: false };
  private _askedAdmin = -Infinity;
  private _intents: IFollowed[] = [];
  private _watching = false;
}

export namespace IntentsModel {
  /** What a model is made from. */
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    state: IStateDB | null;
  }
}

namespace Private {
  /** An intent as it is remembered: without what was written, and what passes. */
  export function lasting(intent: IFollowed): PartialJSONObject {
    const { id, kind, target, state, message, expires, url, asked } = intent;
    return { id, kind, target, note: '', state, message, expires, url, asked };
  }

  /** Whether this was remembered by a version that can be understood. */
  export function isFollowed(value: unknown): value is IFollowed {
    const told = value as IFollowed | null;
    return (
      typeof told?.id === 'string' &&
      typeof told.kind === 'string' &&
      typeof told.target === 'object' &&
      told.target !== null &&
      typeof told.state === 'string' &&
      typeof told.message === 'string' &&
      typeof told.expires === 'string' &&
      typeof told.url === 'string' &&
      typeof told.asked === 'number'
    );
  }
}

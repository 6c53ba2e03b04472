// The admin actions that were asked for from here, followed until they are settled. Made by panel.ts; no DOM of the panel here.

import { VDomModel } from '@jupyterlab/ui-components';
import type { Event, ServerConnection } from '@jupyterlab/services';
import type { IStateDB } from '@jupyterlab/statedb';
import type { PartialJSONObject } from '@lumino/coreutils';
import { Poll } from '@lumino/polling';

import {
  askForAction,
  fetchAdmin,
  fetchIntent,
  type IAdmin,
  type IHubExport,
  type IIntentEvent,
  type IQuestion
} from './api';
import type { IAsked } from './model';
import { RequestError } from './request';

/** Milliseconds between two looks at what is pending. */
export const FOLLOW_INTERVAL = 2_000;

/** Milliseconds for which an intent is followed; the service keeps it no longer. */
export const FOLLOW_FOR = 5 * 60_000;

/** Milliseconds between two looks at what goes on for long; in between, the server tells. */
export const RUNNING_INTERVAL = 60_000;

/** The id of the server's event; `server/intents.py` has the same. */
export const EVENT = 'https://github.com/2i2c-org/jupyter_2i2c/events/intent';

/** Intents that are listed, the latest first. */
export const MAX_LISTED = 5;

/** Milliseconds after which it is asked again whether admin actions are offered. */
const ASK_AGAIN = 60_000;

/** Where the state database keeps them. */
const STATE_KEY = 'jupyter-2i2c:intents';

/** The state of what was approved and takes long. */
const RUNNING = 'running';

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
  /** How far an export of the hub is; null before there is one, and for anything else. */
  export: IHubExport | null;
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
 * What is not decided is looked at every two seconds for its five minutes, and only while it is in
 * sight; whoever comes back later finds it looked at once more. What was approved and takes long is
 * looked at once a minute, which makes the server follow it and tell how far it is by its events.
 */
export class IntentsModel extends VDomModel {
  /**
   * @param options - How to reach the server, and where to remember what was asked.
   */
  constructor(options: IntentsModel.IOptions) {
    super();
    this._settings = options.serverSettings;
    this._state = options.state;
    this._events = options.events ?? null;
    this._poll = new Poll({
      auto: false,
      factory: () => this._lookAtAll(),
      frequency: Private.every(FOLLOW_INTERVAL),
      name: STATE_KEY,
      standby: 'never' // it is stopped instead, so that no timer is left
    });
    document.addEventListener('visibilitychange', this._onVisibilityChange);
    this._events?.connect(this._onEvent, this);
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

  /** The action whose form is wanted, such as by a command; empty if none is. */
  get wanted(): string {
    return this._wanted;
  }
  set wanted(kind: string) {
    if (kind !== this._wanted) {
      this._wanted = kind;
      this.stateChanged.emit();
    }
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
      export: null,
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
    this._events?.disconnect(this._onEvent, this);
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
    return this._intents.filter(each =>
      each.state === RUNNING
        ? now >= each.looked + RUNNING_INTERVAL - FOLLOW_INTERVAL
        : Private.isAwaited(each)
    );
  }

  /** Milliseconds after which some of them are worth a look; null if none will be. */
  private _interval(): number | null {
    if (this._intents.some(Private.isAwaited)) {
      return FOLLOW_INTERVAL;
    }
    const running = this._intents.some(each => each.state === RUNNING);
    return running ? RUNNING_INTERVAL : null;
  }

  private _follow(): void {
    if (this.isDisposed) {
      return;
    }
    const interval = this._interval();
    if (!this._watching || document.hidden || interval === null) {
      void this._poll.stop();
      return;
    }
    this._poll.frequency = Private.every(interval);
    void this._poll.start();
  }

  private async _lookAtAll(): Promise<void> {
    let failure: unknown = null;
    for (const { id } of this._due()) {
      await this._lookAt(id).catch(error => (failure = error));
    }
    const interval = this._interval();
    if (interval === null) {
      void this._poll.stop();
    } else {
      this._poll.frequency = Private.every(interval);
    }
    if (failure) {
      throw failure; // so that the next look waits longer
    }
  }

  private async _lookAt(id: string): Promise<void> {
    try {
      const intent = await fetchIntent(this._settings, id);
      const { state, message, expires } = intent;
      this._change(id, {
        state,
        message,
        expires,
        export: Private.exportOf(intent.export),
        looked: Date.now(),
        error: ''
      });
    } catch (error) {
      const { message, status } = error as RequestError;
      if (status === 404) {
        this._change(id, {
          state: 'gone',
          message: '',
          looked: Date.now(),
          error: ''
        });
        return;
      }
      this._change(id, {
        looked: Date.now(),
        error: message || String(status)
      });
      throw error;
    }
  }

  private _change(id: string, change: Partial<IFollowed>): void {
    if (this.isDisposed) {
      return;
    }
    this._keep(
      this._intents.map(each =>
        each.id === id ? { ...each, ...change } : each
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
      .map(each => ({
        ...each,
        export: Private.exportOf(each.export),
        looked: 0,
        error: ''
      }));
    this._intents = [...this._intents, ...restored].slice(0, MAX_LISTED);
    this.stateChanged.emit();
    this._follow();
  }

  private _onVisibilityChange = (): void => this._follow();

  private _onEvent(_: unknown, event: Event.Emission): void {
    if (event.schema_id !== EVENT) {
      return;
    }
    const {
      intent: id,
      state,
      step,
      done,
      total
    } = event as unknown as IIntentEvent;
    const intent = this._intents.find(each => each.id === id);
    if (!intent || intent.state !== RUNNING) {
      return;
    }
    if (state === RUNNING && intent.export) {
      const known = { ...intent.export, state: RUNNING, step, done, total };
      this._change(id, { export: Private.exportOf(known) });
    } else {
      void this.look(id); // what came of it is not in the event
    }
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _state: IStateDB | null;
  private readonly _events: Event.Stream | null;
  private readonly _poll: Poll;
  private _admin: IAsked<IAdmin> = { value: null, error: null, loading: false };
  private _askedAdmin = -Infinity;
  private _intents: IFollowed[] = [];
  private _watching = false;
  private _wanted = '';
}

export namespace IntentsModel {
  /** What a model is made from. */
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    state: IStateDB | null;
    /** What the server tells by itself; nothing is told if it is left out. */
    events?: Event.Stream | null;
  }
}

/** Milliseconds after which somebody is asked again who did not answer, at the most. */
const LONGEST = 30_000;

namespace Private {
  /** How often to look, and less often while there is no answer. */
  export function every(interval: number): Poll['frequency'] {
    return { interval, backoff: true, max: Math.max(interval, LONGEST) };
  }

  /** Whether its decision, or what comes of that, is still waited for. */
  export function isAwaited(intent: IFollowed): boolean {
    const end = intent.asked + FOLLOW_FOR;
    return (
      !isSettled(intent) &&
      intent.state !== RUNNING &&
      (Date.now() < end || intent.looked < end)
    );
  }

  /** How far an export is, as far as it is told. */
  export function exportOf(told: unknown): IHubExport | null {
    if (typeof told !== 'object' || told === null) {
      return null;
    }
    const given = told as Partial<Record<keyof IHubExport, unknown>>;
    const text = (key: keyof IHubExport): string =>
      typeof given[key] === 'string' ? given[key] : '';
    const count = (key: keyof IHubExport): number =>
      typeof given[key] === 'number' ? Math.max(given[key], 0) : 0;
    return {
      state: text('state') as IHubExport['state'],
      step: text('step'),
      done: count('done'),
      total: count('total'),
      url: text('url'),
      highest: text('highest'),
      blockers: count('blockers'),
      not_run: count('not_run')
    };
  }

  /** An intent as it is remembered: without what was written, and what passes. */
  export function lasting(intent: IFollowed): PartialJSONObject {
    const { id, kind, target, state, message, expires, url, asked } = intent;
    const passes = { step: '', done: 0, total: 0 };
    return {
      id,
      kind,
      target,
      note: '',
      state,
      message,
      expires,
      url,
      asked,
      ...(intent.export && { export: { ...intent.export, ...passes } })
    };
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

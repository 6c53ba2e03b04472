// What administrators did to this server's owner, and which of it they have read. Made by panel.ts; no DOM of the panel here.

import { VDomModel } from '@jupyterlab/ui-components';

import { fetchDone, type IDone, type ISession } from './api';
import { type HubModel, SESSION_INTERVAL } from './model';

/** Things that are shown at a time, the latest first. */
export const MAX_SHOWN = 3;

/**
 * What was done to the server's owner.
 *
 * #### Notes
 * It is asked for whenever the session has been, and at most once a minute: what is in sight
 * together is asked for together.
 */
export class DoneModel extends VDomModel {
  /**
   * @param model - What is known of the session.
   */
  constructor(model: HubModel) {
    super();
    this._model = model;
    this._storageKey = `jupyter-2i2c:read:${model.serverSettings.baseUrl}`;
    model.stateChanged.connect(this._onSession, this);
  }

  /** What was done and is not read yet, the latest first. */
  get unread(): IDone[] {
    const read = this._read();
    return this._done
      .filter(each => !read.includes(Private.name(each)))
      .slice(0, MAX_SHOWN);
  }

  /**
   * Remember, in this browser, that something was read.
   *
   * @param done - What.
   */
  dismiss(done: IDone): void {
    const told = this._done.map(Private.name);
    const read = [...this._read(), Private.name(done)];
    try {
      localStorage.setItem(
        this._storageKey,
        // what is told no longer need not be remembered
        JSON.stringify(read.filter(each => told.includes(each)))
      );
    } catch {
      // a browser that keeps nothing; it is gone until the next look
    }
    this._done = this._done.filter(each => each !== done);
    this.stateChanged.emit();
  }

  /**
   * Stop asking.
   */
  dispose(): void {
    if (!this.isDisposed) {
      this._model.stateChanged.disconnect(this._onSession, this);
      super.dispose();
    }
  }

  private _onSession(): void {
    const session = this._model.session.value;
    const now = Date.now();
    if (session === this._session || now - this._asked < SESSION_INTERVAL) {
      return;
    }
    this._session = session;
    // a visitor is told nothing, and without a hub there is nobody to do anything
    if (session?.you.owner && session.server.owner) {
      this._asked = now;
      void this._ask();
    }
  }

  private async _ask(): Promise<void> {
    try {
      const { done } = await fetchDone(this._model.serverSettings);
      if (!this.isDisposed) {
        this._done = done;
        this.stateChanged.emit();
      }
    } catch {
      // it is no reason for alarm, and asked for again in a minute
    }
  }

  private _read(): string[] {
    try {
      const read = JSON.parse(localStorage.getItem(this._storageKey) ?? '[]');
      return Array.isArray(read) ? read : [];
    } catch {
      return [];
    }
  }

  private readonly _model: HubModel;
  private readonly _storageKey: string;
  private _done: IDone[] = [];
  private _session: ISession | null = null;
  private _asked = -Infinity;
}

namespace Private {
  /** What tells one thing that was done from another. */
  export function name(done: IDone): string {
    return [done.time, done.action, done.actor].join(' ');
  }
}

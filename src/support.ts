// Requests for help: what may be asked, what was sent, and what has been written and not sent yet. No DOM here.

import type { ServerConnection } from '@jupyterlab/services';
import type { IStateDB } from '@jupyterlab/statedb';
import { VDomModel } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';

import type { IHelpRequest, IPart, ISentRequest, ISupport } from './api';
import { requestAPI } from './request';

/** Milliseconds for which the list of what was sent is good enough. */
const FRESH = 30_000;

/** Milliseconds after the last key before a draft is kept. */
const PAUSE = 500;

/** Where the state database keeps what is not sent yet. */
const DRAFT_KEY = 'jupyter-2i2c:help-draft';

/** States of a request that change without its writer. */
const OPEN = ['queued', 'sent'];

/** Characters of a letter that every mail program takes from a link. */
const MAX_MAILTO = 1500;

/**
 * What a request for help may be.
 *
 * @param settings - How to reach the server.
 */
export function fetchSupport(
  settings: ServerConnection.ISettings
): Promise<ISupport> {
  return requestAPI(settings, 'support');
}

/**
 * What whoever helps needs to know of this session. It is sent nowhere.
 *
 * @param settings - How to reach the server.
 */
export async function fetchDiagnostics(
  settings: ServerConnection.ISettings
): Promise<IPart[]> {
  const { parts } = await requestAPI<{ parts: IPart[] }>(
    settings,
    'diagnostics'
  );
  return parts;
}

/**
 * Send a request.
 *
 * @param settings - How to reach the server.
 * @param request - The request.
 */
export function sendRequest(
  settings: ServerConnection.ISettings,
  request: IHelpRequest
): Promise<Pick<ISentRequest, 'id' | 'state' | 'reference'>> {
  return requestAPI(settings, 'requests', {
    method: 'POST',
    body: JSON.stringify(request)
  });
}

/** What a person has written so far. */
export type IDraft = Pick<
  IHelpRequest,
  'category' | 'outage' | 'subject' | 'text' | 'affected'
>;

/** An empty draft. */
export const NO_DRAFT: IDraft = {
  category: '',
  outage: '',
  subject: '',
  text: '',
  affected: ''
};

/**
 * Keeps what was written until it is sent, whatever happens to the page.
 */
export class Drafts {
  /**
   * @param state - Where it is kept; nowhere if null.
   */
  constructor(private readonly _state: IStateDB | null) {}

  /**
   * What was written before.
   */
  async read(): Promise<IDraft> {
    const kept = (await this._state
      ?.fetch(DRAFT_KEY)
      .catch(() => undefined)) as Partial<IDraft> | undefined;
    const draft = { ...NO_DRAFT };
    for (const name of Object.keys(draft) as (keyof IDraft)[]) {
      const value = kept?.[name];
      draft[name] = typeof value === 'string' ? value : '';
    }
    return draft;
  }

  /**
   * Keep it, once nobody has typed for a moment.
   */
  keep(draft: IDraft): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      void this._state?.save(DRAFT_KEY, { ...draft });
    }, PAUSE);
  }

  /**
   * Keep it no longer: it was sent.
   */
  async forget(): Promise<void> {
    window.clearTimeout(this._timer);
    await this._state?.remove(DRAFT_KEY);
  }

  private _timer = 0;
}

/**
 * The key of what is sent: the same as long as nothing of it changes, so that it arrives once
 * however often it is tried.
 */
export class RequestKey {
  /**
   * The key of a request.
   */
  of(request: Omit<IHelpRequest, 'key'>): string {
    const content = JSON.stringify(request);
    if (content !== this._content) {
      this._content = content;
      this._key = UUID.uuid4();
    }
    return this._key;
  }

  private _content = '';
  private _key = '';
}

/**
 * What was sent from here before, and what became of it.
 *
 * #### Notes
 * It is asked for when the list comes into sight, and with the session while one is open.
 */
export class RequestsModel extends VDomModel {
  /**
   * @param settings - How to reach the server.
   */
  constructor(private readonly _settings: ServerConnection.ISettings) {
    super();
  }

  /** The requests, the latest first. */
  get requests(): readonly ISentRequest[] {
    return this._requests;
  }

  /** Whether something may still become of one of them. */
  get open(): boolean {
    return this._requests.some(({ state }) => OPEN.includes(state));
  }

  /**
   * Ask, unless it was asked just now.
   *
   * @param now - Whether to ask all the same.
   */
  async load(now = false): Promise<void> {
    if (!now && Date.now() - this._asked < FRESH) {
      return;
    }
    this._asked = Date.now();
    try {
      const { requests } = await requestAPI<{ requests: ISentRequest[] }>(
        this._settings,
        'requests'
      );
      if (!this.isDisposed) {
        this._requests = requests;
        this.stateChanged.emit();
      }
    } catch {
      // without a service there is no list, and one that is away comes back
    }
  }

  private _requests: ISentRequest[] = [];
  private _asked = -Infinity;
}

/**
 * A request as a letter: exactly what is sent, for its writer to read, or to send by mail.
 *
 * @param request - The request.
 * @param names - What category, outage and parts are called.
 */
export function asLetter(
  request: Omit<IHelpRequest, 'key'>,
  names: {
    category: string;
    outage: string;
    user: string;
    parts: Record<string, string>;
  }
): string {
  const head = [
    ['Subject', request.subject],
    ['Kind', [names.category, names.outage].filter(Boolean).join(': ')],
    ['From', names.user],
    ['Reply to', request.reply_to],
    ['Affected', request.affected]
  ];
  const lines = head
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}: ${value}`);
  lines.push('', request.text);
  for (const each of request.attachments) {
    lines.push('', `Attached: ${each.name}`);
  }
  for (const [key, text] of Object.entries(request.diagnostics ?? {})) {
    lines.push('', `--- ${names.parts[key] ?? key} ---`, text);
  }
  return lines.join('\n');
}

/**
 * A link that opens the mail program with a letter, of which a long one is cut.
 *
 * @param address - To whom.
 * @param subject - Of the letter.
 * @param letter - Its text.
 * @param cut - What stands where it was cut.
 */
export function mailtoOf(
  address: string,
  subject: string,
  letter: string,
  cut: string
): string {
  const body =
    letter.length > MAX_MAILTO
      ? `${letter.slice(0, MAX_MAILTO)}\n[${cut}]`
      : letter;
  const query = Object.entries({ subject, body })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return `mailto:${encodeURIComponent(address).replace('%40', '@')}?${query}`;
}

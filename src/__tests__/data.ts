// What the specs share: the JSON of the Python tests, and a server that answers with it.

import { readFileSync } from 'fs';
import { join } from 'path';

import { ServerConnection } from '@jupyterlab/services';

import type {
  IAdmin,
  IAnnouncement,
  IDone,
  IEvidenceSheet,
  IExport,
  IHelpRequest,
  IInfo,
  IIntent,
  ILastReplica,
  INews,
  IPart,
  IQuestion,
  IReplica,
  ISentRequest,
  ISession,
  ISupport
} from '../api';

function read(name: string): unknown {
  const path = join(__dirname, '..', '..', 'tests', 'data', name);
  return JSON.parse(readFileSync(path, 'utf-8'));
}

/** An answer of `jupyter-2i2c/info`. */
export function info(change: (info: IInfo) => void = () => undefined): IInfo {
  const value = read('info.json') as IInfo;
  change(value);
  return value;
}

/** An answer of `jupyter-2i2c/session`. */
export function session(
  change: (session: ISession) => void = () => undefined
): ISession {
  const value = read('session.json') as ISession;
  change(value);
  return value;
}

/** An answer of `jupyter-2i2c/admin`. */
export function admin(
  change: (admin: IAdmin) => void = () => undefined
): IAdmin {
  const value = read('admin.json') as IAdmin;
  change(value);
  return value;
}

/** An answer of `jupyter-2i2c/intents/ID`. */
export function intent(
  change: (intent: IIntent) => void = () => undefined
): IIntent {
  const value = read('intent.json') as IIntent;
  change(value);
  return value;
}

/** An answer of `jupyter-2i2c/intents/ID` about an export of the hub. */
export function exporting(
  change: (intent: IIntent, of: NonNullable<IIntent['export']>) => void = () =>
    undefined
): IIntent & { url: string } {
  const value = read('intent-export.json') as IIntent & { url: string };
  change(value, value.export!);
  return value;
}

/** An answer of `jupyter-2i2c/replica`. */
export function lastReplica(
  change: (replica: IReplica, told: ILastReplica) => void = () => undefined
): ILastReplica {
  const value = read('replica.json') as ILastReplica;
  change(value.replica!, value);
  return value;
}

/** An answer of `jupyter-2i2c/replica` where nobody drills. */
export function noReplica(): ILastReplica {
  return { replica: null, configured: false, limit_days: 0, age: 0 };
}

/** What the panel asks for, one of each kind. */
export function questions(): IQuestion[] {
  return read('questions.json') as IQuestion[];
}

/** An answer of `jupyter-2i2c/done`. */
export function done(): { done: IDone[] } {
  return read('done.json') as { done: IDone[] };
}

/** An answer of `jupyter-2i2c/news`. */
export function news(
  change: (announcements: IAnnouncement[]) => void = () => undefined
): INews {
  const { announcements } = read('announcements.json') as INews;
  for (const each of announcements) {
    each.loud =
      (each.severity === 'incident' && !each.seen) ||
      (each.acknowledge && !each.acknowledged);
  }
  change(announcements);
  const unread = announcements.filter(
    each => !each.seen || (each.acknowledge && !each.acknowledged)
  ).length;
  const loud = announcements.filter(each => each.loud).length;
  const revision = JSON.stringify(announcements);
  return { state: 'ok', age: 0, unread, loud, revision, announcements };
}

/** An answer of `jupyter-2i2c/news` while there is none. */
export function noNews(): INews {
  return news(announcements => announcements.splice(0));
}

/** An answer of `jupyter-2i2c/support`. */
export function support(
  change: (support: ISupport) => void = () => undefined
): ISupport {
  const value: ISupport = {
    ...(read('support.json') as ISupport),
    why: '',
    mailto: 'help@lab.university.example',
    encrypts: true,
    user: 'ada'
  };
  change(value);
  return value;
}

/** An answer of `jupyter-2i2c/diagnostics`. */
export function diagnostics(): { parts: IPart[] } {
  return read('diagnostics.json') as { parts: IPart[] };
}

/** A request for help, as it is sent. */
export function request(): IHelpRequest {
  return read('request.json') as IHelpRequest;
}

/** An answer of `jupyter-2i2c/evidence`. */
export function evidence(): IEvidenceSheet {
  return read('evidence.json') as IEvidenceSheet;
}

/** The list of `jupyter-2i2c/requests`. */
export function requests(): ISentRequest[] {
  return (read('requests.json') as { requests: ISentRequest[] }).requests;
}

/** An answer of `jupyter-2i2c/exports`. */
export function taken(): { exports: IExport[] } {
  return read('exports.json') as { exports: IExport[] };
}

/** A server that answers as it is told, and remembers what it was asked. */
export class StandIn {
  /** Method and path of each request. */
  readonly asked: string[] = [];

  /** The JSON of each `POST`. */
  readonly sent: unknown[] = [];

  /** What it answers at each path below `jupyter-2i2c/`. */
  answers: Record<string, () => Response | Promise<Response>> = {
    info: () => json(info()),
    session: () => json(session()),
    // most people are no administrators, and nothing was done to them
    admin: () =>
      json(
        admin(value => {
          value.offered = false;
          value.state = 'none';
        })
      ),
    done: () => json({ done: [] }),
    replica: () => json(noReplica()),
    evidence: () => json(evidence()),
    news: () => json(noNews()),
    requests: () => json({ requests: [] }),
    exports: () => json({ exports: [] })
  };

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/ada/',
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      const url = new URL(request.url);
      const path = url.pathname.replace('/user/ada/jupyter-2i2c/', '');
      const refresh = url.searchParams.get('refresh') ? '?refresh' : '';
      this.asked.push(`${request.method} ${path}${refresh}`);
      if (request.method === 'POST') {
        this.sent.push(JSON.parse(await request.text()));
      }
      return this.answers[path]();
    }
  });
}

/** A response with this JSON. */
export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

// What the server extension answers, typed: the mirror of model.py, server/observation.py and server/standing.py. Called by the models.

import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import type { PartialJSONObject } from '@lumino/coreutils';

import { requestAPI } from './request';
import type { INewsCounts } from './tokens';

/** Somebody with a part in the hub. */
export interface IParty {
  name: string;
  url: string;
}

/** A run of plain text, or a link if it has an address. */
export interface ISpan {
  text: string;
  url: string;
}

/** One layer of the right to replicate. */
export interface ILayer {
  key: string;
  name: string;
  level: string;
  meaning: string;
}

/** Somebody to ask, and what for. */
export interface IContact {
  role: string;
  name: string;
  purpose: string;
  audience: string;
  email: string;
  url: string;
}

/** A kind of request, and the answer that may be expected. */
export interface ISupportCategory {
  key: string;
  name: string;
  meaning: string;
  objective: string;
}

/** Something that can be wrong with a hub. */
export interface IOutageKind {
  key: string;
  name: string;
  reportable: boolean;
}

/** Something the platform stands for, and the address at which it shows. */
export interface IPrinciple {
  name: string;
  evidence: string;
}

/** A page worth a click. */
export interface ILink {
  name: string;
  url: string;
}

/** A piece of open source, as found at run time. */
export interface IComponent {
  name: string;
  version: string;
  url: string;
}

/** When the hub stops servers by itself, in seconds; 0: not for that reason. */
export interface ICulling {
  timeout: number;
  max_age: number;
  every: number;
  users: boolean;
}

/** All there is to say about a hub; an empty field hides its row. */
export interface IHubFacts {
  name: string;
  description: string;
  logo: string;
  url: string;
  org: IParty | null;
  operated_by: IParty | null;
  designed_by: IParty | null;
  funded_by: IParty[];
  provider: string;
  region: string;
  audience: string;
  notices: ISpan[][];
  learn_more: ISpan[];
  docs_url: string;
  status_url: string;
  configuration_url: string;
  statement: string;
  statement_url: string;
  layers: ILayer[];
  commitments: string[];
  platform: IParty | null;
  mission: string;
  mission_url: string;
  principles: IPrinciple[];
  roadmap_url: string;
  upstream_url: string;
  impact_url: string;
  qualifications: ILink[];
  contacts: IContact[];
  support_categories: ISupportCategory[];
  outage_kinds: IOutageKind[];
  age_recipient: string;
  culling: ICulling | null;
  components: IComponent[];
}

/** Where a fact comes from. */
export interface IProvenance {
  layer: string;
  source: string;
}

/** A setting that cannot be used. */
export interface IProblem {
  setting: string;
  given: string;
  expected: string;
}

/** How it stands with the hub's service. */
export interface IServiceState {
  state: 'ok' | 'no-hub' | 'no-service' | 'restart' | 'unavailable';
  message: string;
  /** Seconds since the service answered; null if it never did. */
  age: number | null;
}

/** The answer of `jupyter-2i2c/info`. */
export interface IInfo {
  facts: IHubFacts;
  provenance: Record<string, IProvenance>;
  problems: IProblem[];
  service: IServiceState;
}

/** How much is used, and of how much. */
export interface IUsage {
  used: number | null;
  limit: number | null;
}

/** The answer of `jupyter-2i2c/session`; what is not known is null. */
export interface ISession {
  server: {
    owner: string;
    name: string;
    started: string | null;
    profile: string | null;
    can_stop: boolean;
  };
  image: { name: string; tag: string } | null;
  memory: IUsage | null;
  cpu: IUsage | null;
  home: {
    state: 'measured' | 'measuring' | 'unknown';
    used: number | null;
    limit: number | null;
    age: number | null;
    left_out: string[];
  };
  versions: IComponent[];
  hub_version: string | null;
  you: { name: string; admin: boolean; owner: boolean };
}

/** The answer of `jupyter-2i2c/admin`: a hint on what to offer, never a right. */
export interface IAdmin {
  offered: boolean;
  state: 'ok' | 'none' | 'visitor' | 'minting' | 'restart' | 'unavailable';
  /** What there is to know about that; empty where it concerns nobody. */
  why: string;
  /** The console's address, or its path on the hub's host. */
  console: string;
  /** The names of the actions that can be asked for. */
  actions: string[];
}

/** An action to be asked for. */
export interface IQuestion {
  kind: string;
  target: PartialJSONObject;
  note: string;
}

/** The answer of `jupyter-2i2c/intents` to a question. */
export interface IPending {
  id: string;
  state: string;
  expires: string;
  /** The page of the console on which it is decided. */
  url: string;
}

/** An export of the hub, as its intent tells how far it is; each field may be missing. */
export interface IHubExport {
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  /** What is being done. */
  step: string;
  done: number;
  /** Of how much; 0 if that is not known. */
  total: number;
  /** Its page on the console, where it is cancelled, read and downloaded. */
  url: string;
  /** The highest rung that it reached; empty if none. */
  highest: string;
  blockers: number;
  /** Items up to that rung that were not run. */
  not_run: number;
}

/** The event that says how far an intent is while it runs; `server/intents.py` has its schema. */
export interface IIntentEvent {
  intent: string;
  state: string;
  step: string;
  done: number;
  total: number;
}

/** The answer of `jupyter-2i2c/intents/ID`. */
export interface IIntent {
  id: string;
  kind: string;
  target: PartialJSONObject;
  state: string;
  /** What there is to know about the state. */
  message: string;
  expires: string;
  /** Of an export of the hub, once there is one. */
  export?: Partial<IHubExport>;
}

/** What the last drill said. */
export interface IReplica {
  at: string;
  highest: string;
  holds: boolean;
  blockers: number;
  overdue: boolean;
}

/** The answer of `jupyter-2i2c/replica`: when it was last proven that this hub starts elsewhere. */
export interface ILastReplica {
  replica: IReplica | null;
  /** Whether drills are set up, though none may have run. */
  configured: boolean;
  /** Days after which one is overdue; 0 if that is not known. */
  limit_days: number;
  age: number | null;
}

/** Something that was looked at, and what it means for who takes the hub elsewhere. */
export interface IEvidence {
  id: string;
  what: string;
  found: string;
  status: string;
  count: number;
  names: string[];
  source: string;
  way_out: string;
}

/** What was found of one layer. */
export interface ILayerEvidence {
  key: string;
  items: IEvidence[];
}

/** The answer of `jupyter-2i2c/evidence`: what is open here, what is tied, and what is not known. */
export interface IEvidenceSheet {
  at: string;
  layers: ILayerEvidence[];
}

/** Something that was done to the server's owner. */
export interface IDone {
  time: string;
  actor: string;
  action: string;
  text: string;
  reason: string;
}

/** Something that the hub's people want its users to know. */
export interface IAnnouncement {
  id: string;
  version: number;
  title: string;
  /** Markdown. */
  body: string;
  /** The same, rendered by the service; empty if it does not render. */
  body_html: string;
  severity: 'info' | 'maintenance' | 'incident' | 'resolved';
  starts: string;
  ends: string | null;
  link: string;
  dismissible: boolean;
  acknowledge: boolean;
  seen: boolean;
  acknowledged: boolean;
  updated: string;
  /** Whether it should interrupt its reader, which it has not done yet. */
  loud: boolean;
}

/** The answer of `jupyter-2i2c/news`. */
export interface INews extends INewsCounts {
  state: 'ok' | 'none' | 'visitor' | 'no-service' | 'restart' | 'unavailable';
  age: number | null;
  announcements: IAnnouncement[];
}

/** What became of an announcement. */
export type NewsMark = 'seen' | 'acknowledged' | 'dismissed' | 'told';

/** An outage, and what to do about it if it cannot be reported from here. */
export interface IOutage extends IOutageKind {
  /** What to keep for that day; empty if it can be reported. */
  card: string;
}

/** The answer of `jupyter-2i2c/support`: what a request for help may be. */
export interface ISupport {
  /** Whether the hub takes requests. */
  offered: boolean;
  /** Why not; empty if it does. */
  why: string;
  categories: ISupportCategory[];
  outages: IOutage[];
  /** Who will read it. */
  reader: string;
  /** For how long it is kept; 0 if that is not known. */
  kept_days: number;
  /** Whether the person speaks for their community. */
  representative: boolean;
  /** To whom it can be encrypted; empty if it cannot. */
  recipient: string;
  limits: {
    attachments: number;
    attachment_bytes: number;
    total_bytes: number;
    types: string[];
    text: number;
  };
  reply_to: string;
  /** Whom to write to where the hub takes none; empty if nobody is known. */
  mailto: string;
  /** Whether this server can encrypt to the recipient. */
  encrypts: boolean;
  user: string;
}

/** A part of the diagnostics, which can be left out. */
export interface IPart {
  key: string;
  title: string;
  text: string;
  note: string;
}

/** A file that goes with a request. */
export interface IAttachment {
  name: string;
  type: string;
  /** In base64. */
  data: string;
}

/** A request for help, as it is sent. */
export interface IHelpRequest {
  /** Chosen here, so that sending it twice is sending it once. */
  key: string;
  category: string;
  outage: string;
  subject: string;
  text: string;
  affected: string;
  reply_to: string;
  diagnostics: Record<string, string> | null;
  attachments: IAttachment[];
  encrypt: boolean;
}

/** A request that was sent, and what became of it. */
export interface ISentRequest {
  id: string;
  reference: string;
  category: string;
  subject: string;
  created: string;
  state: string;
  why: string;
  answer: string;
}

/**
 * The hub's facts.
 *
 * @param settings - How to reach the server.
 * @param refresh - Whether to ask the hub's service again.
 */
export function fetchInfo(
  settings: ServerConnection.ISettings,
  refresh: boolean
): Promise<IInfo> {
  return requestAPI(settings, refresh ? 'info?refresh=1' : 'info');
}

/**
 * What this session runs on and uses.
 *
 * @param settings - How to reach the server.
 */
export function fetchSession(
  settings: ServerConnection.ISettings
): Promise<ISession> {
  return requestAPI(settings, 'session');
}

/**
 * Ask the hub to stop this server.
 *
 * @param settings - How to reach the server.
 */
export function stopServer(
  settings: ServerConnection.ISettings
): Promise<Record<string, never>> {
  return requestAPI(settings, 'server', { method: 'DELETE' });
}

/**
 * Whether admin actions are offered here, and which.
 *
 * @param settings - How to reach the server.
 * @param refresh - Whether to ask the hub's service again.
 */
export function fetchAdmin(
  settings: ServerConnection.ISettings,
  refresh: boolean
): Promise<IAdmin> {
  return requestAPI(settings, refresh ? 'admin?refresh=1' : 'admin');
}

/**
 * Ask for an admin action, which is decided on the console.
 *
 * @param settings - How to reach the server.
 * @param question - The action.
 */
export function askForAction(
  settings: ServerConnection.ISettings,
  question: IQuestion
): Promise<IPending> {
  return requestAPI(settings, 'intents', {
    method: 'POST',
    body: JSON.stringify(question)
  });
}

/**
 * What became of an action that was asked for.
 *
 * @param settings - How to reach the server.
 * @param id - The intent.
 */
export function fetchIntent(
  settings: ServerConnection.ISettings,
  id: string
): Promise<IIntent> {
  return requestAPI(settings, `intents/${encodeURIComponent(id)}`);
}

/**
 * When it was last proven that this hub starts elsewhere.
 *
 * @param settings - How to reach the server.
 */
export function fetchLastReplica(
  settings: ServerConnection.ISettings
): Promise<ILastReplica> {
  return requestAPI(settings, 'replica');
}

/**
 * What is open here, what is tied, and what is not known.
 *
 * @param settings - How to reach the server.
 */
export function fetchEvidence(
  settings: ServerConnection.ISettings
): Promise<IEvidenceSheet> {
  return requestAPI(settings, 'evidence');
}

/**
 * What was done to the server's owner.
 *
 * @param settings - How to reach the server.
 */
export function fetchDone(
  settings: ServerConnection.ISettings
): Promise<{ done: IDone[] }> {
  return requestAPI(settings, 'done');
}

/** How far a rung of the ladder was climbed. */
export interface IRung {
  status: 'pass' | 'fail' | 'not-run';
  why: string;
}

/** One export of `jupyter-2i2c/exports`: being taken, or taken. */
export interface IExport {
  id: string;
  kind: 'environment' | 'home';
  created: string;
  name: string;
  state:
    | 'starting'
    | 'running'
    | 'ready'
    | 'done'
    | 'failed'
    | 'cancelled'
    | 'interrupted';
  /** What it is doing, in a word or two. */
  what?: string;
  done?: number;
  total?: number;
  /** Why it failed. */
  message?: string;
  size?: number;
  file?: string;
  /** Of an environment: what was captured, by layer and status. */
  captured?: {
    layers: Record<string, Record<string, number>>;
    not_captured: { what: string; reason: string }[];
    lock: string;
  };
  rungs?: Record<string, IRung>;
  highest?: string;
  /** Of a home: how many files, in how many volumes, and which were downloaded. */
  files?: number;
  volumes?: number;
  downloaded?: number[];
  downloading?: Record<string, number>;
  secrets?: string[];
  problems?: { path: string; what: string; more: string }[];
}

/** How much an environment is. */
export interface IEnvironmentEstimate {
  distributions: number;
  files: number;
  bytes: number;
  bundle_bytes: number;
  seconds: number;
  room: number;
}

/** How much a home is. */
export interface IHomeEstimate {
  files: number;
  bytes: number;
  bytes_stored: number;
  /** Bytes of each entry at the top of the home, the largest first. */
  sizes: Record<string, number>;
  left_out: { path: string; why: string }[];
  left_out_counts: Record<string, number>;
  may_hold_secrets: string[];
}

/**
 * What was taken away and what is being taken, the newest first.
 *
 * @param settings - How to reach the server.
 */
export async function fetchExports(
  settings: ServerConnection.ISettings
): Promise<IExport[]> {
  const answer = await requestAPI<{ exports: IExport[] }>(settings, 'exports');
  return answer.exports;
}

/**
 * How much there is to take.
 *
 * @param settings - How to reach the server.
 * @param kind - Of what.
 */
export function fetchEstimate<K extends IExport['kind']>(
  settings: ServerConnection.ISettings,
  kind: K
): Promise<K extends 'home' ? IHomeEstimate : IEnvironmentEstimate> {
  return requestAPI(settings, `exports/estimate?kind=${kind}`);
}

/**
 * Begin to take something, or begin again.
 *
 * @param settings - How to reach the server.
 * @param body - What, and how; or which one again.
 */
export function startExport(
  settings: ServerConnection.ISettings,
  body:
    | { kind: IExport['kind']; options: Record<string, unknown> }
    | { again: string }
): Promise<IExport> {
  return requestAPI(settings, 'exports', {
    method: 'POST',
    body: JSON.stringify(body)
  });
}

/**
 * Cancel what goes on; remove what is there.
 *
 * @param settings - How to reach the server.
 * @param id - Which one.
 */
export function endExport(
  settings: ServerConnection.ISettings,
  id: string
): Promise<Record<string, never>> {
  return requestAPI(settings, `exports?id=${encodeURIComponent(id)}`, {
    method: 'DELETE'
  });
}

/**
 * The address of an export's file, of one of its volumes, or of its report.
 *
 * @param settings - How to reach the server.
 * @param what - Which of them.
 * @param id - Of which export.
 * @param volume - Which volume, from 1; 0 for what has none.
 */
export function exportUrl(
  settings: ServerConnection.ISettings,
  what: 'download' | 'report',
  id: string,
  volume = 0
): string {
  const query = new URLSearchParams({ id });
  if (volume) {
    query.set('volume', String(volume));
  }
  const path = URLExt.join(settings.baseUrl, 'jupyter-2i2c', 'exports', what);
  return `${path}?${query.toString()}`;
}

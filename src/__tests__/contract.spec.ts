// The JSON that Python and the browser share; `tests/test_contract.py` reads the same files.

import type {
  IAdmin,
  IDone,
  IEvidenceSheet,
  IInfo,
  IIntent,
  ILastReplica,
  INews,
  ISentRequest,
  ISession,
  ISupport
} from '../api';

import {
  admin,
  done,
  evidence,
  exporting,
  info,
  intent,
  lastReplica,
  news,
  requests,
  session,
  support
} from './data';

describe('the shared JSON', () => {
  it('is an answer of jupyter-2i2c/info', () => {
    const typed: IInfo = info();
    expect(typed.facts.name).toBe('Coastal Ocean Hub');
    expect(typed.facts.funded_by.map(party => party.name)).toEqual([
      'National Ocean Fund',
      'Example University'
    ]);
    expect(typed.facts.layers.map(layer => layer.level)).toEqual([
      'MAY',
      'SHOULD',
      'MUST',
      'MUST'
    ]);
    expect(typed.facts.principles[0].evidence).toMatch(/^https:/);
    expect(typed.provenance['name'].layer).toBe('service');
    expect(typed.service).toEqual({ state: 'ok', message: '', age: 12 });
  });

  it('is an answer of jupyter-2i2c/session', () => {
    const typed: ISession = session();
    expect(typed.image).toEqual({
      name: 'quay.io/pangeo/pangeo-notebook',
      tag: '2026.06.04'
    });
    expect(typed.home.left_out).toEqual(['shared']);
    expect(typed.you.owner).toBe(true);
  });

  it('is an answer of jupyter-2i2c/admin', () => {
    const typed: IAdmin = admin();
    expect(typed.offered).toBe(true);
    expect(typed.console).toBe('/services/2i2c-console/');
    expect(typed.actions).toContain('stop-server');
  });

  it('is an answer of jupyter-2i2c/intents/ID', () => {
    const typed: IIntent = intent();
    expect(typed.target).toEqual({ user: 'grace', server: '' });
    expect(typed.state).toBe('pending');
    expect(Date.parse(typed.expires)).not.toBeNaN();
  });

  it('is an answer about an export of the hub', () => {
    const typed: IIntent = exporting();
    expect(typed.target).toEqual({ people: true, announcements: true });
    expect(typed.state).toBe('running');
    const { done, step, total, url } = typed.export!;
    expect([step, done, total]).toEqual(['reading users', 12, 40]);
    expect(url).toBe('/services/2i2c-console/exports/7f0c2a');
  });

  it('is an answer of jupyter-2i2c/replica', () => {
    const typed: ILastReplica = lastReplica();
    expect(typed.replica!.highest).toMatch(/^V7 with 2 items not run/);
    expect(Date.parse(typed.replica!.at)).not.toBeNaN();
    expect([typed.configured, typed.limit_days]).toEqual([true, 90]);
  });

  it('is an answer of jupyter-2i2c/done', () => {
    const [typed]: IDone[] = done().done;
    expect(typed.actor).toBe('ada');
    expect(typed.action).toBe('stop-server');
    expect(typed.reason).toMatch(/node is full/);
  });

  it('is an answer of jupyter-2i2c/news', () => {
    const typed: INews = news();
    expect([typed.unread, typed.loud]).toEqual([2, 2]);
    expect(new Set(typed.announcements.map(each => each.severity))).toEqual(
      new Set(['incident', 'info', 'maintenance', 'resolved'])
    );
    expect(Date.parse(typed.announcements[0].starts)).not.toBeNaN();
  });

  it('is an answer of jupyter-2i2c/support', () => {
    const typed: ISupport = support();
    expect(typed.categories.map(each => each.key)).toContain('incident');
    expect(typed.outages.every(each => each.reportable || each.card)).toBe(
      true
    );
    expect(typed.limits.types).toContain('image/png');
  });

  it('is an answer of jupyter-2i2c/requests', () => {
    const typed: ISentRequest[] = requests();
    expect(typed.map(each => each.state)).toEqual([
      'queued',
      'answered',
      'failed'
    ]);
  });

  it('is an answer of jupyter-2i2c/evidence', () => {
    const typed: IEvidenceSheet = evidence();
    expect(Date.parse(typed.at)).not.toBeNaN();
    expect(typed.layers.map(each => each.key)).toEqual(
      info().facts.layers.map(each => each.key)
    );
    const [open] = typed.layers[1].items;
    expect([open.status, open.count]).toEqual(['open', 455]);
  });
});

// What was done to the reader, when it is asked for, and what they have read.

import type { IDone } from '../api';
import { DoneModel, MAX_SHOWN } from '../done';
import { HubModel, SESSION_INTERVAL } from '../model';

import { done, json, session, StandIn } from './data';

describe('DoneModel', () => {
  let server: StandIn;
  let hub: HubModel;
  let model: DoneModel;
  let asked: () => number;

  beforeEach(() => {
    jest.useFakeTimers();
    server = new StandIn();
    server.answers['done'] = () => json(done());
    hub = new HubModel({ serverSettings: server.settings });
    model = new DoneModel(hub);
    asked = () => server.asked.filter(each => each === 'GET done').length;
  });

  afterEach(() => {
    model.dispose();
    hub.dispose();
    localStorage.clear();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  async function look(): Promise<void> {
    await hub.refreshSession();
    await jest.advanceTimersByTimeAsync(1);
  }

  it('asks nothing by itself', async () => {
    await jest.advanceTimersByTimeAsync(10 * SESSION_INTERVAL);
    expect(server.asked).toEqual([]);
  });

  it('asks with the session, at most once a minute', async () => {
    await look();
    await look();
    await look();
    expect(asked()).toBe(1);
    expect(model.unread.map(each => each.actor)).toEqual(['ada']);
    await jest.advanceTimersByTimeAsync(SESSION_INTERVAL);
    expect(asked()).toBe(1);
    await look();
    expect(asked()).toBe(2);
  });

  it.each([
    ['for a visitor', { name: 'boss', admin: true, owner: false }, 'ada'],
    ['without a hub', { name: '', admin: false, owner: true }, '']
  ])('asks nothing %s', async (_, you, owner) => {
    server.answers['session'] = () =>
      json(
        session(value => {
          value.you = you;
          value.server.owner = owner;
        })
      );
    await look();
    expect(asked()).toBe(0);
  });

  it('keeps what is known when the question fails', async () => {
    await look();
    server.answers['done'] = () => json({ message: 'down' }, 503);
    await jest.advanceTimersByTimeAsync(SESSION_INTERVAL);
    await look();
    expect(asked()).toBe(2);
    expect(model.unread).toHaveLength(1);
  });

  it('remembers what was read, as long as it is told', async () => {
    await look();
    model.dismiss(model.unread[0]);
    expect(model.unread).toEqual([]);
    await jest.advanceTimersByTimeAsync(SESSION_INTERVAL);
    await look();
    expect(model.unread).toEqual([]);
    const again = new DoneModel(hub);
    await jest.advanceTimersByTimeAsync(SESSION_INTERVAL);
    await look();
    expect(again.unread).toEqual([]);
    again.dispose();
  });

  it('shows the latest few; the next when one was read', async () => {
    const many = [5, 4, 3, 2, 1].map((minute): IDone => ({
      ...done().done[0],
      time: `2026-11-21T08:0${minute}:00Z`
    }));
    server.answers['done'] = () => json({ done: many });
    await look();
    expect(model.unread).toEqual(many.slice(0, MAX_SHOWN));
    model.dismiss(many[0]);
    expect(model.unread).toHaveLength(MAX_SHOWN);
    expect(model.unread[0]).toEqual(many[1]);
  });

  it('does without a browser that remembers', async () => {
    jest.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
      throw new Error('no');
    });
    jest.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('no');
    });
    await look();
    model.dismiss(model.unread[0]);
    expect(model.unread).toEqual([]);
  });
});

// What was asked for, and when it is followed.

import { StateDB } from '@jupyterlab/statedb';

import type { IIntent } from '../api';
import {
  FOLLOW_FOR,
  FOLLOW_INTERVAL,
  IntentsModel,
  MAX_LISTED
} from '../intents';

import { admin, intent, json, StandIn } from './data';

const QUESTION = {
  kind: 'stop-server',
  target: { user: 'grace', server: '' },
  note: 'the node is full'
};

function hide(hidden: boolean): void {
  jest.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('IntentsModel', () => {
  let server: StandIn;
  let state: StateDB;
  let model: IntentsModel;
  let looks: () => number;

  function make(): IntentsModel {
    return new IntentsModel({ serverSettings: server.settings, state });
  }

  /** The intent with this name is as it is told to be from now on. */
  function becomes(id: string, change: Partial<IIntent>, status = 200): void {
    server.answers[`intents/${id}`] = () =>
      json({ ...intent(), id, ...change }, status);
  }

  /** Let what is on its way arrive. */
  async function arrive(): Promise<void> {
    await jest.advanceTimersByTimeAsync(1);
  }

  async function ask(id: string): Promise<void> {
    server.answers['intents'] = () =>
      json(
        { id, state: 'pending', expires: '', url: `/console/intents/${id}` },
        201
      );
    becomes(id, {});
    await model.ask(QUESTION);
    await arrive();
  }

  beforeEach(() => {
    jest.useFakeTimers();
    server = new StandIn();
    state = new StateDB();
    model = make();
    looks = () =>
      server.asked.filter(each => each.startsWith('GET intents/')).length;
  });

  afterEach(() => {
    model.dispose();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('asks nothing by itself', async () => {
    model.watching = true;
    await jest.advanceTimersByTimeAsync(2 * FOLLOW_FOR);
    expect(server.asked).toEqual([]);
  });

  it('asks once whether actions are offered, and again when it is told to', async () => {
    await model.load();
    await model.load();
    expect(model.admin.value?.offered).toBe(false);
    await model.refresh();
    expect(server.asked).toEqual(['GET admin', 'GET admin?refresh']);
  });

  it('asks again later where the service did not answer, and not sooner', async () => {
    server.answers['admin'] = () =>
      json(
        admin(value => {
          value.offered = false;
          value.state = 'unavailable';
        })
      );
    await model.load();
    await model.load();
    expect(server.asked).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(60_000);
    await model.load();
    expect(server.asked).toHaveLength(2);
  });

  it('keeps what is known of the offer when your server does not answer', async () => {
    server.answers['admin'] = () => json(admin());
    await model.load();
    server.answers['admin'] = () => json({ message: 'down' }, 503);
    await model.refresh();
    expect(model.admin.value?.offered).toBe(true);
    expect(model.admin.error?.message).toBe('down');
  });

  it('sends what was asked, and follows it until it is settled', async () => {
    model.watching = true;
    await ask('a');
    expect(server.sent).toEqual([QUESTION]);
    expect(model.intents[0].state).toBe('pending');
    await jest.advanceTimersByTimeAsync(3 * FOLLOW_INTERVAL);
    expect(looks()).toBe(4);
    becomes('a', { state: 'executing' });
    await jest.advanceTimersByTimeAsync(FOLLOW_INTERVAL);
    expect(model.intents[0].state).toBe('executing');
    becomes('a', { state: 'done', message: 'The server is stopped.' });
    await jest.advanceTimersByTimeAsync(FOLLOW_INTERVAL);
    expect(model.intents[0].message).toBe('The server is stopped.');
    const all = looks();
    await jest.advanceTimersByTimeAsync(FOLLOW_FOR);
    expect(looks()).toBe(all);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('follows only what is in sight, and leaves no timer behind', async () => {
    await ask('a');
    expect(looks()).toBe(0);
    model.watching = true;
    await arrive();
    expect(looks()).toBe(1);
    hide(true);
    await jest.advanceTimersByTimeAsync(10 * FOLLOW_INTERVAL);
    expect(looks()).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
    hide(false);
    await arrive();
    expect(looks()).toBe(2);
    model.watching = false;
    await jest.advanceTimersByTimeAsync(10 * FOLLOW_INTERVAL);
    expect(looks()).toBe(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('follows it for its five minutes, and no longer', async () => {
    model.watching = true;
    await ask('a');
    await jest.advanceTimersByTimeAsync(FOLLOW_FOR + 2 * FOLLOW_INTERVAL);
    const all = looks();
    expect(all).toBeLessThanOrEqual(FOLLOW_FOR / FOLLOW_INTERVAL + 2);
    await jest.advanceTimersByTimeAsync(FOLLOW_FOR);
    expect(looks()).toBe(all);
    expect(jest.getTimerCount()).toBe(0);
    await model.look('a');
    expect(looks()).toBe(all + 1);
  });

  it('f35: looks once more for somebody who comes back late', async () => {
    model.watching = true;
    await ask('a');
    hide(true);
    await jest.advanceTimersByTimeAsync(3 * FOLLOW_FOR);
    becomes('a', { state: 'expired' });
    const all = looks();
    hide(false);
    await arrive();
    expect(looks()).toBe(all + 1);
    expect(model.intents[0].state).toBe('expired');
  });

  it('waits longer after each failure, says why, and goes on', async () => {
    model.watching = true;
    await ask('a');
    becomes('a', { message: 'the hub’s service answered 500' } as never, 503);
    const all = looks();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(looks() - all).toBeGreaterThan(1);
    expect(looks() - all).toBeLessThan(15);
    expect(model.intents[0]).toMatchObject({
      state: 'pending',
      error: 'the hub’s service answered 500'
    });
    becomes('a', { state: 'refused' });
    await jest.advanceTimersByTimeAsync(31_000);
    expect(model.intents[0]).toMatchObject({ state: 'refused', error: '' });
  });

  it('takes an intent that the service does not know for gone', async () => {
    model.watching = true;
    await ask('a');
    becomes('a', { message: 'no such intent' } as never, 404);
    await jest.advanceTimersByTimeAsync(FOLLOW_INTERVAL);
    expect(model.intents[0].state).toBe('gone');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps nothing of what the service did not take', async () => {
    server.answers['intents'] = () => json({ message: 'too many' }, 429);
    await expect(model.ask(QUESTION)).rejects.toMatchObject({
      status: 429,
      message: 'too many'
    });
    expect(model.intents).toEqual([]);
  });

  it('lists the last few, and forgets what it is told to', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await ask(id);
    }
    expect(model.intents.map(each => each.id)).toEqual([
      'f',
      'e',
      'd',
      'c',
      'b'
    ]);
    expect(model.intents).toHaveLength(MAX_LISTED);
    model.forget('d');
    expect(model.intents.map(each => each.id)).toEqual(['f', 'e', 'c', 'b']);
  });

  it('remembers them over a reload, but not what was written', async () => {
    await ask('a');
    model.dispose();
    model = make();
    await arrive();
    expect(model.intents[0]).toMatchObject({
      id: 'a',
      url: '/console/intents/a',
      note: ''
    });
    model.watching = true;
    await arrive();
    expect(looks()).toBe(1);
  });

  it.each([
    [{ intents: 3 }],
    [{ intents: [null, 3, {}, { id: 'a' }] }],
    [{ other: 1 }]
  ])('leaves out what it cannot understand: %j', async saved => {
    await state.save('jupyter-2i2c:intents', saved);
    model.dispose();
    model = make();
    await arrive();
    expect(model.intents).toEqual([]);
  });

  it('is quiet after its end', async () => {
    model.watching = true;
    await ask('a');
    const all = looks();
    model.dispose();
    await jest.advanceTimersByTimeAsync(FOLLOW_FOR);
    expect(looks()).toBe(all);
    expect(jest.getTimerCount()).toBe(0);
  });
});

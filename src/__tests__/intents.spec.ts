// What was asked for, and when it is followed.

import type { Event } from '@jupyterlab/services';
import { StateDB } from '@jupyterlab/statedb';
import { Signal } from '@lumino/signaling';

import type { IIntent } from '../api';
import {
  EVENT,
  FOLLOW_FOR,
  FOLLOW_INTERVAL,
  IntentsModel,
  MAX_LISTED,
  RUNNING_INTERVAL
} from '../intents';

import { admin, exporting, intent, json, StandIn } from './data';

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
  let events: Signal<unknown, Event.Emission>;
  let looks: () => number;

  function make(): IntentsModel {
    const { settings: serverSettings } = server;
    const stream = events as unknown as Event.Stream;
    return new IntentsModel({ events: stream, serverSettings, state });
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
    events = new Signal({});
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

  describe('while something runs', () => {
    /** Ask for an export of the hub, which is approved and goes on. */
    async function run(): Promise<void> {
      model.watching = true;
      await ask('a');
      becomes('a', { state: 'running', export: exporting().export });
      await jest.advanceTimersByTimeAsync(FOLLOW_INTERVAL);
      expect(model.intents[0].state).toBe('running');
    }

    function tell(event: object): void {
      const told = { state: 'running', step: 'verifying', done: 3, total: 8 };
      events.emit({ schema_id: EVENT, intent: 'a', ...told, ...event });
    }

    it('is told how far it is, and looks once a minute', async () => {
      await run();
      expect(model.intents[0].export).toMatchObject({
        step: 'reading users',
        done: 12
      });
      const all = looks();
      tell({});
      expect(model.intents[0].export).toMatchObject({
        step: 'verifying',
        done: 3,
        total: 8,
        url: exporting().export!.url
      });
      // as long as it takes, and whatever is told meanwhile
      for (let minute = 1; minute <= 15; minute += 1) {
        await jest.advanceTimersByTimeAsync(RUNNING_INTERVAL / 2);
        tell({ done: minute });
        await jest.advanceTimersByTimeAsync(RUNNING_INTERVAL / 2);
      }
      expect(looks() - all).toBeGreaterThanOrEqual(14);
      expect(looks() - all).toBeLessThanOrEqual(16);
    });

    it('looks at once when it is told that it ended', async () => {
      await run();
      const all = looks();
      becomes('a', {
        state: 'done',
        export: { ...exporting().export, state: 'done', highest: 'V4' }
      });
      tell({ state: 'done' });
      await arrive();
      expect(looks()).toBe(all + 1);
      expect(model.intents[0]).toMatchObject({
        state: 'done',
        export: { state: 'done', highest: 'V4' }
      });
      tell({ done: 4 }); // late, and wrong
      expect(model.intents[0].state).toBe('done');
      await jest.advanceTimersByTimeAsync(2 * RUNNING_INTERVAL);
      expect(looks()).toBe(all + 1);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('hears of its own only', async () => {
      await run();
      const before = JSON.stringify(model.intents);
      tell({ schema_id: 'https://events.example/other' });
      tell({ intent: 'b' });
      await arrive();
      expect(JSON.stringify(model.intents)).toBe(before);
    });

    it('asks nothing while it is out of sight, and at once when it is back', async () => {
      await run();
      hide(true);
      const all = looks();
      await jest.advanceTimersByTimeAsync(10 * RUNNING_INTERVAL);
      expect(looks()).toBe(all);
      expect(jest.getTimerCount()).toBe(0);
      hide(false);
      await arrive();
      expect(looks()).toBe(all + 1);
    });

    it('remembers it over a reload, but not how far it was', async () => {
      await run();
      tell({});
      const saved = JSON.stringify(await state.fetch('jupyter-2i2c:intents'));
      expect(saved).toContain('exports/7f0c2a');
      expect(saved).not.toContain('reading users');
      tell({ done: 4 });
      await arrive();
      expect(JSON.stringify(await state.fetch('jupyter-2i2c:intents'))).toBe(
        saved
      );
      model.dispose();
      model = make();
      model.watching = true;
      const all = looks();
      await arrive();
      expect(looks()).toBe(all + 1);
      expect(model.intents[0].export).toMatchObject({ step: 'reading users' });
    });
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

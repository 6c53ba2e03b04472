// What the panel knows, and when it asks.

import { HubModel, MEASURING_INTERVAL, SESSION_INTERVAL } from '../model';

import { json, session, StandIn } from './data';

/** Let what is on its way arrive; timers stand still. */
async function arrive(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    await Promise.resolve();
  }
}

function hide(hidden: boolean): void {
  jest.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('HubModel', () => {
  let server: StandIn;
  let model: HubModel;

  beforeEach(() => {
    jest.useFakeTimers();
    server = new StandIn();
    model = new HubModel({ serverSettings: server.settings });
  });

  afterEach(() => {
    model.dispose();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('asks nothing by itself', async () => {
    await jest.advanceTimersByTimeAsync(10 * SESSION_INTERVAL);
    expect(server.asked).toEqual([]);
  });

  it('asks once for several who want to know', async () => {
    await Promise.all([model.loadInfo(), model.loadInfo()]);
    await model.loadInfo();
    expect(server.asked).toEqual(['GET info']);
    expect(model.info.value?.facts.name).toBe('Coastal Ocean Hub');
    expect(model.info.loading).toBe(false);
  });

  it('asks the hub again when it is told to', async () => {
    await model.loadInfo();
    await model.refreshInfo();
    expect(server.asked).toEqual(['GET info', 'GET info?refresh']);
  });

  it('keeps the last good answer when a question fails', async () => {
    await model.loadInfo();
    server.answers['info'] = () => json({ message: 'down' }, 503);
    await model.refreshInfo();
    expect(model.info.value?.facts.name).toBe('Coastal Ocean Hub');
    expect(model.info.error?.message).toBe('down');
    server.answers['info'] = new StandIn().answers['info'];
    await model.refreshInfo();
    expect(model.info.error).toBeNull();
  });

  it('says when something has changed', async () => {
    const states: boolean[] = [];
    model.stateChanged.connect(() => states.push(model.session.loading));
    await model.loadSession();
    expect(states).toEqual([true, false]);
  });

  it('asks for the session once a minute while it is in sight', async () => {
    model.watching = true;
    await jest.advanceTimersByTimeAsync(1);
    expect(server.asked).toEqual(['GET session']);
    await jest.advanceTimersByTimeAsync(SESSION_INTERVAL - 1000);
    expect(server.asked).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(2 * SESSION_INTERVAL);
    expect(server.asked).toHaveLength(3);
    model.watching = false;
    await jest.advanceTimersByTimeAsync(10 * SESSION_INTERVAL);
    expect(server.asked).toHaveLength(3);
  });

  it('asks nothing while the page is hidden, and again when it is shown', async () => {
    model.watching = true;
    await jest.advanceTimersByTimeAsync(1);
    hide(true);
    await jest.advanceTimersByTimeAsync(10 * SESSION_INTERVAL);
    expect(server.asked).toHaveLength(1);
    hide(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(server.asked).toHaveLength(2);
  });

  it('looks again soon while the home directory is being measured', async () => {
    server.answers['session'] = () =>
      json(
        session(value => {
          value.home.state = 'measuring';
        })
      );
    model.watching = true;
    await jest.advanceTimersByTimeAsync(1);
    await jest.advanceTimersByTimeAsync(MEASURING_INTERVAL);
    expect(server.asked).toHaveLength(2);
  });

  it('goes on asking after a failure, and no faster', async () => {
    server.answers['session'] = () => json({ message: 'down' }, 503);
    model.watching = true;
    await jest.advanceTimersByTimeAsync(1);
    await jest.advanceTimersByTimeAsync(3 * SESSION_INTERVAL);
    expect(server.asked).toHaveLength(4);
  });

  it('is quiet after its end', async () => {
    model.watching = true;
    const pending = model.loadInfo();
    model.dispose();
    await pending;
    await arrive();
    expect(model.info.value).toBeNull();
    await jest.advanceTimersByTimeAsync(10 * SESSION_INTERVAL);
    expect(server.asked).toHaveLength(1);
  });
});

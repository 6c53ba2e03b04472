// One place that asks, one kind of error.

import { fetchInfo, stopServer } from '../api';
import { RequestError } from '../request';

import { json, StandIn } from './data';

async function failure(promise: Promise<unknown>): Promise<RequestError> {
  const error = await promise.catch(reason => reason);
  expect(error).toBeInstanceOf(RequestError);
  return error as RequestError;
}

describe('requestAPI', () => {
  let server: StandIn;

  beforeEach(() => {
    server = new StandIn();
  });

  it('asks below the base URL with the method of the route', async () => {
    server.answers['server'] = () => json({}, 202);
    await fetchInfo(server.settings, false);
    await fetchInfo(server.settings, true);
    await stopServer(server.settings);
    expect(server.asked).toEqual([
      'GET info',
      'GET info?refresh',
      'DELETE server'
    ]);
  });

  it('tells the message of an error', async () => {
    server.answers['info'] = () => json({ message: 'not now' }, 503);
    const error = await failure(fetchInfo(server.settings, false));
    expect(error.message).toBe('not now');
    expect(error.status).toBe(503);
  });

  it('never shows the page of a proxy', async () => {
    const page = '<html>Service Unavailable</html>';
    for (const status of [200, 502]) {
      server.answers['info'] = () => new Response(page, { status });
      const error = await failure(fetchInfo(server.settings, false));
      expect(error.message).not.toContain('<');
      expect(error.status).toBe(status);
    }
  });

  it('tells a server that cannot be reached from one that answers an error', async () => {
    server.answers['info'] = () => {
      throw new TypeError('Failed to fetch');
    };
    expect((await failure(fetchInfo(server.settings, false))).status).toBe(0);
  });
});

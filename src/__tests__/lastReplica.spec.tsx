// The last proof that the hub starts elsewhere, as a person meets it.

import { nullTranslator } from '@jupyterlab/translation';
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import axe from 'axe-core';
import React from 'react';

import type { ILastReplica, IReplica } from '../api';
import { HubModel } from '../model';
import type { ISectionProps } from '../sections';
import { LastReplica } from '../sections/lastReplica';

import { json, lastReplica, noReplica, session, StandIn } from './data';

describe('LastReplica', () => {
  let server: StandIn;
  let model: HubModel;
  let shown: HTMLElement;

  function tell(
    change: (replica: IReplica, told: ILastReplica) => void = () => undefined
  ): void {
    server.answers['replica'] = () => json(lastReplica(change));
  }

  /** Show it to a user, or to an administrator as the hub or as its service calls them. */
  async function show(
    who: 'user' | 'admin' | 'offered' | 'visitor' = 'user',
    homeUrl = '/hub/home'
  ): Promise<void> {
    server.answers['session'] = () =>
      json(
        session(value => {
          value.you.admin = ['admin', 'visitor'].includes(who);
          value.you.owner = who !== 'visitor';
        })
      );
    await model.refreshSession();
    const props = {
      hub: {
        homeUrl,
        consoleUrl: 'http://localhost/services/2i2c-console/'
      },
      intents: { admin: { value: { offered: who === 'offered' } } },
      model,
      trans: nullTranslator.load('')
    } as unknown as ISectionProps;
    server.asked.length = 0;
    await act(async () => {
      shown = render(<LastReplica {...props} />).container;
    });
    if (homeUrl) {
      await waitFor(() => expect(server.asked).toContain('GET replica'));
    }
    // what comes is awaited by each test; what does not come has a turn of the event loop
    await act(() => new Promise(resolve => setTimeout(resolve)));
  }

  /** Wait until it says exactly this. */
  async function says(words: string): Promise<void> {
    await waitFor(() => expect(shown.textContent!.trim()).toBe(words));
  }

  beforeEach(() => {
    document.documentElement.lang = 'en-GB';
    server = new StandIn();
    model = new HubModel({ serverSettings: server.settings });
  });

  afterEach(() => {
    cleanup();
    model.dispose();
    document.documentElement.lang = '';
  });

  it('says when it was proven, and how far, to everybody', async () => {
    tell();
    await show();
    await says(
      'Proven on 12 November 2026 that this hub starts elsewhere' +
        ' (V7: a user logs in, a notebook runs). 2 items could not be checked.'
    );
    expect(screen.queryByRole('button')).toBeNull();
  });

  it.each([
    [
      'V6',
      'Proven on 12 November 2026 that this hub starts elsewhere (V6: it answers as this hub does).'
    ],
    [
      'V4 with 1 item not run',
      'A replica of this hub was built on 12 November 2026. It holds up to V4: its configuration, executed, is equal. 1 item could not be checked.'
    ],
    [
      'V8 with 3 items not run (V6, V7)',
      'A replica of this hub was built on 12 November 2026. It holds up to V8: the data’s checksums hold. 3 items could not be checked.'
    ],
    [
      'V9',
      'A replica of this hub was built on 12 November 2026. It holds up to V9.'
    ],
    [
      'the top',
      'A replica of this hub was built on 12 November 2026. It holds up to the top.'
    ],
    ['', '']
  ])('claims no more than was proven: %s', async (highest, words) => {
    tell(replica => {
      replica.highest = highest;
    });
    await show();
    await says(words);
  });

  it('says how many checks failed, and what an administrator does now', async () => {
    tell(replica => {
      Object.assign(replica, {
        highest: 'V3',
        holds: false,
        blockers: 2,
        overdue: true
      });
    });
    await show();
    await says(
      'A replica of this hub was tried on 12 November 2026, and 2 checks failed.' +
        ' It held up to V3: what was built equals what was captured.'
    );
    cleanup();
    await show('admin');
    await screen.findByText(/The report says what failed/);
    screen.getByText('jupyter 2i2c drill');
    screen.getByRole('button', { name: 'Copy the command' });
  });

  it.each(['admin', 'offered'] as const)(
    'reminds of a drill that is due: %s',
    async who => {
      tell(replica => {
        replica.overdue = true;
      });
      await show(who);
      await screen.findByText(/It should be proven anew every 90 days/);
      await screen.findByText(/It is time to try again/);
      const link = screen.queryByRole('link', {
        name: 'Exports and drills'
      });
      expect(link?.getAttribute('href')).toBe(
        who === 'offered'
          ? 'http://localhost/services/2i2c-console/exports'
          : undefined
      );
    }
  );

  it('tells an administrator nothing to do on somebody else’s server', async () => {
    tell(replica => {
      replica.overdue = true;
    });
    await show('visitor');
    await screen.findByText(/It should be proven anew every 90 days/);
    expect(screen.queryByText('jupyter 2i2c drill')).toBeNull();
  });

  it('tells others only that it is long ago', async () => {
    tell((replica, told) => {
      replica.overdue = true;
      told.limit_days = 0;
    });
    await show();
    await screen.findByText(/longer ago than the operator means it to be/);
    expect(screen.queryByText(/It is time to try again/)).toBeNull();
  });

  it('tells administrators that no drill has run yet, and nobody else', async () => {
    tell((_, told) => {
      told.replica = null;
    });
    await show();
    expect(shown.textContent).toBe('');
    cleanup();
    await show('admin');
    await screen.findByText(
      /Nobody has tried yet whether this hub starts elsewhere/
    );
  });

  it.each([
    ['where nobody drills', () => json(noReplica())],
    [
      'on a server without the route',
      () => json({ message: 'Not Found' }, 404)
    ],
    ['on a server that tells nothing of it', () => json({ something: 'else' })]
  ])('is absent %s', async (_, answer) => {
    server.answers['replica'] = answer;
    await show('admin');
    expect(shown.textContent).toBe('');
  });

  it('is absent without a hub, where nobody is even asked', async () => {
    await show('admin', '');
    expect(shown.textContent).toBe('');
    expect(server.asked).toEqual([]);
  });

  it('has no fault that axe can find', async () => {
    tell(replica => {
      Object.assign(replica, { holds: false, blockers: 1, overdue: true });
    });
    await show('admin');
    const results = await act(() =>
      axe.run(shown, {
        rules: {
          'color-contrast': { enabled: false },
          region: { enabled: false }
        }
      })
    );
    expect(results.violations).toEqual([]);
  });
});

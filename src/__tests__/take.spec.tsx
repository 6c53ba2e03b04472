// *Take it with you* as a person meets it: by role and by name.

import { nullTranslator } from '@jupyterlab/translation';
import {
  act,
  cleanup,
  fireEvent,
  render,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import axe from 'axe-core';
import React from 'react';

import type { IExport } from '../api';
import { Take } from '../components/take';

import { json, StandIn, taken } from './data';

const ESTIMATE = {
  files: 3,
  bytes: 3000,
  bytes_stored: 3000,
  sizes: { project: 2000, 'a b*': 1000 },
  left_out: [{ path: '.cache', why: 'cache' }],
  left_out_counts: { cache: 1 },
  may_hold_secrets: ['.netrc']
};

describe('Take', () => {
  let server: StandIn;
  let found: IExport[];

  function show(): void {
    render(<Take settings={server.settings} trans={nullTranslator.load('')} />);
  }

  async function pass(milliseconds: number): Promise<void> {
    await act(async () => {
      await jest.advanceTimersByTimeAsync(milliseconds);
    });
  }

  beforeEach(() => {
    server = new StandIn();
    found = [];
    server.answers['exports'] = () => json({ exports: found });
    server.answers['exports/estimate'] = () => json(ESTIMATE);
  });

  afterEach(() => {
    cleanup();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('asks once, and no more while nothing goes on', async () => {
    jest.useFakeTimers();
    show();
    await pass(60_000);
    expect(server.asked).toEqual(['GET exports']);
  });

  it('follows what goes on, until it is over', async () => {
    jest.useFakeTimers();
    found = [
      {
        ...taken().exports[1],
        state: 'running',
        done: 1,
        total: 4,
        what: 'hashing',
        rungs: undefined,
        captured: undefined,
        file: undefined
      }
    ];
    show();
    await pass(1500);
    const bar = screen.getByRole('progressbar', { name: 'Environment' });
    expect(bar.getAttribute('aria-valuenow')).toBe('25');
    screen.getByRole('button', { name: 'Cancel' });
    found = [taken().exports[1]];
    await pass(1500);
    expect(screen.queryByRole('progressbar')).toBeNull();
    const asked = server.asked.length;
    await pass(60_000);
    expect(server.asked.length).toBe(asked);
  });

  it('asks nothing while the page is hidden', async () => {
    jest.useFakeTimers();
    found = [{ ...taken().exports[0] }];
    show();
    await pass(100);
    jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await pass(60_000);
    expect(server.asked).toEqual(['GET exports']);
  });

  it('shows the ladder and the layers as text', async () => {
    found = [taken().exports[1]];
    show();
    const ladder = await screen.findByRole('list', { name: 'Verified' });
    const rungs = within(ladder)
      .getAllByRole('listitem')
      .map(each => each.textContent);
    expect(rungs).toEqual([
      '✓V0 wholeholds',
      '✓V1 well-formedholds',
      '✓V5 rebuilt, byte for byteholds',
      '✗V7 a notebook runsfails',
      '·V8 data’s checksumsnot run'
    ]);
    screen.getByText('Taken; verified up to V5.');
    screen.getByText('168 of 170');
    screen.getByText('ocean-tools');
    const link = screen.getByRole('link', { name: /Download it/ });
    expect(link).toHaveProperty(
      'href',
      'http://localhost/user/ada/jupyter-2i2c/exports/download?id=20261121T100000Z-d4e5f6'
    );
  });

  it('offers each volume, and the checksums only after them', async () => {
    found = [taken().exports[0]];
    show();
    const first = await screen.findByRole('link', { name: 'Volume 1' });
    expect(first).toHaveProperty('search', `?id=${found[0].id}&volume=1`);
    screen.getByRole('link', { name: 'Volume 2' });
    screen.getByText('1 MiB so far');
    screen.getByText('Checksums (after the others)');
    expect(screen.queryByRole('link', { name: 'Checksums' })).toBeNull();
  });

  it('takes the files that were chosen', async () => {
    show();
    fireEvent.click(screen.getByRole('button', { name: 'Take my data…' }));
    fireEvent.click(await screen.findByRole('checkbox', { name: /a b/ }));
    screen.getByText('2.9 KiB in 3 files.');
    const posted: unknown[] = [];
    const fetched = server.settings.fetch;
    jest.spyOn(server.settings, 'fetch' as never).mockImplementation((async (
      input: RequestInfo,
      init: RequestInit
    ) => {
      const request = new Request(input, init);
      if (request.method === 'POST') {
        posted.push(JSON.parse(await request.clone().text()));
      }
      return fetched(input, init);
    }) as never);
    fireEvent.click(
      screen.getByRole('button', { name: 'Prepare the download (2 KiB)' })
    );
    await waitFor(() =>
      expect(posted).toEqual([
        {
          kind: 'home',
          options: { format: 'tar.zst', exclude: ['/a\\ b\\*'] }
        }
      ])
    );
  });

  it('says why it could not begin', async () => {
    show();
    fireEvent.click(
      screen.getByRole('button', { name: 'Take my environment…' })
    );
    server.answers['exports'] = () =>
      json({ message: 'one is being taken already' }, 400);
    fireEvent.click(
      screen.getByRole('button', { name: 'Take my environment' })
    );
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toBe('one is being taken already');
  });

  it('has no fault that axe finds', async () => {
    found = taken().exports;
    show();
    fireEvent.click(screen.getByRole('button', { name: 'Take my data…' }));
    await screen.findByRole('checkbox', { name: /project/ });
    await screen.findByRole('list', { name: 'What you have taken' });
    // what goes on stands still while it is examined
    jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    const { violations } = await axe.run(document.body, {
      rules: { region: { enabled: false } }
    });
    expect(violations).toEqual([]);
  });
});

// What was found of the four layers, as a person meets it: by role and by name.

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

import type { IEvidenceSheet } from '../api';
import { EvidenceState, Found, useEvidence } from '../components/evidence';

import { evidence, json, StandIn } from './data';

const trans = nullTranslator.load('');

function Layers(props: { server: StandIn; after?: unknown }): JSX.Element {
  const asked = useEvidence(props.server.settings, props.after);
  return (
    <main>
      <Found sheet={asked.asked.value} layer="environment" trans={trans} />
      <EvidenceState {...asked} trans={trans} />
    </main>
  );
}

describe('the evidence of a layer', () => {
  let server: StandIn;
  let told: IEvidenceSheet;

  beforeEach(() => {
    server = new StandIn();
    told = evidence();
    server.answers['evidence'] = () => json(told);
  });

  afterEach(cleanup);

  async function summary(): Promise<HTMLElement> {
    const name = await screen.findByText('Python packages:');
    return name.closest('summary')!;
  }

  it('is one line for each kind of thing', async () => {
    render(<Layers server={server} />);
    expect((await summary()).textContent).toBe(
      'Python packages:455 open3 with a licence of their own5 not known'
    );
    expect(screen.getByText('1 not pinned')).toBeTruthy();
    expect(screen.queryByText('Settings of one cloud:')).toBeNull();
    expect(server.asked).toEqual(['GET evidence']);
  });

  it('holds names, where they were seen, and the way out', async () => {
    render(<Layers server={server} />);
    const details = (await summary()).closest('details')!;
    expect(details.open).toBe(false);
    const [, nvidia, unknown] = within(details).getAllByRole('listitem', {
      hidden: true
    });
    expect(nvidia.textContent).toContain('3 CUDA and its libraries');
    expect(nvidia.textContent).toContain('nvidia-cudnn-cu12 9.1.0.70');
    expect(nvidia.textContent).toContain('Way out: NVIDIA');
    expect(nvidia.textContent).toContain('Seen in: the metadata');
    expect(nvidia.textContent).not.toContain('more');
    expect(unknown.textContent).toContain('and 3 more');
  });

  it('takes a status that it does not know for not known', async () => {
    told.layers[1].items = [
      { ...told.layers[1].items[0], status: 'of-tomorrow', count: 2 },
      {
        ...told.layers[1].items[0],
        id: 'b',
        what: 'Others',
        found: 'nobody looked',
        status: 'x',
        count: 0
      }
    ];
    render(<Layers server={server} />);
    expect((await summary()).textContent).toContain('2 not known');
    expect(
      screen.getByText('nobody looked', { selector: 'summary *' })
    ).toBeTruthy();
  });

  it('is looked at again when the facts are', async () => {
    const { rerender } = render(<Layers server={server} after={1} />);
    await summary();
    rerender(<Layers server={server} after={1} />);
    expect(server.asked).toHaveLength(1);
    rerender(<Layers server={server} after={2} />);
    await waitFor(() => expect(server.asked).toHaveLength(2));
    await act(async () => undefined);
    expect(await summary()).toBeTruthy();
  });

  it('is absent where the server is older than this', async () => {
    server.answers['evidence'] = () => json({ message: 'Not Found' }, 404);
    render(<Layers server={server} />);
    expect(screen.getByRole('status').textContent).toContain('Looking');
    await waitFor(() => expect(screen.queryByRole('status')).toBeNull());
    expect(screen.getByRole('main').textContent).toBe('');
  });

  it('can be asked for again where the server failed', async () => {
    server.answers['evidence'] = () => json({ message: 'no room' }, 500);
    render(<Layers server={server} />);
    const again = await screen.findByRole('button', { name: 'Try again' });
    expect(screen.getByText('no room')).toBeTruthy();
    server.answers['evidence'] = () => json(told);
    fireEvent.click(again);
    expect(await summary()).toBeTruthy();
    expect(screen.queryByText('no room')).toBeNull();
  });

  it('can be used by everybody', async () => {
    const { container } = render(<Layers server={server} />);
    (await summary()).closest('details')!.open = true;
    const found = await act(() =>
      axe.run(container, {
        rules: { 'color-contrast': { enabled: false } }
      })
    );
    expect(found.violations).toEqual([]);
  });
});

// The administrators' section as a person meets it, and what others are told of what was done to them.

import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import {
  act,
  fireEvent,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import axe from 'axe-core';

import { actionsOf, namesIn, titleOf } from '../actions';
import type { IAdmin, IIntent } from '../api';
import { consolePage } from '../console';
import { isolate } from '../isolate';
import { HubModel } from '../model';
import { HubPanel } from '../panel';
import { type SectionId, SECTIONS } from '../tokens';

import {
  admin,
  done,
  exporting,
  intent,
  json,
  questions,
  session,
  StandIn
} from './data';

const CONSOLE = 'http://localhost/services/2i2c-console/';

const ALL = [
  'stop-server',
  'start-server',
  'add-users',
  'grant-admin',
  'revoke-admin',
  'stop-all'
];

/** A name as it stands in a sentence. */
const NAME = (name: string) => `“${isolate(name)}”`;

describe('the section Admin', () => {
  let server: StandIn;
  let model: HubModel;
  let panel: HubPanel;
  let state: StateDB;
  let open: jest.SpyInstance;

  function offer(change: (admin: IAdmin) => void = () => undefined): void {
    server.answers['admin'] = () => json(admin(change));
  }

  function show(
    homeUrl = '/hub/home',
    sections: readonly SectionId[] = ['admin']
  ): void {
    model = new HubModel({ serverSettings: server.settings });
    panel = new HubPanel({
      commands: new CommandRegistry(),
      hub: {
        model: async () => model,
        homeUrl,
        publicUrl: homeUrl && 'http://localhost/services/2i2c/',
        consoleUrl: homeUrl && CONSOLE,
        offered: [],
        newsChanged: new Signal({}),
        requestSent: new Signal({})
      },
      model,
      state,
      translator: nullTranslator
    });
    panel.sections = sections;
    Widget.attach(panel, document.body);
  }

  async function section() {
    const pages = { name: 'Pages for administrators' };
    const list = await screen.findByRole('list', pages);
    return within(list.closest<HTMLElement>('.jp-HubPanel-section')!);
  }

  /** Let React render what an event has changed. */
  async function rendered(): Promise<void> {
    await act(() => new Promise(resolve => requestAnimationFrame(resolve)));
  }

  async function click(element: Element): Promise<void> {
    fireEvent.click(element);
    await rendered();
  }

  async function type(label: string, text: string): Promise<void> {
    fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
    await rendered();
  }

  /** Ask for the server of grace to be stopped; the service keeps it as told. */
  async function askToStop(change: Partial<IIntent> = {}): Promise<void> {
    server.answers['intents'] = () =>
      json(
        {
          id: 'abc',
          state: 'pending',
          expires: '2026-11-21T11:17:00Z',
          url: '/services/2i2c-console/intents/abc'
        },
        201
      );
    server.answers['intents/abc'] = () =>
      json({ ...intent(), id: 'abc', ...change });
    const mine = await section();
    await click(mine.getByRole('button', { name: 'Stop a server…' }));
    await type('User name', ' grace ');
    await type('Note', 'the node is full');
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    await mine.findByRole('heading', { name: 'Approvals' });
  }

  beforeEach(() => {
    server = new StandIn();
    state = new StateDB();
    offer();
    open = jest.spyOn(window, 'open').mockReturnValue(null);
    Element.prototype.scrollIntoView = jest.fn();
  });

  afterEach(() => {
    panel.dispose();
    model.dispose();
    localStorage.clear();
    jest.restoreAllMocks();
  });

  describe('is absent', () => {
    it('for people who are no administrators', async () => {
      offer(value => {
        value.offered = false;
        value.state = 'none';
      });
      show('/hub/home', SECTIONS);
      await screen.findByText('Run by');
      await waitFor(() => expect(server.asked).toContain('GET admin'));
      expect(screen.queryByText('Admin')).toBeNull();
    });

    it('without a hub, where nobody is even asked', async () => {
      show('', SECTIONS);
      await screen.findByText('Run by');
      expect(server.asked).not.toContain('GET admin');
      expect(screen.queryByText('Admin')).toBeNull();
    });

    it('where the settings say so, and nobody is asked either', async () => {
      show('/hub/home', SECTIONS);
      panel.sections = ['hub'];
      await screen.findByText('Run by');
      panel.hide();
      server.asked.length = 0;
      panel.show();
      expect(server.asked).not.toContain('GET admin');
    });

    it('while your server does not say', async () => {
      server.answers['admin'] = () => json({ message: 'down' }, 500);
      show('/hub/home', SECTIONS);
      await screen.findByText('Run by');
      await waitFor(() => expect(server.asked).toContain('GET admin'));
      expect(screen.queryByText('Admin')).toBeNull();
    });
  });

  it.each([
    ['minting', 'the mend', /any notebook in it could act/, true],
    ['restart', 'why', /Restart it for admin actions/, false],
    ['unavailable', 'it answered 500', /nothing can be asked for now/, true],
    ['of a later version', 'what it says', /what it says/, true]
  ])('says why nothing is offered: %s', async (state, why, words, told) => {
    offer(value => {
      value.offered = false;
      value.state = state as IAdmin['state'];
      value.why = why;
    });
    show();
    const mine = await section();
    mine.getByText(words);
    expect(Boolean(mine.queryByText(why))).toBe(told);
    expect(mine.queryByRole('button', { name: /server…/ })).toBeNull();
    mine.getByRole('link', { name: 'Console' });
    if (state === 'unavailable') {
      offer();
      await click(mine.getByRole('button', { name: 'Try again' }));
      await mine.findByRole('button', { name: 'Stop a server…' });
      expect(server.asked).toContain('GET admin?refresh');
    }
  });

  it('tells a visitor to use their own server, and leads nowhere from here', async () => {
    offer(value => {
      value.offered = false;
      value.state = 'visitor';
      value.why = 'why';
    });
    show();
    await screen.findByText(/somebody else’s server/);
    expect(screen.queryByRole('link')).toBeNull();
    expect(screen.queryByRole('button', { name: /server…/ })).toBeNull();
  });

  it('asks for news to be published, and says whom it interrupts', async () => {
    offer(value => {
      value.actions = ['publish-announcement'];
    });
    show();
    const mine = await section();
    await click(mine.getByRole('button', { name: 'Publish news…' }));
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    mine.getByText('Give it a title.');
    const title = 'Servers start slowly';
    await type('Title', ` ${title} `);
    await type('Text', 'Up to **ten minutes**.');
    expect(mine.queryByText(/It interrupts everybody/)).toBeNull();
    await type('Kind', 'incident');
    server.answers['intents'] = () =>
      json({ ...intent(), url: `${CONSOLE}intents/x` }, 201);
    server.answers['intents/pT0vJ2mYq8kQxw7c4nZB1g'] = () => json(intent());
    mine.getByText(/It interrupts everybody/);
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    await mine.findByRole('heading', { name: 'Approvals' });
    expect(server.sent).toEqual([
      {
        kind: 'publish-announcement',
        target: {
          title,
          body: 'Up to **ten minutes**.',
          severity: 'incident',
          acknowledge: false
        },
        note: ''
      }
    ]);
  });

  it('asks for an export of the hub, and says what the names of people are', async () => {
    offer(value => {
      value.actions = ['export-hub', 'stop-all'];
    });
    show();
    const mine = await section();
    await click(mine.getByRole('button', { name: 'Export this hub…' }));
    const people = mine.getByRole('checkbox', {
      name: 'With the names of its people'
    });
    const announcements = mine.getByRole('checkbox', {
      name: 'With its announcements'
    });
    expect(document.activeElement).toBe(announcements);
    expect([announcements, people]).toEqual([
      expect.objectContaining({ checked: true }),
      expect.objectContaining({ checked: false })
    ]);
    const hint = document.getElementById(
      people.getAttribute('aria-describedby')!
    );
    expect(hint!.textContent).toMatch(
      /personal data\. The console asks once more for your consent/
    );
    mine.getByRole('form', { name: 'Export this hub' });
    await click(people);
    await click(announcements);
    mine.getByRole('form', {
      name: 'Export this hub, with the names of its people'
    });
    server.answers['intents'] = () =>
      json({ ...intent(), url: `${CONSOLE}intents/x` }, 201);
    server.answers['intents/pT0vJ2mYq8kQxw7c4nZB1g'] = () => json(intent());
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    await mine.findByRole('heading', { name: 'Approvals' });
    expect(server.sent).toEqual([
      {
        kind: 'export-hub',
        target: { people: true, announcements: false },
        note: ''
      }
    ]);
    expect(open).toHaveBeenCalledTimes(1);
  });

  describe('an export of the hub', () => {
    /** It was asked for, and this is how the service tells it. */
    async function exported(
      change: Parameters<typeof exporting>[0] = () => undefined
    ): Promise<HTMLElement> {
      offer(value => {
        value.actions = ['export-hub'];
      });
      const told = exporting(change);
      const before = { state: 'running', message: '', export: undefined };
      const asked = { ...told, ...before, note: '', asked: Date.now() };
      await state.save('jupyter-2i2c:intents', { intents: [asked] } as never);
      server.answers[`intents/${told.id}`] = () => json(told);
      show();
      const mine = await section();
      const list = await mine.findByRole('list', { name: 'Approvals' });
      await waitFor(() =>
        expect(server.asked).toContain(`GET intents/${told.id}`)
      );
      await rendered();
      await rendered();
      return list;
    }

    it('shows how far it is, and where it is cancelled', async () => {
      const list = within(await exported());
      const title = 'Export this hub, with the names of its people';
      const bar = await list.findByRole('progressbar', { name: title });
      expect(bar.getAttribute('aria-valuenow')).toBe('30');
      list.getByText('reading users');
      expect(list.getByRole('status').textContent).toMatch(
        /the hub is being exported.*goes on when you close this/
      );
      expect(
        list.getByRole('link', { name: 'Follow or cancel it in the console' })
      ).toHaveProperty('href', `${CONSOLE}exports/7f0c2a`);
      expect(list.queryByRole('button')).toBeNull();
    });

    it('shows that it goes on where nobody knows how long', async () => {
      const list = within(
        await exported((_, of) => {
          of.total = 0;
        })
      );
      const bar = await list.findByRole('progressbar');
      expect(bar.getAttribute('aria-valuenow')).toBeNull();
    });

    it.each([
      [
        { highest: 'V4', not_run: 3 },
        'Exported. Nothing that was checked failed. It holds up to V4: its configuration, executed, is equal. 3 items could not be checked here.',
        'good'
      ],
      [
        { highest: 'V3', blockers: 2 },
        'Exported, but 2 checks failed: read in the report what is in the way. It holds up to V3: what was built equals what was captured.',
        'unsure'
      ],
      [{ blockers: 1 }, /^Exported, but 1 check failed/, 'unsure'],
      [{ highest: 7, blockers: 'two' }, /^Exported\. Nothing/, 'good']
    ])('tells the outcome: %j', async (told, words, mood) => {
      const list = await exported((value, of) => {
        value.state = 'done';
        value.message = 'what the service says';
        Object.assign(of, { state: 'done', ...told });
      });
      const mine = within(list);
      await mine.findByText(words);
      expect(mine.getByRole('listitem').className).toBe(`jp-mod-${mood}`);
      expect(mine.queryByRole('progressbar')).toBeNull();
      expect(mine.queryByText('what the service says')).toBeNull();
      expect(
        mine.getByRole('link', { name: 'Report and download' })
      ).toHaveProperty('href', `${CONSOLE}exports/7f0c2a`);
    });

    it.each([
      ['failed', /could not be exported.*Nothing on the hub has changed/],
      ['cancelled', /Cancelled.*Nothing on the hub has changed/]
    ])('can be asked for again: %s', async (state, words) => {
      const list = within(
        await exported((value, of) => {
          value.state = state;
          value.message = 'the disk is full';
          of.state = state as 'failed';
        })
      );
      await list.findByText(words);
      list.getByText('the disk is full');
      const link = list.getByRole('link', { name: 'See it in the console' });
      expect(link).toHaveProperty(
        'href',
        `${CONSOLE}intents/mQ3vX8LkT1uYc5r0aHf9Ww`
      );
      await click(list.getByRole('button', { name: /^Ask again for: Export/ }));
      const mine = await section();
      expect(
        mine.getByRole('checkbox', { name: 'With the names of its people' })
      ).toHaveProperty('checked', true);
    });

    it('says so where an older service tells no more than that it runs', async () => {
      const list = within(
        await exported(value => {
          delete value.export;
        })
      );
      await list.findByText(/the hub is being exported/);
      expect(list.queryByRole('progressbar')).toBeNull();
      list.getByRole('link', { name: 'See it in the console' });
    });

    it('a15: leads nowhere but to pages of http', async () => {
      const list = within(
        await exported((_, of) => {
          of.url = 'javascript:alert(1)';
          of.step = '<img src=x onerror=alert(1)>';
        })
      );
      const link = await list.findByRole('link');
      expect(link).toHaveProperty('href', CONSOLE);
      expect(document.querySelector('[onerror]')).toBeNull();
    });
  });

  it('opens the form that a command wants, once the section is there', async () => {
    offer(value => {
      value.actions = ['export-hub'];
    });
    show();
    panel.reveal('admin', 'export-hub');
    const mine = await section();
    await mine.findByRole('form', { name: 'Export this hub' });
    await click(mine.getByRole('button', { name: 'Cancel' }));
    expect(mine.queryByRole('form')).toBeNull();
    panel.reveal('admin', 'stop-all'); // which is not offered
    await rendered();
    expect(mine.queryByRole('form')).toBeNull();
    panel.reveal('admin', 'export-hub');
    await mine.findByRole('form', { name: 'Export this hub' });
  });

  it('leads to the pages of the console, each in a tab that knows nothing of this one', async () => {
    show();
    const mine = await section();
    const pages = {
      'Users and servers': `${CONSOLE}users`,
      'Audit log': `${CONSOLE}audit`,
      Console: CONSOLE,
      'People and rights': 'http://localhost/hub/admin'
    };
    for (const [name, href] of Object.entries(pages)) {
      const link = mine.getByRole('link', { name });
      expect(link).toHaveProperty('href', href);
      expect(link).toHaveProperty('target', '_blank');
      expect(link).toHaveProperty('rel', 'noopener noreferrer');
    }
  });

  it('offers what the service lists, and what this panel has words for', async () => {
    offer(value => {
      value.actions = ['stop-server', 'fly-to-the-moon'];
    });
    show();
    const mine = await section();
    const list = mine.getByRole('list', { name: 'Actions to ask for' });
    expect(within(list).getAllByRole('button')).toHaveLength(1);
  });

  it('changes people only where the service does; else on the hub’s page', async () => {
    offer(value => {
      value.actions = ALL;
    });
    show();
    const mine = await section();
    mine.getByRole('button', { name: 'Add people…' });
    mine.getByRole('button', { name: 'Make somebody an administrator…' });
    expect(mine.queryByRole('link', { name: /on the hub’s page/ })).toBeNull();
  });

  it('shows the effect before it asks, and sends nothing until then', async () => {
    show();
    const mine = await section();
    const opener = mine.getByRole('button', { name: 'Stop a server…' });
    expect(opener.getAttribute('aria-expanded')).toBe('false');
    await click(opener);
    expect(opener.getAttribute('aria-expanded')).toBe('true');
    expect(document.activeElement).toBe(mine.getByLabelText('User name'));
    await type('User name', 'grace');
    mine.getByRole('form', { name: `Stop the server of ${NAME('grace')}` });
    mine.getByText(/unsaved changes and variables are lost/);
    mine.getByText('Nothing happens before you approve it in the console.');
    const send = mine.getByRole('button', { name: 'Go to the console' });
    const effect = document.getElementById(
      send.getAttribute('aria-describedby')!
    );
    expect(effect?.textContent).toMatch(
      /Nothing happens before you approve it/
    );
    expect(mine.queryByText(/the server that you are in/)).toBeNull();
    await type('User name', 'ada');
    mine.getByText(/the server that you are in/);
    await type('Server', 'second');
    expect(mine.queryByText(/the server that you are in/)).toBeNull();
    mine.getByRole('form', {
      name: `Stop the server “${isolate('second')}” of ${NAME('ada')}`
    });
    expect(server.sent).toEqual([]);
    fireEvent.keyDown(send, { key: 'Escape' });
    await rendered();
    expect(mine.queryByRole('form')).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(opener));
    expect(server.sent).toEqual([]);
  });

  it('asks, opens the console beside, and puts the focus on what waits there', async () => {
    show();
    await askToStop();
    expect(server.sent).toEqual([
      {
        kind: 'stop-server',
        target: { user: 'grace', server: '' },
        note: 'the node is full'
      }
    ]);
    expect(open.mock.calls).toEqual([
      [`${CONSOLE}intents/abc`, '_blank', 'noopener,noreferrer']
    ]);
    const mine = await section();
    expect(mine.queryByRole('form')).toBeNull();
    const list = mine.getByRole('list', { name: 'Approvals' });
    const item = within(list).getByRole('listitem');
    await waitFor(() => expect(document.activeElement).toBe(item));
    expect(item.textContent).toContain(`Stop the server of ${NAME('grace')}`);
    // whatever the browser made of the new tab
    const link = within(item).getByRole('link', {
      name: 'Approve or refuse in the console'
    });
    expect(link).toHaveProperty('href', `${CONSOLE}intents/abc`);
  });

  it('keeps to one question while it is on its way', async () => {
    show();
    const mine = await section();
    await click(mine.getByRole('button', { name: 'Stop all servers…' }));
    mine.getByText(/everybody loses unsaved changes/);
    const answer = new PromiseDelegate<Response>();
    server.answers['intents'] = () => answer.promise;
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    const busy = await mine.findByRole('button', { name: 'Asking…' });
    expect(busy).toHaveProperty('disabled', true);
    answer.resolve(json({ message: 'no' }, 503));
    await mine.findByRole('button', { name: 'Go to the console' });
    expect(server.sent).toEqual([{ kind: 'stop-all', target: {}, note: '' }]);
  });

  it('says what is missing, and sends nothing', async () => {
    show();
    const mine = await section();
    await click(mine.getByRole('button', { name: 'Start a server…' }));
    await type('User name', '  ');
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    const mistake = await mine.findByRole('alert');
    expect(mistake.textContent).toBe('Say who is meant.');
    const field = mine.getByLabelText('User name');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(field.getAttribute('aria-describedby')).toContain(mistake.id);
    expect(document.activeElement).toBe(field);
    expect(server.sent).toEqual([]);
  });

  it.each([
    [0, /Your server did not answer/],
    [400, /cannot be asked for like that/],
    [401, /Reload it to log in/],
    [403, /refused from this server/],
    [404, /service is not there/],
    [409, /in its way/],
    [429, /too much waits already/],
    [503, /did not answer\. Try again/]
  ])(
    'explains that nothing was asked (%d), and loses nothing',
    async (status, words) => {
      show();
      server.answers['intents'] = () => {
        if (!status) {
          throw new TypeError('what happened');
        }
        return json({ message: 'what happened' }, status);
      };
      const mine = await section();
      await click(mine.getByRole('button', { name: 'Stop a server…' }));
      await type('User name', 'grace');
      await type('Note', 'the node is full');
      await click(mine.getByRole('button', { name: 'Go to the console' }));
      const said = await mine.findByRole('alert');
      expect(said.textContent).toMatch(words);
      expect(said.textContent).toContain('what happened');
      expect(open).not.toHaveBeenCalled();
      expect(mine.getByLabelText('User name')).toHaveProperty('value', 'grace');
      expect(mine.getByLabelText('Note')).toHaveProperty(
        'value',
        'the node is full'
      );
    }
  );

  it.each([
    [
      'pending',
      /Waits for your approval/,
      'Approve or refuse in the console',
      ''
    ],
    ['executing', /it is being done/, 'See it in the console', ''],
    ['running', /one by one/, 'See it in the console', ''],
    ['done', /^Done/, 'See it in the console', 'Got it'],
    ['refused', /Refused.*Nothing was changed/, 'See it', 'Got it'],
    ['expired', /Nobody decided in time/, 'See it', 'Ask again…'],
    ['failed', /Approved, but it failed/, 'See it', 'Ask again…'],
    ['partly', /Only a part/, 'See it', 'Got it'],
    ['unknown', /do not ask again before/, 'See it', ''],
    ['cancelled', /Cancelled in the console/, 'See it', 'Got it'],
    ['of a later version', /of a later version/, 'See it', '']
  ])('tells what became of it: %s', async (state, words, link, button) => {
    show();
    await askToStop({ state, message: 'in more words' });
    const list = within(
      (await section()).getByRole('list', { name: 'Approvals' })
    );
    await list.findByText('in more words');
    expect(list.getByRole('status').textContent).toMatch(words);
    list.getByRole('link', { name: new RegExp(link) });
    if (button) {
      list.getByText(button);
    } else {
      expect(list.queryByRole('button')).toBeNull();
    }
  });

  it('tells that the service has forgotten it', async () => {
    show();
    await askToStop();
    server.answers['intents/abc'] = () => json({ message: 'none' }, 404);
    const mine = await section();
    await mine.findByText(/knows nothing of it any more/, undefined, {
      timeout: 5000
    });
    expect(mine.queryByRole('link', { name: /in the console$/ })).toBeNull();
  });

  it('offers to look again when it could not', async () => {
    show();
    await askToStop();
    const pending = server.answers['intents/abc'];
    server.answers['intents/abc'] = () => json({ message: 'it is down' }, 503);
    const mine = await section();
    await mine.findByText('it is down', undefined, { timeout: 5000 });
    server.answers['intents/abc'] = pending;
    await click(mine.getByRole('button', { name: /^Look again at: Stop/ }));
    await waitFor(() => expect(mine.queryByText('it is down')).toBeNull());
  });

  it('asks again with what was asked before', async () => {
    show();
    await askToStop({ state: 'expired' });
    const mine = await section();
    const again = await mine.findByRole('button', { name: /^Ask again for:/ });
    await click(again);
    expect(mine.getByLabelText('User name')).toHaveProperty('value', 'grace');
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    await waitFor(() => expect(server.sent).toHaveLength(2));
    expect(server.sent[1]).toEqual(server.sent[0]);
  });

  it('takes what is settled off the list', async () => {
    show();
    await askToStop({ state: 'done' });
    const mine = await section();
    await click(
      await mine.findByRole('button', { name: /^Take off the list/ })
    );
    await waitFor(() =>
      expect(mine.queryByRole('heading', { name: 'Approvals' })).toBeNull()
    );
  });

  it('reads people from a list, each once', async () => {
    offer(value => {
      value.actions = ALL;
    });
    show();
    const mine = await section();
    await click(mine.getByRole('button', { name: 'Add people…' }));
    await type('User names', 'grace, alan\n\n grace ;mary');
    mine.getByText('3 people');
  });

  it.each(questions())(
    'asks for $kind as the service takes it',
    async question => {
      const { kind, note, target } = question;
      offer(value => {
        value.actions = [kind];
      });
      show();
      const mine = await section();
      const list = mine.getByRole('list', { name: 'Actions to ask for' });
      await click(within(list).getByRole('button'));
      if (target['user']) {
        await type('User name', String(target['user']));
      }
      if (target['server']) {
        await type('Server', String(target['server']));
      }
      if (target['users']) {
        await type('User names', (target['users'] as string[]).join('\n'));
      }
      await type('Note', note);
      server.answers['intents'] = () => json({ message: 'no' }, 400);
      await click(mine.getByRole('button', { name: 'Go to the console' }));
      await mine.findByRole('alert');
      expect(server.sent).toEqual([question]);
    }
  );

  it('says that one’s own rights are one’s own', async () => {
    offer(value => {
      value.actions = ['revoke-admin'];
    });
    show();
    const mine = await section();
    await click(mine.getByRole('button', { name: /admin rights…/ }));
    await type('User name', 'ada');
    mine.getByText('These are your own rights.');
    await type('User name', 'grace');
    expect(mine.queryByText('These are your own rights.')).toBeNull();
  });

  it('a15: keeps hostile names and messages inert', async () => {
    const hostile = '<img src=x onerror=alert(1)>\u202egnp.exe';
    show();
    await askToStop({ state: 'failed', message: hostile });
    await click((await section()).getByText('Ask again…'));
    await type('User name', hostile);
    expect(document.querySelector('[onerror]')).toBeNull();
    const form = (await section()).getByRole('form');
    expect(form.querySelector('h3')!.textContent).not.toContain('\u202e');
    for (const link of document.querySelectorAll('a')) {
      expect(link.href).toMatch(/^(https?|mailto):/);
    }
  });

  it('has no fault that axe can find', async () => {
    offer(value => {
      value.actions = ALL;
    });
    server.answers['done'] = () => json(done());
    show();
    await askToStop({ state: 'failed', message: 'why' });
    const mine = await section();
    await click(mine.getByRole('button', { name: 'Start a server…' }));
    await click(mine.getByRole('button', { name: 'Go to the console' }));
    await mine.findByText('why');
    const results = await act(() =>
      axe.run(
        { include: panel.node, exclude: ['jp-toolbar'] },
        { rules: { 'color-contrast': { enabled: false } } }
      )
    );
    expect(results.violations).toEqual([]);
  });
});

describe('what was done to the reader', () => {
  let server: StandIn;
  let model: HubModel;
  let panel: HubPanel;

  function show(change: object = {}): void {
    server.answers['done'] = () =>
      json({ done: [{ ...done().done[0], ...change }] });
    model = new HubModel({ serverSettings: server.settings });
    panel = new HubPanel({
      commands: new CommandRegistry(),
      hub: {
        model: async () => model,
        homeUrl: '/hub/home',
        publicUrl: '',
        consoleUrl: CONSOLE,
        offered: [],
        newsChanged: new Signal({}),
        requestSent: new Signal({})
      },
      model,
      state: null,
      translator: nullTranslator
    });
    panel.sections = SECTIONS;
    Widget.attach(panel, document.body);
  }

  beforeEach(() => {
    server = new StandIn();
  });

  afterEach(() => {
    panel.dispose();
    model.dispose();
    localStorage.clear();
  });

  it.each([
    ['stop-server', 'stopped'],
    ['stop-all', 'stopped'],
    ['start-server', 'started'],
    ['open-server', 'opened']
  ])('is told with who and why: %s', async (action, word) => {
    show({ action });
    const said = await screen.findByText(
      new RegExp(`^Your server was ${word} by .*ada.*, because:$`)
    );
    expect(said.closest('[role=status]')).not.toBeNull();
    screen.getByText('The node is full; your notebook used 60 GiB.');
  });

  it('is told without a reason where none was given', async () => {
    show({ reason: '' });
    await screen.findByText(/^Your server was stopped by .*ada.*\)\.$/);
    expect(screen.queryByText(/because/)).toBeNull();
  });

  it('is told in the service’s words where this panel has none', async () => {
    show({ action: 'grant-admin', text: 'You were made an administrator.' });
    await screen.findByText(/You were made an administrator\..*ada/);
  });

  it('is gone once it is read, and stays so', async () => {
    show();
    fireEvent.click(await screen.findByRole('button', { name: /^Got it:/ }));
    await waitFor(() => expect(screen.queryByText(/stopped by/)).toBeNull());
    panel.dispose();
    model.dispose();
    show();
    await waitFor(() =>
      expect(server.asked.filter(each => each === 'GET done')).toHaveLength(2)
    );
    await screen.findByText('Run by');
    expect(screen.queryByText(/stopped by/)).toBeNull();
  });

  it('is not told to a visitor', async () => {
    server.answers['session'] = () =>
      json(
        session(value => {
          value.you = { name: 'boss', admin: true, owner: false };
        })
      );
    show();
    await screen.findByText('This is the server of ada.');
    expect(server.asked).not.toContain('GET done');
  });
});

describe('the words and addresses of the section', () => {
  const trans = nullTranslator.load('jupyter_2i2c');

  it('know an action by its kind and target', () => {
    expect(actionsOf(['nonsense'], trans)).toEqual([]);
    expect(
      ALL.map(kind =>
        titleOf({ kind, target: { user: 'ada', users: ['x', 'y'] } }, trans)
      )
    ).toEqual([
      `Stop the server of ${NAME('ada')}`,
      `Start the server of ${NAME('ada')}`,
      'Add 2 people',
      `Make ${NAME('ada')} an administrator`,
      `Take the admin rights of ${NAME('ada')}`,
      'Stop all servers'
    ]);
    expect(titleOf({ kind: 'nonsense', target: {} }, trans)).toBe(
      isolate('nonsense')
    );
  });

  it('read names as people paste them', () => {
    expect(namesIn(' a\r\nb,c;d\te,, a \n')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(namesIn(' \n,')).toEqual([]);
  });

  it.each([
    ['', '', 'https://c.hub.example/services/2i2c-console/'],
    ['/x/', 'users', 'https://c.hub.example/x/users'],
    ['https://own.example/c/', 'audit', 'https://own.example/c/audit'],
    ['javascript:alert(1)', '', 'https://c.hub.example/services/2i2c-console/'],
    ['data:text/html,x', 'a', 'https://c.hub.example/services/2i2c-console/a'],
    ['', 'javascript:alert(1)', 'https://c.hub.example/services/2i2c-console/'],
    ['https://[', '', 'https://c.hub.example/services/2i2c-console/']
  ])('lead to the console’s own host: %j %j', (told, page, url) => {
    expect(
      consolePage('https://c.hub.example/services/2i2c-console/', told, page)
    ).toBe(url);
  });
});

// The panel as a person meets it: by role and by name.

import { nullTranslator } from '@jupyterlab/translation';
import { StateDB } from '@jupyterlab/statedb';
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

import { HubModel } from '../model';
import { HubPanel } from '../panel';
import { CommandIDs, SECTIONS } from '../tokens';

import { info, json, session, StandIn } from './data';

describe('HubPanel', () => {
  let server: StandIn;
  let model: HubModel;
  let commands: CommandRegistry;
  let state: StateDB;
  let panel: HubPanel;

  function show(homeUrl = '/hub/home'): void {
    model = new HubModel({ serverSettings: server.settings });
    panel = new HubPanel({
      commands,
      hub: {
        model: async () => model,
        homeUrl,
        publicUrl: homeUrl ? 'http://localhost/services/2i2c/' : '',
        consoleUrl: homeUrl ? 'http://localhost/services/2i2c-console/' : '',
        offered: [],
        newsChanged: new Signal({}),
        requestSent: new Signal({})
      },
      model,
      state,
      translator: nullTranslator
    });
    panel.sections = SECTIONS;
    Widget.attach(panel, document.body);
  }

  function section(name: string): HTMLElement {
    const heading = screen.getByRole('heading', { name });
    return heading.closest<HTMLElement>('.jp-HubPanel-section')!;
  }

  beforeEach(() => {
    server = new StandIn();
    commands = new CommandRegistry();
    state = new StateDB();
    jest
      .useFakeTimers({
        doNotFake: [
          'queueMicrotask',
          'requestAnimationFrame',
          'setTimeout',
          'setInterval',
          'clearTimeout',
          'clearInterval',
          'nextTick',
          'setImmediate',
          'performance'
        ]
      })
      .setSystemTime(new Date('2026-11-21T11:12:00Z'));
    Element.prototype.scrollIntoView = jest.fn();
  });

  afterEach(() => {
    panel.dispose();
    model.dispose();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('says who runs, designed and pays for this hub, and where it is', async () => {
    show();
    const name = await screen.findByRole('heading', {
      name: 'Coastal Ocean Hub'
    });
    expect(name.tagName).toBe('H1');
    const hub = within(section('This hub'));
    const operator = await hub.findByRole('link', { name: /Example Operator/ });
    expect(operator).toHaveProperty('href', 'https://operator.example/');
    expect(operator).toHaveProperty('target', '_blank');
    expect(operator).toHaveProperty('rel', 'noopener noreferrer');
    hub.getByRole('link', { name: /2i2c/ });
    hub.getByRole('link', { name: /National Ocean Fund/ });
    expect(hub.queryByRole('link', { name: /Example University/ })).toBeNull();
    hub.getByText('Example Cloud, north-1');
    hub.getByRole('link', { name: /see every line/ });
    hub.getByRole('link', { name: /Sunday/ });
    hub.getByRole('link', { name: /the book/ });
  });

  it('says where each fact comes from', async () => {
    show();
    const row = (await screen.findByText('Run by')).parentElement!;
    expect(row.title).toBe(
      "c.HubInformation.operated_by in the hub's configuration"
    );
  });

  it('tells what the session runs on, uses and when it ends', async () => {
    show();
    const mine = within(section('Your session'));
    await mine.findByText(/pangeo-notebook/);
    mine.getByText('3 h 12 min');
    mine.getByText(/after 1 h idle, at the latest/);
    mine.getByText('large');
    const memory = mine.getByRole('meter', { name: 'Memory' });
    expect(memory.getAttribute('aria-valuenow')).toBe('30');
    expect(memory.getAttribute('aria-valuetext')).toBe('1.2 of 4 GiB');
    const home = mine.getByRole('meter', { name: 'Home directory' });
    expect(home.classList).toContain('jp-mod-much');
    mine.getByText(/keeps your server from starting/);
  });

  it('says what is not known', async () => {
    server.answers['session'] = () =>
      json(
        session(value => {
          value.image = null;
          value.server.started = null;
          value.memory = null;
          value.home = {
            state: 'unknown',
            used: null,
            limit: null,
            age: null,
            left_out: []
          };
        })
      );
    server.answers['info'] = () =>
      json(
        info(value => {
          value.facts.culling = null;
        })
      );
    show();
    const mine = within(section('Your session'));
    await waitFor(() => expect(mine.getAllByText('not known')).toHaveLength(5));
    expect(mine.queryByRole('meter', { name: 'Memory' })).toBeNull();
  });

  it('shows the right to replicate word for word, layer by layer', async () => {
    show();
    const right = within(section('Right to Replicate'));
    await right.findByText(
      'The Right to Replicate gives communities the right to replicate their infrastructure in its entirety elsewhere, with or without 2i2c.'
    );
    await right.findByText(/Here: pangeo-notebook/);
    // what was found of a layer is a list of its own in it
    const layers = document.querySelectorAll('.jp-HubPanel-layers > li');
    const told = Array.from(layers, layer => layer.textContent);
    expect(told[0]).toMatch(/Your code and data.*MAY/);
    expect(told[1]).toMatch(/SHOULD.*Here: pangeo-notebook 2026.06.04/);
    expect(told[2]).toMatch(/MUST.*Here: JupyterHub 6.1.1/);
    expect(told[3]).toMatch(/MUST.*Here: Example Cloud, north-1/);
    right.getByTitle('must be portable');
    right.getByRole('link', { name: /Read it in full/ });
  });

  it('says whom to ask, the community first, each copyable', async () => {
    const writeText = jest.fn().mockResolvedValue(undefined);
    Object.assign(navigator, { clipboard: { writeText } });
    show();
    const help = within(section('Get help'));
    const contacts = (await help.findAllByRole('listitem')).slice(0, 2);
    expect(contacts[0].textContent).toContain('Coastal Lab support');
    expect(contacts[1].textContent).toContain('asked by the community');
    const mail = help.getByRole('link', { name: /help@lab/ });
    expect(mail).toHaveProperty('href', 'mailto:help%40lab.university.example');
    const copy = help.getByRole('button', { name: /Copy help@lab/ });
    fireEvent.click(copy);
    await help.findByText('Copied');
    expect(writeText).toHaveBeenCalledWith('help@lab.university.example');
  });

  it('says so where nobody to ask is named', async () => {
    server.answers['info'] = () =>
      json(
        info(value => {
          value.facts.contacts = [];
        })
      );
    show();
    await screen.findByText('Nobody to ask has been named for this hub.');
  });

  it('keeps About closed, and to eight lines, until somebody opens it', async () => {
    show();
    const title = screen.getByRole('button', { name: 'About' });
    expect(title.getAttribute('aria-expanded')).toBe('false');
    fireEvent.click(title);
    const about = within(section('About'));
    await about.findByText(/a user: your server/);
    about.getByRole('link', { name: /JupyterHub/ });
    about.getByRole('link', { name: /Roadmap/ });
    about.getByRole('link', { name: /Transparency/ });
    expect(about.queryByText('Operator')).toBeNull();
    const rows = section('About').querySelectorAll('.jp-HubPanel-row');
    expect(rows.length).toBeLessThanOrEqual(8);
  });

  it('tells administrators of the operator’s qualifications and of mistakes', async () => {
    server.answers['session'] = () =>
      json(
        session(value => {
          value.you.admin = true;
        })
      );
    show();
    await screen.findByText('1 setting could not be used');
    screen.getByText("given: 'nope'");
    fireEvent.click(screen.getByRole('button', { name: 'About' }));
    await screen.findByRole('link', { name: /Who 2i2c is/ });
  });

  it('does not tell others of mistakes', async () => {
    show();
    await screen.findByText('Run by');
    await screen.findByText(/pangeo-notebook/, { selector: 'code' });
    expect(screen.queryByText('1 setting could not be used')).toBeNull();
  });

  it('leaves out what a hub does not say', async () => {
    server.answers['info'] = () =>
      json(
        info(value => {
          value.facts.designed_by = null;
          value.facts.funded_by = [];
          value.facts.provider = value.facts.region = '';
          value.facts.configuration_url = '';
          value.facts.notices = [];
        })
      );
    show();
    await screen.findByText('Run by');
    const hub = within(section('This hub'));
    for (const row of ['Designed by', 'Funded by', 'Where', 'Configuration']) {
      expect(hub.queryByText(row)).toBeNull();
    }
  });

  it('shows that it waits, then what came', async () => {
    const answer = new PromiseDelegate<Response>();
    server.answers['info'] = () => answer.promise;
    show();
    const hub = within(section('This hub'));
    await hub.findByText('Loading…');
    answer.resolve(json(info()));
    await hub.findByText('Run by');
    expect(hub.queryByText('Loading…')).toBeNull();
  });

  it.each([
    [0, /does not answer/],
    [404, /may not be installed/],
    [403, /Reload it to log in/],
    [500, /could not answer/]
  ])(
    'explains an error of status %d, and tries again',
    async (status, words) => {
      server.answers['info'] = () => {
        if (!status) {
          throw new TypeError('Failed to fetch');
        }
        return json({ message: 'what happened' }, status);
      };
      show();
      const hub = within(section('This hub'));
      await hub.findByText(words);
      server.answers['info'] = () => json(info());
      fireEvent.click(hub.getByRole('button', { name: 'Try again' }));
      await hub.findByText('Run by');
      expect(hub.queryByText(words)).toBeNull();
    }
  );

  it('says how old the facts are when the hub’s service is silent', async () => {
    server.answers['info'] = () =>
      json(
        info(value => {
          value.service = { state: 'unavailable', message: 'x', age: 720 };
        })
      );
    show();
    await screen.findByText(/This was known 12 min ago/);
    screen.getByText('Run by');
    server.asked.length = 0;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(server.asked).toEqual(['GET info?refresh']));
  });

  it('asks to restart a server that is older than the service', async () => {
    server.answers['info'] = () =>
      json(
        info(value => {
          value.service = { state: 'restart', message: 'x', age: null };
        })
      );
    show();
    await screen.findByText('Restart your server to see hub news.');
  });

  it.each([
    [200, true],
    [404, false]
  ])(
    'looks whether the service is there when its server cannot know: %d',
    async (status, told) => {
      server.answers['info'] = () =>
        json(
          info(value => {
            value.service = { state: 'no-service', message: 'x', age: null };
          })
        );
      const look = jest.fn(async () => new Response(null, { status }));
      Object.assign(window, { fetch: look });
      show();
      await waitFor(() => expect(look).toHaveBeenCalledTimes(1));
      expect(look).toHaveBeenCalledWith(
        'http://localhost/services/2i2c/',
        expect.objectContaining({ credentials: 'omit', redirect: 'error' })
      );
      const said = 'Restart your server to see hub news.';
      if (told) {
        await screen.findByText(said);
      } else {
        expect(screen.queryByText(said)).toBeNull();
      }
    }
  );

  it('offers to stop one’s own server, on nobody else’s', async () => {
    const stop = jest.fn();
    commands.addCommand(CommandIDs.stopServer, {
      describedBy: { args: {} },
      execute: stop
    });
    show();
    const mine = within(section('Your session'));
    fireEvent.click(
      await mine.findByRole('button', { name: /Stop my server…/ })
    );
    expect(stop).toHaveBeenCalledTimes(1);
    server.answers['session'] = () =>
      json(
        session(value => {
          value.you = { name: 'boss', admin: true, owner: false };
        })
      );
    await model.refreshSession();
    await mine.findByText('This is the server of ada.');
    expect(mine.queryByRole('button', { name: /Stop/ })).toBeNull();
  });

  it('has nothing of a hub on a computer without one', async () => {
    show('');
    await screen.findByText(/pangeo-notebook/, { selector: 'code' });
    expect(screen.queryByRole('button', { name: /Stop/ })).toBeNull();
    expect(screen.queryByRole('link', { name: /control panel/ })).toBeNull();
  });

  it('keeps hostile facts inert', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    server.answers['info'] = () =>
      json(
        info(value => {
          value.facts.name = hostile;
          value.facts.description = hostile;
          value.facts.logo = 'javascript:alert(1)';
          value.facts.operated_by = {
            name: 'Operator',
            url: 'javascript:alert(1)'
          };
          value.facts.notices = [[{ text: 'Notice', url: 'data:text/html,x' }]];
          value.facts.contacts[0].email = '"><script>alert(1)</script>@x';
        })
      );
    show();
    await screen.findByText('Operator');
    expect(document.querySelector('img')).toBeNull();
    expect(document.querySelector('script')).toBeNull();
    expect(screen.queryByRole('link', { name: 'Operator' })).toBeNull();
    expect(screen.queryByRole('link', { name: 'Notice' })).toBeNull();
    for (const link of document.querySelectorAll('a')) {
      expect(link.href).toMatch(/^(https?|mailto):/);
    }
  });

  it('survives a section that cannot be rendered', async () => {
    jest.spyOn(console, 'error').mockImplementation();
    server.answers['info'] = () =>
      json(
        info(value => {
          (value.facts as unknown as Record<string, unknown>)['layers'] = 3;
        })
      );
    show();
    await screen.findByText('This part cannot be shown.');
    screen.getByText('Run by');
  });

  it('remembers which sections were closed', async () => {
    show();
    fireEvent.click(screen.getByRole('button', { name: 'Get help' }));
    await waitFor(async () =>
      expect(await state.fetch('jupyter-2i2c:panel')).toEqual({
        closed: ['about', 'help']
      })
    );
    panel.dispose();
    model.dispose();
    show();
    await waitFor(() =>
      expect(
        screen
          .getByRole('button', { name: 'Get help' })
          .getAttribute('aria-expanded')
      ).toBe('false')
    );
  });

  it('follows the session only while that section is open', async () => {
    show();
    panel.sections = ['session'];
    await waitFor(() => expect(model.watching).toBe(true));
    const title = screen.getByRole('button', { name: 'Your session' });
    fireEvent.click(title);
    expect(model.watching).toBe(false);
    fireEvent.click(title);
    expect(model.watching).toBe(true);
    panel.hide();
    expect(model.watching).toBe(false);
    panel.show();
    expect(model.watching).toBe(true);
    Widget.detach(panel);
    expect(model.watching).toBe(false);
  });

  it('shows the sections that it is told to, in their order', async () => {
    show();
    panel.sections = ['hub', 'help'];
    const titles = () =>
      screen
        .getAllByRole('heading', { level: 2 })
        .map(each => each.textContent);
    expect(titles()).toEqual(['This hub', 'Get help']);
    panel.sections = SECTIONS;
    expect(titles()).toEqual([
      'This hub',
      'Your session',
      'Right to Replicate',
      'Get help',
      'About'
    ]);
  });

  it('opens a section and puts the focus there', async () => {
    show();
    panel.reveal('about');
    const title = screen.getByRole('button', { name: 'About' });
    expect(title.getAttribute('aria-expanded')).toBe('true');
    expect(document.activeElement).toBe(title);
  });

  it('has no fault that axe can find', async () => {
    show();
    panel.reveal('about');
    await screen.findByText(/a user: your server/);
    const results = await act(() =>
      axe.run(
        // there are neither styles nor Lab's own elements here; the browser tests have both
        { include: panel.node, exclude: ['jp-toolbar'] },
        { rules: { 'color-contrast': { enabled: false } } }
      )
    );
    expect(results.violations).toEqual([]);
  });
});

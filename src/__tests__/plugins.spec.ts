// The plugins: what each adds, and that it adds nothing where it has no place.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { dismissDialog, waitForDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { waitFor } from '@testing-library/react';

import plugins from '..';
import { HubModel } from '../model';
import commandsPlugin from '../plugins/commands';
import hubPlugin from '../plugins/hub';
import panelPlugin from '../plugins/panel';
import serverEndPlugin from '../plugins/serverEnd';
import statusBarPlugin from '../plugins/statusBar';
import { endOf, NOTICE } from '../serverEnd';
import type { HubSidebar } from '../sidebar';
import { CommandIDs, type IHub, PACKAGE, PANEL_ID } from '../tokens';

import { admin, info, json, session, StandIn } from './data';

const HOUR = 3_600_000;

class Shell {
  added: [Widget, string][] = [];
  activated: string[] = [];
  add = (widget: Widget, area: string) => this.added.push([widget, area]);
  activateById = (id: string) => this.activated.push(id);
}

describe('the plugins', () => {
  let server: StandIn;
  let commands: CommandRegistry;
  let shell: Shell;
  let app: JupyterFrontEnd;
  let model: HubModel;
  let hub: IHub;

  beforeEach(() => {
    server = new StandIn();
    commands = new CommandRegistry();
    shell = new Shell();
    app = {
      commands,
      shell,
      restored: Promise.resolve(),
      serviceManager: { serverSettings: server.settings }
    } as unknown as JupyterFrontEnd;
    model = new HubModel({ serverSettings: server.settings });
    hub = {
      model: async () => model,
      homeUrl: 'http://localhost/hub/home',
      publicUrl: 'http://localhost/services/2i2c/',
      consoleUrl: 'http://localhost/services/2i2c-console/',
      offered: [],
      newsChanged: new Signal({}),
      requestSent: new Signal({})
    };
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
    jest.restoreAllMocks();
    localStorage.clear();
  });

  it('are described, and carry the name of the package', () => {
    for (const plugin of plugins) {
      expect(plugin.id.startsWith(`${PACKAGE}:`)).toBe(true);
      expect(plugin.description).toBeTruthy();
    }
    expect(new Set(plugins.map(plugin => plugin.id)).size).toBe(plugins.length);
  });

  describe('hub', () => {
    const activate = (urls: object): IHub =>
      hubPlugin.activate(app, { urls }) as IHub;

    it('knows where the hub’s pages are', () => {
      const here = activate({ hubHost: '', hubPrefix: '/x/hub/' });
      expect(here.homeUrl).toBe('/x/hub/home');
      expect(here.publicUrl).toBe('http://localhost/x/services/2i2c/');
      expect(here.consoleUrl).toBe('http://localhost/x/services/2i2c-console/');
    });

    it('knows the service’s own host on a hub with subdomains', () => {
      const here = activate({
        hubHost: 'https://hub.example:8443',
        hubPrefix: '/hub/'
      });
      expect(here.homeUrl).toBe('https://hub.example:8443/hub/home');
      expect(here.publicUrl).toBe(
        'https://2i2c--service.hub.example:8443/services/2i2c/'
      );
      expect(here.consoleUrl).toBe(
        'https://2i2c-console--service.hub.example:8443/services/2i2c-console/'
      );
    });

    it('knows none without a hub, and asks nothing', async () => {
      const here = activate({});
      expect(here.homeUrl).toBe('');
      expect(here.publicUrl).toBe('');
      expect(here.consoleUrl).toBe('');
      expect(await here.model()).toBe(await here.model());
      expect(server.asked).toEqual([]);
      (await here.model()).dispose();
    });
  });

  describe('panel', () => {
    const activate = (...more: unknown[]) =>
      panelPlugin.activate(app, hub, nullTranslator, ...more, null, null, null);

    it('adds an empty frame and asks nothing', async () => {
      await activate();
      const [sidebar, area] = shell.added[0];
      expect(area).toBe('left');
      expect(sidebar.id).toBe(PANEL_ID);
      expect(sidebar.node.childElementCount).toBe(0);
      expect(sidebar.node.getAttribute('aria-label')).toBe('This hub');
      expect(server.asked).toEqual([]);
      sidebar.dispose();
    });

    it('fills it when it is shown', async () => {
      await activate();
      const [sidebar] = shell.added[0] as [HubSidebar, string];
      Widget.attach(sidebar, document.body);
      await waitFor(() => expect(sidebar.node.textContent).toContain('Run by'));
      sidebar.dispose();
    });

    it('has a command that opens it at a section', async () => {
      await activate();
      const [sidebar] = shell.added[0] as [HubSidebar, string];
      await commands.execute(CommandIDs.showPanel, { section: 'help' });
      expect(shell.activated).toEqual([PANEL_ID]);
      expect(sidebar.target).toBe('help');
      await commands.execute(CommandIDs.showPanel, { section: 'nonsense' });
      expect(sidebar.target).toBeNull();
      expect(commands.label(CommandIDs.showPanel, { section: 'help' })).toBe(
        'Get Help With This Hub'
      );
      sidebar.dispose();
    });

    it('goes to the side, with the sections, that the settings say', async () => {
      const given: Record<string, unknown> = {
        side: 'right',
        sections: { hub: true, session: false }
      };
      const settings = {
        get: (name: string) => ({ composite: given[name] }),
        changed: { connect: jest.fn() }
      };
      await activate({ load: async () => settings });
      await waitFor(() => expect(shell.added.length).toBe(2));
      const [sidebar, area] = shell.added[1] as [HubSidebar, string];
      expect(area).toBe('right');
      expect(sidebar.sections).toEqual([
        'news',
        'hub',
        'right',
        'help',
        'admin',
        'about'
      ]);
      sidebar.dispose();
    });

    it('does without settings that cannot be loaded', async () => {
      await activate({ load: () => Promise.reject(new Error('no')) });
      expect(shell.added).toHaveLength(1);
      shell.added[0][0].dispose();
    });
  });

  describe('commands', () => {
    it('are in the palette and the launcher, each with what it takes', async () => {
      const palette = { addItem: jest.fn() };
      const launcher = { add: jest.fn() };
      await commandsPlugin.activate(app, hub, null, palette, launcher);
      const ids = palette.addItem.mock.calls.map(call => call[0].command);
      expect(ids).toContain(CommandIDs.stopServer);
      expect(launcher.add).toHaveBeenCalledTimes(1);
      for (const id of commands.listCommands()) {
        const { args } = await commands.describedBy(id);
        expect(args).toHaveProperty('type', 'object');
      }
    });

    it('are not offered where there is no hub', async () => {
      const nowhere = { ...hub, homeUrl: '', publicUrl: '' };
      await commandsPlugin.activate(app, nowhere, null, null, null);
      expect(commands.isVisible(CommandIDs.stopServer)).toBe(false);
      expect(commands.isEnabled(CommandIDs.openHub)).toBe(false);
      expect(commands.isVisible(CommandIDs.refresh)).toBe(true);
    });

    describe('export the hub', () => {
      const { exportHub } = CommandIDs;

      function offered(actions: string[]): void {
        server.answers['admin'] = () =>
          json(
            admin(value => {
              value.actions = actions;
            })
          );
      }

      it('where it is offered, which is asked for once, with the palette', async () => {
        offered(['export-hub']);
        await commandsPlugin.activate(app, hub, null, null, null);
        await panelPlugin.activate(app, hub, nullTranslator, null, null, null);
        expect(server.asked).toEqual([]);
        const changed = jest.fn();
        commands.commandChanged.connect((_, { id }) => changed(id));
        expect(commands.isVisible(exportHub)).toBe(false);
        await waitFor(() => expect(changed).toHaveBeenCalledWith(exportHub));
        expect(commands.isVisible(exportHub)).toBe(true);
        expect(commands.isEnabled(exportHub)).toBe(true);
        expect(server.asked).toEqual(['GET admin']);
        await commands.execute(exportHub);
        expect(shell.activated).toEqual([PANEL_ID]);
        const [sidebar] = shell.added[0] as [HubSidebar, string];
        expect([sidebar.target, sidebar.action]).toEqual([
          'admin',
          'export-hub'
        ]);
        sidebar.dispose();
      });

      it('as the panel learns it', async () => {
        offered([]);
        await commandsPlugin.activate(app, hub, null, null, null);
        await panelPlugin.activate(app, hub, nullTranslator, null, null, null);
        expect(commands.isVisible(exportHub)).toBe(false);
        await waitFor(() => expect(server.asked).toEqual(['GET admin']));
        offered(['export-hub']);
        const [sidebar] = shell.added[0] as [HubSidebar, string];
        Widget.attach(sidebar, document.body);
        await waitFor(() => expect(commands.isVisible(exportHub)).toBe(true));
        sidebar.dispose();
      });

      it.each([
        ['without a hub', '', 0],
        ['to other people', '/hub/home', 1]
      ])('but not %s', async (_, homeUrl, asked) => {
        const somewhere = { ...hub, homeUrl };
        await commandsPlugin.activate(app, somewhere, null, null, null);
        expect(commands.isVisible(exportHub)).toBe(false);
        await waitFor(() => expect(server.asked).toHaveLength(asked));
        expect(commands.isVisible(exportHub)).toBe(false);
        expect(server.asked).toHaveLength(asked);
      });
    });

    it('copy the statement with its address', async () => {
      const writeText = jest.fn().mockResolvedValue(undefined);
      Object.assign(navigator, { clipboard: { writeText } });
      await commandsPlugin.activate(app, hub, null, null, null);
      await commands.execute(CommandIDs.copyStatement);
      expect(writeText.mock.calls[0][0]).toMatch(
        /with or without 2i2c\. https:\/\/2i2c\.org\/right-to-replicate\/$/
      );
    });

    it('ask before they stop a server, and say why it was not', async () => {
      jest.spyOn(console, 'warn').mockImplementation();
      server.answers['server'] = () =>
        json({ message: 'the hub is away' }, 503);
      await commandsPlugin.activate(app, hub, null, null, null);
      const done = commands.execute(CommandIDs.stopServer);
      await waitForDialog();
      expect(document.body.textContent).toContain('Your files stay');
      expect(server.asked).toEqual(['GET session']);
      // the default button is the harmless one
      document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-warn')!.click();
      await waitFor(() =>
        expect(document.body.textContent).toContain('the hub is away')
      );
      expect(server.asked).toEqual(['GET session', 'DELETE server']);
      await dismissDialog();
      await done;
    });

    it('leave the server alone when the answer is no', async () => {
      await commandsPlugin.activate(app, hub, null, null, null);
      const done = commands.execute(CommandIDs.stopServer);
      await waitForDialog();
      await dismissDialog();
      await done;
      expect(server.asked).toEqual(['GET session']);
    });

    it('go to the hub’s page where the server may not be stopped from here', async () => {
      server.answers['session'] = () =>
        json(
          session(value => {
            value.server.can_stop = false;
          })
        );
      const open = jest.spyOn(window, 'open').mockImplementation();
      await commandsPlugin.activate(app, hub, null, null, null);
      await commands.execute(CommandIDs.stopServer);
      expect(open).toHaveBeenCalledWith(hub.homeUrl, '_blank', 'noopener');
      expect(document.querySelector('.jp-Dialog')).toBeNull();
    });
  });

  describe('status bar', () => {
    it('shows the hub’s name', async () => {
      const registerStatusItem = jest.fn();
      await statusBarPlugin.activate(
        app,
        hub,
        { registerStatusItem },
        null,
        null
      );
      const { item } = registerStatusItem.mock.calls[0][1] as { item: Widget };
      await waitFor(() =>
        expect(item.node.textContent).toContain('Coastal Ocean Hub')
      );
      item.dispose();
    });

    it('is not there without a hub, nor without a status bar', async () => {
      const registerStatusItem = jest.fn();
      const nowhere = { ...hub, homeUrl: '' };
      await statusBarPlugin.activate(
        app,
        nowhere,
        { registerStatusItem },
        null,
        null
      );
      await statusBarPlugin.activate(app, hub, null, null, null);
      expect(registerStatusItem).not.toHaveBeenCalled();
      expect(server.asked).toEqual([]);
    });
  });

  describe('server end', () => {
    const started = Date.parse('2026-11-21T08:00:00Z');

    it('is known from the start and the greatest age', () => {
      expect(endOf(session(), 43200)).toBe(started + 12 * HOUR);
      expect(endOf(session(), 0)).toBeNull();
      expect(endOf(null, 43200)).toBeNull();
      const unknown = session(value => {
        value.server.started = null;
      });
      expect(endOf(unknown, 43200)).toBeNull();
    });

    it('is announced a quarter of an hour before, and once', async () => {
      jest.useFakeTimers({ now: started });
      const warn = jest.spyOn(Notification, 'warning').mockReturnValue('');
      await serverEndPlugin.activate(app, hub, null);
      await jest.advanceTimersByTimeAsync(12 * HOUR - NOTICE - 1000);
      expect(warn).not.toHaveBeenCalled();
      await jest.advanceTimersByTimeAsync(2000);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.calls[0][0]).toMatch(
        /This server stops at .*Save your work/
      );
      expect(String(warn.mock.calls[0][0]).length).toBeLessThanOrEqual(140);
      // another tab, or the same one after a reload
      await serverEndPlugin.activate(app, hub, null);
      await jest.advanceTimersByTimeAsync(HOUR);
      expect(warn).toHaveBeenCalledTimes(1);
    });

    it('asks nothing more where the hub knows no greatest age', async () => {
      server.answers['info'] = () =>
        json(
          info(value => {
            value.facts.culling!.max_age = 0;
          })
        );
      await serverEndPlugin.activate(app, hub, null);
      await waitFor(() => expect(server.asked.length).toBe(1));
      expect(server.asked).toEqual(['GET info']);
    });
  });
});

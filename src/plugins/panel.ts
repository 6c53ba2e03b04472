// The sidebar: its place in the shell, its settings and its command. What is in it is fetched when it is first shown.

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { hubIcon } from '../icons';
import { HubSidebar } from '../sidebar';
import {
  CommandIDs,
  DOMAIN,
  IHub,
  PANEL_ID,
  PluginIDs,
  SECTIONS
} from '../tokens';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.panel,
  description:
    'Adds a sidebar panel: this hub, your session, the right to replicate, help.',
  autoStart: true,
  requires: [
    IHub // what is known of the hub
  ],
  optional: [
    ITranslator, // its words in the reader's language
    ISettingRegistry, // on which side, with which sections
    ILayoutRestorer, // whether it was open
    IStateDB // which sections were open
  ],
  activate: (
    app: JupyterFrontEnd,
    hub: IHub,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ): void => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const sidebar = new HubSidebar({ commands, hub, state, translator });
    sidebar.id = PANEL_ID;
    sidebar.title.icon = hubIcon;
    sidebar.title.caption = trans.__('This Hub');
    sidebar.title.dataset = { jpTabLabel: trans.__('Hub') };
    sidebar.node.setAttribute('role', 'region');
    sidebar.node.setAttribute('aria-label', trans.__('This hub'));
    restorer?.add(sidebar, PANEL_ID);
    hub.newsChanged.connect(async (_, { unread }) => {
      // most of the time there is nothing, and nothing to take away
      if (unread || sidebar.title.className) {
        const { showUnread } = await import('../badge');
        showUnread(sidebar.title, unread, trans);
      }
    });
    let side = 'left';
    shell.add(sidebar, side, { rank: 700, type: 'Hub' });

    const use = (given: ISettingRegistry.ISettings): void => {
      const shown = given.get('sections').composite as Record<string, boolean>;
      sidebar.sections = SECTIONS.filter(id => shown[id] !== false);
      const wanted = given.get('side').composite as string;
      if (wanted !== side) {
        side = wanted;
        shell.add(sidebar, side, { rank: 700, type: 'Hub' });
      }
    };
    void settings?.load(PluginIDs.panel).then(
      loaded => {
        use(loaded);
        loaded.changed.connect(use);
      },
      () => undefined // without settings, the defaults
    );

    commands.addCommand(CommandIDs.showPanel, {
      label: args =>
        args['section'] === 'help'
          ? trans.__('Get Help With This Hub')
          : args['section'] === 'right'
            ? trans.__('Right to Replicate')
            : args['section'] === 'news'
              ? trans.__('News of This Hub')
              : trans.__('About This Hub'),
      caption: trans.__('Who runs this hub, what you run on, whom to ask'),
      icon: args => (args['isLauncher'] ? hubIcon : undefined),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            section: {
              type: 'string',
              description: 'The section to open.',
              oneOf: SECTIONS.map(id => ({ const: id }))
            },
            action: {
              type: 'string',
              description:
                'The admin action whose form to open, where it is offered.'
            },
            isLauncher: {
              type: 'boolean',
              description: 'Whether it is for a card of the launcher.'
            }
          }
        }
      },
      execute: args => {
        sidebar.target = SECTIONS.find(id => id === args['section']) ?? null;
        sidebar.action = String(args['action'] ?? '');
        shell.activateById(PANEL_ID);
      }
    });
  }
};

export default plugin;

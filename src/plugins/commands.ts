// Commands in the palette and a card in the launcher. The menu entries are in schema/commands.json.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, DOMAIN, EXPORT, IHub, PluginIDs } from '../tokens';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.commands,
  description: 'Adds commands about the hub to the palette and the launcher.',
  autoStart: true,
  requires: [
    IHub // what is known of the hub
  ],
  optional: [
    ITranslator, // the words in the reader's language
    ICommandPalette, // to list the commands in
    ILauncher, // to put a card on
    IStateDB // to keep what is not sent yet
  ],
  activate: (
    app: JupyterFrontEnd,
    hub: IHub,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    state: IStateDB | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const noArguments = { args: { type: 'object', properties: {} } } as const;

    commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Ask the Hub Again'),
      caption: trans.__('Refresh what the panel shows about this hub'),
      describedBy: noArguments,
      execute: async () => {
        const model = await hub.model();
        await Promise.all([model.refreshInfo(), model.refreshSession()]);
      }
    });
    commands.addCommand(CommandIDs.openHub, {
      label: trans.__('Open the Page of This Hub'),
      caption: trans.__('The page that people can read without logging in'),
      describedBy: noArguments,
      isVisible: () => hub.publicUrl !== '',
      isEnabled: () => hub.publicUrl !== '',
      execute: () => {
        window.open(hub.publicUrl, '_blank', 'noopener');
      }
    });
    commands.addCommand(CommandIDs.copyStatement, {
      label: trans.__('Copy the Right to Replicate'),
      caption: trans.__('The statement with its address, to cite'),
      describedBy: noArguments,
      execute: async () => {
        const model = await hub.model();
        await model.loadInfo();
        const facts = model.info.value?.facts;
        if (facts) {
          await navigator.clipboard.writeText(
            `${facts.statement} ${facts.statement_url}`.trim()
          );
        }
      }
    });
    commands.addCommand(CommandIDs.askForHelp, {
      label: trans.__('Ask for Help…'),
      caption: trans.__(
        'Write a request to the people who look after this hub'
      ),
      describedBy: noArguments,
      execute: async () => {
        const [{ askForHelp }, model] = await Promise.all([
          import('../askForHelp'),
          hub.model()
        ]);
        askForHelp({ hub, model, shell: app.shell, state, trans });
      }
    });
    commands.addCommand(CommandIDs.stopServer, {
      label: trans.__('Stop My Server…'),
      caption: trans.__('End this server; your files stay'),
      describedBy: noArguments,
      isVisible: () => hub.homeUrl !== '',
      isEnabled: () => hub.homeUrl !== '',
      execute: async () => {
        const [{ stopMyServer }, model] = await Promise.all([
          import('../stopServer'),
          hub.model()
        ]);
        await stopMyServer(model, hub, trans);
      }
    });

    let asked = hub.homeUrl === '';
    const exports = (): boolean => {
      if (!asked) {
        // somebody has opened the palette, perhaps without having seen the panel
        asked = true;
        const { serverSettings } = app.serviceManager;
        void import('../offer').then(({ askForOffer }) =>
          askForOffer(serverSettings, hub, commands)
        );
      }
      return hub.offered.includes(EXPORT);
    };
    commands.addCommand(CommandIDs.exportHub, {
      label: trans.__('Export This Hub…'),
      caption: trans.__('Ask for a copy of this hub that starts elsewhere'),
      describedBy: noArguments,
      isVisible: exports,
      isEnabled: exports,
      execute: () =>
        commands.execute(CommandIDs.showPanel, {
          section: 'admin',
          action: EXPORT
        })
    });

    const category = trans.__('Hub');
    for (const section of ['hub', 'news', 'right', 'help']) {
      palette?.addItem({
        command: CommandIDs.showPanel,
        args: { section },
        category
      });
    }
    for (const command of [
      CommandIDs.askForHelp,
      CommandIDs.refresh,
      CommandIDs.openHub,
      CommandIDs.copyStatement,
      CommandIDs.exportHub,
      CommandIDs.stopServer
    ]) {
      palette?.addItem({ command, category });
    }
    launcher?.add({
      command: CommandIDs.showPanel,
      args: { section: 'hub', isLauncher: true },
      category: trans.__('Other'),
      rank: 90
    });
  }
};

export default plugin;

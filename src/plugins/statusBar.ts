// The hub's name in Lab's status bar. Absent in Notebook, which has none.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { hubIcon } from '../icons';
import { CommandIDs, DOMAIN, IHub, PluginIDs } from '../tokens';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.statusBar,
  description: "Shows the hub's name in the status bar.",
  autoStart: true,
  requires: [
    IHub // what is known of the hub
  ],
  optional: [
    IStatusBar, // where to show it
    ITranslator, // the words in the reader's language
    ISettingRegistry // whether to show it
  ],
  activate: (
    app: JupyterFrontEnd,
    hub: IHub,
    statusBar: IStatusBar | null,
    translator: ITranslator | null,
    settings: ISettingRegistry | null
  ): void => {
    if (!statusBar || !hub.homeUrl) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const button = document.createElement('button');
    const name = document.createElement('span');
    button.className = 'jp-HubStatus';
    button.title = trans.__('About this hub');
    button.append(
      hubIcon.element({ tag: 'span', stylesheet: 'statusBar' }),
      name
    );
    button.onclick = () =>
      void app.commands.execute(CommandIDs.showPanel, { section: 'hub' });
    const item = new Widget({ node: button });
    statusBar.registerStatusItem(PluginIDs.statusBar, {
      item,
      align: 'right',
      rank: 10
    });
    name.textContent = trans.__('Hub');
    const use = (given: ISettingRegistry.ISettings): void =>
      item.setHidden(given.get('visible').composite === false);
    void settings?.load(PluginIDs.statusBar).then(
      loaded => {
        use(loaded);
        loaded.changed.connect(use);
      },
      () => undefined // without settings, it is shown
    );
    void app.restored
      .then(() => hub.model())
      .then(async model => {
        await model.loadInfo();
        name.textContent = model.info.value?.facts.name || trans.__('Hub');
      });
  }
};

export default plugin;

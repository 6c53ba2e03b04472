// The hub's name in Lab's status bar. Absent in Notebook, which has none.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { CommandIDs, DOMAIN, IHub, PluginIDs } from '../tokens';

/** Characters of a hub's name that are shown; the rest is shown on hovering. */
const MAX_NAME = 30;

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
    const show = () =>
      void app.commands.execute(CommandIDs.showPanel, { section: 'hub' });
    // Lab's own classes, so that nothing has to be loaded for its looks
    const item = new Widget();
    item.addClass('jp-mod-highlighted');
    const name = item.node;
    name.classList.add('jp-StatusBar-TextItem');
    name.setAttribute('role', 'button');
    name.tabIndex = 0;
    name.onclick = show;
    name.onkeydown = event => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        show();
      }
    };
    const say = (words: string): void => {
      name.textContent =
        words.length > MAX_NAME ? `${words.slice(0, MAX_NAME - 1)}…` : words;
      name.title = trans.__('About this hub: %1', words);
    };
    say(trans.__('Hub'));
    statusBar.registerStatusItem(PluginIDs.statusBar, {
      item,
      align: 'right',
      rank: 10
    });
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
        say(model.info.value?.facts.name || trans.__('Hub'));
      });
  }
};

export default plugin;

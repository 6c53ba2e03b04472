// Provides what is known of the hub to the other plugins. Asks nothing by itself.

import {
  JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { URLExt } from '@jupyterlab/coreutils';

import { IHub, PluginIDs } from '../tokens';

const plugin: JupyterFrontEndPlugin<IHub> = {
  id: PluginIDs.hub,
  description: 'Provides what is known of the hub that this server runs on.',
  autoStart: true,
  provides: IHub,
  requires: [
    JupyterFrontEnd.IPaths // where the hub's pages are
  ],
  activate: (app: JupyterFrontEnd, paths: JupyterFrontEnd.IPaths): IHub => {
    const { hubHost, hubPrefix } = paths.urls;
    const model = async () => {
      const { HubModel } = await import(
        /* webpackChunkName: "model" */ '../model'
      );
      return new HubModel({
        serverSettings: app.serviceManager.serverSettings
      });
    };
    let made: ReturnType<typeof model> | null = null;
    return {
      model: () => (made ??= model()),
      homeUrl: hubPrefix ? URLExt.join(hubHost ?? '', hubPrefix, 'home') : '',
      publicUrl: hubPrefix
        ? Private.publicUrl(hubHost || window.location.origin, hubPrefix)
        : ''
    };
  }
};

export default plugin;

namespace Private {
  /**
   * Where the hub's service shows its public page.
   *
   * @param hubHost - Origin of the hub.
   * @param hubPrefix - Path of the hub, `/hub/` below its base.
   */
  export function publicUrl(hubHost: string, hubPrefix: string): string {
    const base = hubPrefix.replace(/hub\/?$/, '');
    const url = new URL(URLExt.join(base, 'services/2i2c/'), hubHost);
    if (url.origin !== window.location.origin) {
      // per-user subdomains: services have one each, too
      url.host = `2i2c--service.${url.host}`;
    }
    return url.href;
  }
}

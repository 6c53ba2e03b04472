// Provides what is known of the hub to the other plugins. Asks nothing by itself.

import {
  JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { URLExt } from '@jupyterlab/coreutils';
import { Signal } from '@lumino/signaling';

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
      const { events, serverSettings } = app.serviceManager;
      return new HubModel({ events: events?.stream, serverSettings });
    };
    const service = (name: string) =>
      hubPrefix
        ? Private.service(name, hubHost || window.location.origin, hubPrefix)
        : '';
    let made: ReturnType<typeof model> | null = null;
    return {
      model: () => (made ??= model()),
      homeUrl: hubPrefix ? URLExt.join(hubHost ?? '', hubPrefix, 'home') : '',
      publicUrl: service('2i2c'),
      consoleUrl: service('2i2c-console'),
      offered: [],
      newsChanged: new Signal({}),
      requestSent: new Signal({})
    };
  }
};

export default plugin;

namespace Private {
  /**
   * Where the pages of one of the hub's services are.
   *
   * @param name - The service's name.
   * @param hubHost - Origin of the hub.
   * @param hubPrefix - Path of the hub, `/hub/` below its base.
   */
  export function service(
    name: string,
    hubHost: string,
    hubPrefix: string
  ): string {
    const base = hubPrefix.replace(/hub\/?$/, '');
    const url = new URL(URLExt.join(base, 'services', name, '/'), hubHost);
    if (url.origin !== window.location.origin) {
      // per-user subdomains: services have one each, too
      url.host = `${name}--service.${url.host}`;
    }
    return url.href;
  }
}

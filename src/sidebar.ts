// The empty frame in the shell, which fetches its content when it is first shown. Made by plugins/panel.ts.

import type { IStateDB } from '@jupyterlab/statedb';
import type { ITranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import type { HubPanel } from './panel';
import { SECTIONS, type IHub, type SectionId } from './tokens';

/**
 * The panel's place in a sidebar.
 */
export class HubSidebar extends Panel {
  /**
   * @param options - What the content will be made from.
   */
  constructor(options: HubSidebar.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-HubSidebar');
  }

  /** The sections to show. */
  get sections(): readonly SectionId[] {
    return this._sections;
  }
  set sections(value: readonly SectionId[]) {
    this._sections = value;
    if (this._content) {
      this._content.sections = value;
    }
  }

  /**
   * The section to open, bring into sight and put the focus on when this is next activated.
   */
  target: SectionId | null = null;

  /**
   * The admin action whose form to open then; empty for none.
   */
  action = '';

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._loadIfVisible();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._loadIfVisible();
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    const { action, target } = this;
    this.target = null;
    this.action = '';
    void this._load().then(content => content.reveal(target, action));
  }

  private _loadIfVisible(): void {
    if (this.isVisible) {
      void this._load();
    }
  }

  private _load(): Promise<HubPanel> {
    return (this._loading ??= this._make());
  }

  private async _make(): Promise<HubPanel> {
    const [{ HubPanel }, model] = await Promise.all([
      import('./panel'),
      this._options.hub.model()
    ]);
    const content = new HubPanel({ ...this._options, model });
    content.sections = this._sections;
    this._content = content;
    this.addWidget(content);
    return content;
  }

  private readonly _options: HubSidebar.IOptions;
  private _sections: readonly SectionId[] = SECTIONS;
  private _content: HubPanel | null = null;
  private _loading: Promise<HubPanel> | null = null;
}

export namespace HubSidebar {
  /** What a sidebar is made from. */
  export interface IOptions {
    commands: CommandRegistry;
    hub: IHub;
    state: IStateDB | null;
    translator: ITranslator | null;
  }
}

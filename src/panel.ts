// The content of the sidebar: a header and the sections, one below the other. Made by sidebar.ts when it is first shown.

import { SidePanel } from '@jupyterlab/ui-components';
import type { IStateDB } from '@jupyterlab/statedb';
import {
  type ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import '../style/panel.css';

import { DoneModel } from './done';
import { IntentsModel } from './intents';
import type { HubModel } from './model';
import { NewsModel } from './news';
import { offer } from './offer';
import { RequestsModel } from './support';
import { makeSection, type SectionPanel } from './sections';
import { isConcerned } from './sections/admin';
import { Header } from './sections/header';
import { DOMAIN, type IHub, type SectionId } from './tokens';

/** Where the state database keeps which sections are closed. */
const STATE_KEY = 'jupyter-2i2c:panel';

/** Sections that are closed until somebody opens them. */
const CLOSED_AT_FIRST: readonly SectionId[] = ['about'];

/**
 * The panel.
 *
 * #### Notes
 * Sections take the height they need and the panel scrolls as a whole, because they are there to
 * be read. It asks for the facts when it is first shown, and follows the session only while that
 * section is open and in sight.
 */
export class HubPanel extends SidePanel {
  /**
   * @param options - What it is made from.
   */
  constructor(options: HubPanel.IOptions) {
    super({
      content: new Panel(),
      translator: options.translator ?? nullTranslator
    });
    const trans = (options.translator ?? nullTranslator).load(DOMAIN);
    const { model, state } = options;
    const { events, serverSettings } = model;
    this._intents = new IntentsModel({ events, serverSettings, state });
    this._done = new DoneModel(model);
    this._news = new NewsModel({ hub: options.hub, serverSettings });
    this._requests = new RequestsModel(serverSettings);
    this._context = {
      ...options,
      trans,
      intents: this._intents,
      done: this._done,
      news: this._news,
      requests: this._requests
    };
    model.stateChanged.connect(this._onModelChanged, this);
    options.hub.requestSent.connect(this._onRequestSent, this);
    this._intents.stateChanged.connect(this._onConcernedChanged, this);
    this._news.stateChanged.connect(this._onConcernedChanged, this);
    this.addClass('jp-HubPanel');
    this.content.node.setAttribute('aria-label', trans.__('About this hub'));
    this.header.addWidget(new Header(this._context));
    void this._restore();
  }

  /** The sections to show, in their order. */
  set sections(ids: readonly SectionId[]) {
    this._wanted = ids;
    this._arrange();
  }

  /**
   * Open a section, bring it into sight and put the focus there.
   *
   * @param id - Which one; null for the first, as it is.
   * @param action - The admin action whose form to open; empty for none.
   */
  reveal(id: SectionId | null, action = ''): void {
    if (action) {
      this._intents.wanted = action;
    }
    if (id === 'news' && !this._sections.has('news')) {
      // there once it is known that there is any
      void this._news.load().then(() => this._reveal(id));
    } else if (id === 'admin' && !this._sections.has('admin')) {
      void this._intents.load().then(() => this._reveal(id));
    } else {
      this._reveal(id);
    }
  }

  private _reveal(id: SectionId | null): void {
    const section = id && this._sections.get(id);
    if (section) {
      section.open = true;
      section.focus();
    } else {
      this._sections.get(this._shown[0])?.focus();
    }
  }

  /**
   * End what follows the server.
   */
  dispose(): void {
    if (!this.isDisposed) {
      this._intents.dispose();
      this._done.dispose();
      this._news.dispose();
      this._requests.dispose();
      this._context.hub.requestSent.disconnect(this._onRequestSent, this);
      this._context.model.stateChanged.disconnect(this._onModelChanged, this);
      super.dispose();
    }
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._follow();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._follow();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._follow();
  }

  protected onBeforeDetach(msg: Message): void {
    super.onBeforeDetach(msg);
    this._context.model.watching = false;
    this._intents.watching = false;
    this._news.watching = false;
    this._news.inSight = false;
  }

  /**
   * The sections that are wanted; without the administrators' where it concerns nobody, and without
   * news while there is none.
   */
  private get _shown(): readonly SectionId[] {
    const absent = {
      admin: !isConcerned(this._intents.admin.value),
      news: !this._news.announcements.length
    };
    return this._wanted.filter(id => !absent[id as keyof typeof absent]);
  }

  private _arrange(): void {
    const ids = this._shown;
    for (const [id, section] of this._sections) {
      if (!ids.includes(id)) {
        section.dispose();
        this._sections.delete(id);
      }
    }
    ids.forEach((id, index) => {
      let section = this._sections.get(id);
      if (!section) {
        section = makeSection(id, this._context);
        section.open = !this._closed.has(id);
        section.openChanged.connect(this._onOpenChanged, this);
        this._sections.set(id, section);
      }
      (this.content as Panel).insertWidget(index, section);
    });
    this._follow();
  }

  /**
   * Ask for what is in sight, and for nothing else.
   */
  private _follow(): void {
    const { model } = this._context;
    const session = this._sections.get('session');
    const admin = this._sections.get('admin');
    const news = this._sections.get('news');
    if (this.isVisible) {
      void model.loadInfo();
      // the right to replicate names the image, too
      void model.loadSession();
      if (this._wanted.includes('admin') && this._context.hub.homeUrl) {
        void this._intents.load();
      }
    }
    model.watching = this.isVisible && !!session?.open;
    this._intents.watching = this.isVisible && !!admin?.open;
    this._news.watching =
      this.isVisible &&
      this._wanted.includes('news') &&
      this._context.hub.homeUrl !== '';
    this._news.inSight = this.isVisible && !!news?.open;
    if (
      this.isVisible &&
      this._context.hub.homeUrl &&
      this._sections.get('help')?.open
    ) {
      void this._requests.load();
    }
  }

  private _onModelChanged(): void {
    if (this._requests.open && this.isVisible) {
      void this._requests.load();
    }
  }

  private _onRequestSent(): void {
    void this._requests.load(true);
  }

  private _onConcernedChanged(): void {
    const { commands, hub } = this._context;
    offer(this._intents.admin.value, hub, commands);
    if (this._shown.length !== this._sections.size) {
      this._arrange();
    }
  }

  private _onOpenChanged(): void {
    for (const [id, each] of this._sections) {
      if (each.open) {
        this._closed.delete(id);
      } else {
        this._closed.add(id);
      }
    }
    this._touched = true;
    void this._context.state?.save(STATE_KEY, { closed: [...this._closed] });
    this._follow();
  }

  private async _restore(): Promise<void> {
    const saved = (await this._context.state
      ?.fetch(STATE_KEY)
      .catch(() => undefined)) as { closed?: unknown } | undefined;
    if (this._touched || !Array.isArray(saved?.closed)) {
      return;
    }
    this._closed = new Set(saved!.closed as SectionId[]);
    for (const [id, section] of this._sections) {
      section.open = !this._closed.has(id);
    }
  }

  private readonly _context: HubPanel.IContext;
  private readonly _intents: IntentsModel;
  private readonly _done: DoneModel;
  private readonly _news: NewsModel;
  private readonly _requests: RequestsModel;
  private readonly _sections = new Map<SectionId, SectionPanel>();
  private _wanted: readonly SectionId[] = [];
  private _closed = new Set<SectionId>(CLOSED_AT_FIRST);
  private _touched = false;
}

export namespace HubPanel {
  /** What a panel is made from. */
  export interface IOptions {
    commands: CommandRegistry;
    hub: IHub;
    model: HubModel;
    state: IStateDB | null;
    translator: ITranslator | null;
  }

  /** What every section can use. */
  export interface IContext extends IOptions {
    trans: TranslationBundle;
    intents: IntentsModel;
    done: DoneModel;
    news: NewsModel;
    requests: RequestsModel;
  }
}

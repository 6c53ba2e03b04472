// What a section of the panel is, and which there are. Called by panel.ts.

import {
  caretDownIcon,
  PanelWithToolbar,
  ReactWidget,
  refreshIcon
} from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { Boundary } from '../components/boundary';
import { Button } from '../components/button';
import type { HubPanel } from '../panel';
import type { SectionId } from '../tokens';

import { AboutSection } from './about';
import { AdminSection } from './admin';
import { HelpSection } from './help';
import { HubSection } from './hub';
import { NewsSection } from './news';
import { RightSection } from './right';
import { SessionSection } from './session';

/** What a section is rendered from. */
export type ISectionProps = HubPanel.IContext;

/**
 * A section: a title that opens and closes it, a toolbar, and a body that is rendered while open.
 */
export class SectionPanel extends PanelWithToolbar {
  /**
   * @param options - Its title, and what renders its body.
   */
  constructor(options: SectionPanel.IOptions) {
    super();
    this.addClass('jp-HubPanel-section');
    this.title.label = options.title;
    this._body = new Body(options.render, options.context);
    this._body.id = `jp-HubPanel-${options.id}-${UUID.uuid4()}`;
    this._button = document.createElement('button');
    this._button.className = 'jp-HubPanel-toggle';
    this._button.setAttribute('aria-controls', this._body.id);
    this._button.append(
      caretDownIcon.element({ tag: 'span', className: 'jp-HubPanel-caret' }),
      options.title
    );
    this._button.onclick = () => {
      this.open = !this.open;
    };
    const heading = document.createElement('h2');
    heading.className = 'jp-HubPanel-heading';
    heading.append(this._button);
    const title = new Widget();
    title.addClass('jp-HubPanel-title');
    title.node.append(heading);
    this.addWidget(title);
    this.toolbar.addClass('jp-HubPanel-toolbar');
    this.addWidget(this.toolbar);
    this.addWidget(this._body);
    this.open = true;
  }

  /** Emitted when somebody opened or closed it. */
  get openChanged(): ISignal<this, void> {
    return this._openChanged;
  }

  /** Whether its body is shown. */
  get open(): boolean {
    return !this._body.isHidden;
  }
  set open(value: boolean) {
    const changed = value === this._body.isHidden;
    this._body.setHidden(!value);
    this.toolbar.setHidden(!value);
    this._button.setAttribute('aria-expanded', String(value));
    if (changed) {
      this._openChanged.emit();
    }
  }

  /**
   * Bring it into sight and put the focus on its title.
   */
  focus(): void {
    this.node.scrollIntoView({ block: 'nearest' });
    this._button.focus();
  }

  dispose(): void {
    if (!this.isDisposed) {
      Signal.clearData(this);
      super.dispose();
    }
  }

  private readonly _body: Body;
  private readonly _button: HTMLButtonElement;
  private readonly _openChanged = new Signal<this, void>(this);
}

export namespace SectionPanel {
  /** What a section is made from. */
  export interface IOptions {
    id: SectionId;
    title: string;
    render: (props: ISectionProps) => JSX.Element | null;
    context: ISectionProps;
  }
}

/**
 * The body of a section: rendered when the model changes, and only while it can be seen.
 */
class Body extends ReactWidget {
  constructor(
    private readonly _content: SectionPanel.IOptions['render'],
    private readonly _context: ISectionProps
  ) {
    super();
    this.addClass('jp-HubPanel-body');
    for (const model of [
      _context.model,
      _context.intents,
      _context.done,
      _context.news,
      _context.requests
    ]) {
      model.stateChanged.connect(this._onStateChanged, this);
    }
  }

  protected render(): JSX.Element {
    const Content = this._content;
    return (
      <Boundary trans={this._context.trans}>
        <Content {...this._context} />
      </Boundary>
    );
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.update();
  }

  private _onStateChanged(): void {
    if (this.isVisible) {
      this.update();
    }
  }
}

/**
 * Make a section.
 *
 * @param id - Which one.
 * @param context - What it is rendered from.
 */
export function makeSection(
  id: SectionId,
  context: ISectionProps
): SectionPanel {
  const { model, trans } = context;
  const sections: Record<
    SectionId,
    Pick<SectionPanel.IOptions, 'title' | 'render'>
  > = {
    news: { title: trans.__('News'), render: NewsSection },
    hub: { title: trans.__('This hub'), render: HubSection },
    session: { title: trans.__('Your session'), render: SessionSection },
    right: { title: trans.__('Right to Replicate'), render: RightSection },
    help: { title: trans.__('Get help'), render: HelpSection },
    admin: { title: trans.__('Admin'), render: AdminSection },
    about: { title: trans.__('About'), render: AboutSection }
  };
  const section = new SectionPanel({ id, context, ...sections[id] });
  const refresh: Partial<Record<SectionId, () => Promise<void>>> = {
    hub: () => model.refreshInfo(),
    session: () => model.refreshSession()
  };
  if (refresh[id]) {
    section.toolbar.addItem(
      'refresh',
      ReactWidget.create(
        <Button
          bare
          label={trans.__('Refresh')}
          onClick={() => void refresh[id]!()}
        >
          <refreshIcon.react tag="span" />
        </Button>
      )
    );
  }
  return section;
}

// Keeps a fault in one section from emptying the panel. Called by sections/index.tsx.

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** What a boundary is made from. */
export interface IBoundaryProps {
  trans: TranslationBundle;
  children: React.ReactNode;
}

/**
 * Renders its children, or one calm line if they cannot be rendered.
 */
export class Boundary extends React.Component<
  IBoundaryProps,
  { failed: boolean }
> {
  state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  render(): React.ReactNode {
    return this.state.failed ? (
      <p className="jp-HubPanel-note" role="status">
        {this.props.trans.__('This part cannot be shown.')}
      </p>
    ) : (
      this.props.children
    );
  }
}

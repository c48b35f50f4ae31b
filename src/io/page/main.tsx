/** Where the page begins. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Overview } from '../../actors/live/views.ts';

const none: Overview | null = null;

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <main>{none === null ? 'telec' : ''}</main>
    </StrictMode>,
  );
}

/** The panel's icons: drawn in the colour of the text around them, hidden from screen readers. */

import type { JSX } from 'preact';

/** Paths on a 16 × 16 grid, drawn as lines. */
const PATHS: Record<string, string> = {
  data_preparation: 'M2.5 3h11L9.3 8.2v4.6l-2.6-1.4V8.2z',
  feature_engineering: 'M2.5 2.5h4.5v4.5H2.5zM2.5 9.5H7V14H2.5zM11.5 9v5M9 11.5h5M9.3 4.8h4.4',
  model_selection: 'M8 4.6v2.6M8 7.2L4 10.6M8 7.2l4 3.4M6.4 1.8h3.2v2.8H6.4zM2.4 10.6h3.2v3H2.4zM10.4 10.6h3.2v3h-3.2z',
  hyperparameter_tuning: 'M2 4.5h6M11 4.5h3M2 11.5h3M8 11.5h6M9.5 3v3M6.5 10v3',
  training_procedure: 'M13.2 6.2A5.5 5.5 0 1 0 13.5 9M13.6 2.8v3.5h-3.5',
  ensembling: 'M8 1.8l6 3-6 3-6-3zM2.2 8L8 10.9 13.8 8M2.2 11.1L8 14l5.8-2.9',
  post_processing: 'M2 8h7.5M6.8 5l3 3-3 3M13 3v10',
  gear: 'M8 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6L5 5M11 11l1.4 1.4M3.6 12.4L5 11M11 5l1.4-1.4',
  note: 'M3 2.5h10v8L9.8 13.5H3zM13 10.5H9.8v3M5.5 5.5h5M5.5 8h3',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  up: 'M8 13V3.4M4 7.2l4-4 4 4',
  down: 'M8 3v9.6M4 8.8l4 4 4-4',
  close: 'M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  idea: 'M5.8 11.2C5.6 9.6 4 8.8 4 6.3a4 4 0 0 1 8 0c0 2.5-1.6 3.3-1.8 4.9zM6.3 13.6h3.4',
  warning: 'M8 2.4l6 11.1H2zM8 6.4v3.4M8 11.6v.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.4v3.4M8 5.2v.01',
  refresh: 'M13.2 6.2A5.5 5.5 0 1 0 13.5 9M13.6 2.8v3.5h-3.5'
};

/** Draws an icon; a name that is not known is drawn as an idea. */
export function Icon({ name }: { name: string }): JSX.Element {
  const path = Object.prototype.hasOwnProperty.call(PATHS, name) ? PATHS[name] : PATHS.idea;
  return (
    <svg class={`mij-icon mij-icon-${name === 'more' ? 'dots' : 'line'}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

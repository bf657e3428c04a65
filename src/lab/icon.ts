/** The Ideator's mark: a bulb whose filament is a rising score. */

import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round">
    <path d="M5.7 11.3C5.5 9.6 3.7 8.8 3.7 6.2a4.3 4.3 0 0 1 8.6 0c0 2.6-1.8 3.4-2 5.1z"/>
    <path d="M6.2 13.8h3.6"/>
    <path d="M6 7.8l1.4-1.4 1 .9 1.6-2"/>
  </g>
</svg>`;

export const ideatorIcon = new LabIcon({ name: 'mle_ideator_jupyter:ideator', svgstr: SVG });

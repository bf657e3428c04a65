// Fails when the front end has grown too large: it is loaded with every JupyterLab page.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const zipped = file => gzipSync(readFileSync(file)).length;
const all = folder =>
  readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? all(path) : [path];
  });
const parts = [
  ['labextension', all('mle_ideator_jupyter/labextension/static').filter(f => /\.(js|css)$/.test(f)), 60_000],
  ['widget', ['mle_ideator_jupyter/static/widget.js'], 40_000]
];
let failed = false;
for (const [name, files, most] of parts) {
  const size = files.reduce((sum, file) => sum + zipped(file), 0);
  console.log(`${name}: ${(size / 1000).toFixed(1)} kB gzipped of ${most / 1000} kB`);
  failed ||= size > most;
}
process.exit(failed ? 1 : 0);

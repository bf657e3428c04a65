// Writes src/protocol.ts from the kernel package's wire module; with --check, fails when the file is stale.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { compile } from 'json-schema-to-typescript';

const file = 'src/protocol.ts';
const python = process.env.PYTHON ?? (existsSync('.venv/bin/python') ? '.venv/bin/python' : 'python3');
const code =
  'import json; from mle_ideator_jupyter import wire; print(json.dumps([wire.WIRE, wire.TARGET, wire.schema()]))';
const told = spawnSync(python, ['-c', code], { encoding: 'utf8' });
if (told.status !== 0) {
  console.error(`${python} cannot load mle_ideator_jupyter: ${told.stderr}\nset PYTHON to one that can`);
  process.exit(2);
}
const [number, target, { definitions }] = JSON.parse(told.stdout);
for (const part of Object.values(definitions)) {
  if (part.properties) part.additionalProperties = false;
  // Python before 3.13 keeps a docstring's indentation; the file is to be the same under each.
  if (part.description) part.description = part.description.replace(/^[ \t]+/gm, '');
  for (const property of Object.values(part.properties ?? {})) delete property.title;
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const body = await compile({ definitions, type: 'object', additionalProperties: false }, 'Wire', {
  bannerComment: '// GENERATED from mle_ideator_jupyter/wire by `jlpm build:protocol`; do not edit.',
  style: { singleQuote: true, trailingComma: 'none', arrowParens: 'avoid', printWidth: 120 },
  unreachableDefinitions: true,
  format: true
});
const plain = body
  .replace(/export interface Wire \{\}\n/, '')
  .replace(/( \*\n)? \* This interface was referenced by `Wire`'s JSON-Schema\n \* via the `definition` "\w+"\.\n/g, '')
  .replace(/\/\*\*\n \*\/\n/g, '');
const text = `${plain}
export type ApprovalMode = PanelState['approval_mode'];
export type Activity = PanelState['activity'];

/** Both ends say it first. */
export const WIRE = ${number};
/** The comm target's name. */
export const TARGET = '${target}';
/** The version of this package. */
export const VERSION = '${version}';
`;
if (process.argv.includes('--check')) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is stale: run \`jlpm build:protocol\``);
    process.exit(1);
  }
} else {
  writeFileSync(file, text);
}

import tseslint from 'typescript-eslint';

const jupyter = {
  group: ['@jupyterlab/*', '@jupyter/*', '@lumino/*'],
  message: 'JupyterLab and Lumino belong to src/lab.'
};
const inside = {
  group: ['**/panel/*', '!**/panel/host', '!**/panel/merging'],
  message: "Take the panel through its door, '../panel'."
};
const lab = ['src/lab/**', 'src/index.ts'];

export default tseslint.config(
  { ignores: ['lib/', 'src/protocol.ts'] },
  ...tseslint.configs.strict,
  { rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'no-console': 'error' } },
  { files: ['src/**'], ignores: lab, rules: { 'no-restricted-imports': ['error', { patterns: [jupyter] }] } },
  { files: lab, ignores: ['**/*.test.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [inside] }] } }
);

// What `jlpm test` runs.
const jestJupyterLab = require('@jupyterlab/testutils/lib/jest-config');

const publishedAsEsModules = [
  '@codemirror',
  '@jupyter/',
  '@jupyterlab/',
  '@microsoft/',
  'exenv-es6',
  'lib0',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

const base = jestJupyterLab(__dirname);

module.exports = {
  ...base,
  automock: false,
  collectCoverageFrom: ['src/**/*.{ts,tsx}', '!src/**/__tests__/**'],
  coverageReporters: ['lcov', 'text'],
  reporters: ['default'],
  setupFilesAfterEnv: ['acting', 'patience'].map(
    name => `<rootDir>/src/__tests__/${name}.ts`
  ),
  testTimeout: 60_000,
  roots: ['<rootDir>/src', '<rootDir>/style'],
  testRegex: 'src/__tests__/.*\\.spec\\.tsx?$',
  transformIgnorePatterns: [`/node_modules/(?!${publishedAsEsModules}).+`]
};

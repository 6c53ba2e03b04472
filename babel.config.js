// How Jest reads modules that are published as ES modules only.
module.exports = require('@jupyterlab/testutils/lib/babel.config');

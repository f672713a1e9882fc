// The same names for `import`.

import https from './https.js';

export const { Agent, globalAgent, Server, createServer, get, request } = https;

export default https;

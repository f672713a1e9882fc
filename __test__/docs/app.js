'use strict';

// A program that knows nothing of rust-http, for `node -r rust-http/register app.js`.

const http = require('http');

console.log(http.Server === require('rust-http').Server);

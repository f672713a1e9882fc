'use strict';
// Decides from the head of a request whether the handler gets it.
//
// Before Node 26.12, node reads the headers object for that: the object exists from then on, and later changes to `rawHeaders` do not
// reach it. From 26.12 on, node searches the raw list, and makes the object when the program reads it. As long as no code of the
// program can have run, the fields that the parser saw are valid for both.

const { Boolean } = require('../globals/primordials');
const { channel } = require('../globals/at-load');
const { continueExpression, kIncomingMessage } = require('../message/parsers');
const { IncomingMessage, addHeaderLine, addHeaderLines, kHeadersCount, presetHeaders, rawField } = require('../message/incoming');
const { asksBeforeUpgrade, asksHeaders, upgradesBehindBody } = require('../compat/node-features');
const { kFields } = require('../parser/parser');
const { CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING } = require('../parser/fields');
const { upgradesIfHeard } = require('./defaults');
const { ServerResponse } = require('./response');
const { kServerResponse } = require('./symbols');

const onRequestStart = channel('http.server.request.start');
const onResponseCreated = channel('http.server.response.created');

const NAMES = { [CONTENT_LENGTH]: 'content-length', [EXPECT]: 'expect', [HOST]: 'host', [TRANSFER_ENCODING]: 'transfer-encoding' };

/**
 * Whether code of the program can have run between the parser and the handler of a request: then only the message itself is a valid source.
 * @param {http.Server} server
 * @param {boolean} asked whether the program has been asked about an upgrade
 * @returns {boolean}
 */
function isReached(server, asked) {
  return asked || server[kIncomingMessage] !== IncomingMessage || server[kServerResponse] !== ServerResponse ||
    onRequestStart.hasSubscribers || onResponseCreated.hasSubscribers;
}

// `maxHeadersCount` may have dropped a field from the list that the headers object is made of.
function has(parser, req, reached, field) {
  if (!reached && req[kHeadersCount] === req.rawHeaders.length) return parser[kFields].has(req.rawHeaders, field);
  return (asksHeaders() ? req.headers[NAMES[field]] : rawField(req, NAMES[field])) !== undefined;
}

/** @returns {boolean} whether another protocol takes over the connection */
function acceptsUpgrade(server, req) {
  if (!asksBeforeUpgrade) return server.listenerCount('upgrade') > 0;
  return Boolean(server.shouldUpgradeCallback(req));
}

/**
 * Whether code of the program can already have a request whose head has come, and through it the socket.
 * @param {http.Server} server
 * @param {http.IncomingMessage} req that upgrades, and so needs no response
 * @returns {boolean}
 */
function isShown(server, req) {
  return isReached(server, asksBeforeUpgrade && server.shouldUpgradeCallback !== upgradesIfHeard) ||
    req._addHeaderLine !== addHeaderLine || req._addHeaderLines !== addHeaderLines;
}

/**
 * RFC 9112 section 6.3: a request without either of these fields has no body.
 * @param {http.HTTPParser} parser
 * @param {http.IncomingMessage} req
 * @param {boolean} reached see isReached()
 * @returns {boolean}
 */
function announcesNoBody(parser, req, reached) {
  if (reached && asksHeaders()) {
    const { headers } = req;
    return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
  }
  return !has(parser, req, reached, CONTENT_LENGTH) && !has(parser, req, reached, TRANSFER_ENCODING);
}

/**
 * @param {http.IncomingMessage} req that upgrades
 * @returns {boolean} whether it has a body, after which the other protocol begins
 */
function hasOwnBody(req) {
  return req.method !== 'CONNECT' && (rawField(req, 'content-length') ?? rawField(req, 'transfer-encoding')) !== undefined && upgradesBehindBody();
}

/**
 * Applies the rules for HTTP/1.1 requests.
 * @param {http.HTTPParser} parser
 * @param {Connection} connection
 * @param {http.IncomingMessage} req
 * @param {http.ServerResponse} res
 * @param {boolean} reached see isReached()
 * @returns {boolean} whether the request goes to the 'request' event
 */
function admit(parser, connection, req, res, reached) {
  if (asksHeaders() && !reached) presetHeaders(req, parser[kFields]);
  if (req.httpVersionMajor !== 1 || req.httpVersionMinor !== 1) return true;
  const { server, socket } = connection;

  // RFC 9112 section 3.2: a server MUST respond with 400 to any HTTP/1.1 request message that lacks a Host header field.
  if (server.requireHostHeader && !has(parser, req, reached, HOST)) {
    res.writeHead(400, ['Connection', 'close']);
    res.end();
    return false;
  }

  const limit = server.maxRequestsPerSocket;
  if (typeof limit === 'number' && limit > 0) {
    connection.requestCount++;
    res.maxRequestsOnConnectionReached = limit <= connection.requestCount;
    if (limit < connection.requestCount) {
      server.emit('dropRequest', req, socket);
      res.writeHead(503);
      res.end();
      return false;
    }
  }

  // RFC 9110 section 10.1.1.
  return !has(parser, req, reached, EXPECT) || admitExpectation(server, req, res);
}

function admitExpectation(server, req, res) {
  if (continueExpression.test(asksHeaders() ? req.headers.expect : rawField(req, 'expect'))) {
    res._expect_continue = true;
    if (server.listenerCount('checkContinue') > 0) {
      server.emit('checkContinue', req, res);
      return false;
    }
    res.writeContinue();
    return true;
  }
  if (server.listenerCount('checkExpectation') > 0) {
    server.emit('checkExpectation', req, res);
  } else {
    res.writeHead(417);
    res.end();
  }
  return false;
}

module.exports = { acceptsUpgrade, admit, announcesNoBody, hasOwnBody, isReached, isShown };

'use strict';

/** Reports requests to their observers: subscribers of the `http.client.*` diagnostics channels, and performance observers. */

const diagnostics = require('diagnostics_channel');
const performance = require('./server-entries');
const { lazy } = require('../compat/lazy');
const { publishesCreation, publishesErrors } = require('../compat/node-features');
const entries = lazy(() => require('./client-entries'));

const created = diagnostics.channel('http.client.request.created');
const start = diagnostics.channel('http.client.request.start');
const error = diagnostics.channel('http.client.request.error');
const response = diagnostics.channel('http.client.response.finish');

/** The request object is complete. @param {ClientRequest} req */
function made(req) {
  if (publishesCreation && created.hasSubscribers) created.publish({ request: req });
}

/** The request is completely written. @param {ClientRequest} req */
function started(req) {
  if (performance.observed) entries().begin(req);
  if (start.hasSubscribers) start.publish({ request: req });
}

/** @param {ClientRequest} req @param {Error} reason */
function failed(req, reason) {
  if (error.hasSubscribers && publishesErrors()) error.publish({ request: req, error: reason });
}

/** The head of the response has come. @param {ClientRequest} req @param {IncomingMessage} res */
function answered(req, res) {
  if (performance.observed) entries().end(req, res);
  if (response.hasSubscribers) response.publish({ request: req, response: res });
}

/** A request is about to be sent. @param {boolean} isFirst whether it is the first on its connection */
function starting(isFirst) {
  if (isFirst) performance.lookNow();
  else performance.look();
}

module.exports = { answered, failed, made, started, starting };

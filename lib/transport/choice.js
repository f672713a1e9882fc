'use strict';
// The driver of the connections of a server or an agent. It is opened when a server listens; what handles its events is loaded with
// the first event.

const { lazy } = require('../compat/lazy');
const { driverOf } = require('./drivers');
const { STREAM, recordOf } = require('./owner-state');

const events = lazy(() => require('./events'));

function onEvent(driver, index, kind, value, text) {
  return events().onEvent(driver, index, kind, value, text);
}

function onBatch(driver, count, texts) {
  return events().onBatch(driver, count, texts);
}

/**
 * @param {string} name NATIVE or OFFLOAD
 * @returns {object|null} the driver; null if this thread can have none
 */
function driverNamed(name) {
  return driverOf(name, onEvent, onBatch);
}

/**
 * @param {net.Server|Agent} owner
 * @returns {'native'|'offload'|'stream'} 'native' or 'offload' if the core reads its plain connections, 'stream' if it cannot or should not
 */
function transportOf(owner) {
  const { name } = recordOf(owner);
  return name === STREAM || driverNamed(name) === null ? STREAM : name;
}

module.exports = { driverNamed, transportOf };

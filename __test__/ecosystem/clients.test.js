'use strict';

// Client packages over ours, against servers on the built-in http of this process.

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');
const { ways, start } = require('./ways');
const { startOrigin, startProxy, digestOfLarge } = require('./origin');

const mebi = 1024 * 1024;
// A pipe with backpressure holds what the high-water marks on its way allow, and a read or two of 64 KiB.
const flatMiB = 2;

const packages = [
  { name: 'got', app: 'got.js', timeoutCode: 'ETIMEDOUT', abortName: 'TimeoutError', resetCode: 'ECONNRESET' },
  { name: 'axios', app: 'axios.js', timeoutCode: 'ECONNABORTED', abortName: 'CanceledError', resetCode: 'ECONNRESET' },
  { name: 'node-fetch', app: 'node-fetch.js', abortName: 'AbortError', resetCode: 'ECONNRESET' },
  { name: 'superagent', app: 'superagent.js', timeoutCode: 'ECONNABORTED', resetCode: 'ECONNRESET', noUpload: true },
];

for (const way of ways) {
  describe(`clients with ${way.name}`, () => {
    let origin;
    let proxy;

    before(async () => {
      [origin, proxy] = await Promise.all([startOrigin(), startProxy()]);
    });
    beforeEach(() => {
      origin.reset();
      Object.assign(proxy.seen, { forwarded: 0, tunnels: 0 });
    });
    after(() => Promise.all([origin?.stop(), proxy?.stop()]));

    function program(app, ...args) {
      const running = {};
      before(async () => Object.assign(running, await start(way, app, ...args)));
      after(() => running.stop?.());
      it('stands on the http that is meant', () => {
        assert.equal(running.ready.ours, way.ours);
      });
      return running;
    }

    describe('the module itself', () => {
      const app = program('clients/plain.js');

      it('keeps one connection for requests that follow each other', async () => {
        assert.deepEqual(await app.call('sequence', `${origin.url}/small`, 5), [false, true, true, true, true]);
        assert.equal(origin.seen.connections, 1);
      });

      it('holds maxSockets under 100 requests at once', async () => {
        const statuses = await app.call('crowd', `${origin.url}/small`, 100, 7);
        assert.deepEqual(statuses, Array(100).fill(200));
        assert.equal(origin.seen.connections, 7);
      });

      for (const chunked of [false, true]) {
        it(`pipes an upload of 100 MiB, ${chunked ? 'chunked' : 'of known length'}, with flat memory`, async () => {
          const { value, grownMiB } = await app.call('upload', `${origin.url}/count`, 100 * mebi, chunked);
          assert.deepEqual(value, { bytes: 100 * mebi, length: chunked ? null : String(100 * mebi) });
          assert.ok(grownMiB < flatMiB, `grew by ${grownMiB} MiB`);
        });
      }

      it('pipes a download of 100 MiB with flat memory', async () => {
        const { value, grownMiB } = await app.call('download', `${origin.url}/large/${100 * mebi}`);
        assert.equal(value, digestOfLarge(100 * mebi));
        assert.ok(grownMiB < flatMiB, `grew by ${grownMiB} MiB`);
      });

      it('times out if no answer comes', async () => {
        const { message, ms } = await app.call('timeout', `${origin.url}/silence`, 100);
        assert.equal(message, 'too slow');
        assert.ok(ms >= 95 && ms < 2000, `${ms} ms`);
      });

      it('ends a request by a signal', async () => {
        assert.deepEqual(await app.call('signal', `${origin.url}/silence`, 50), { name: 'AbortError', code: 'ABORT_ERR' });
      });

      it('reports a truncated answer when the request is destroyed', async () => {
        assert.deepEqual(await app.call('destroyInAnswer', `${origin.url}/stall`), ['aborted', 'error ECONNRESET', 'close']);
      });

      it('fails with ECONNRESET when the server resets', async () => {
        await assert.rejects(app.call('get', `${origin.url}/reset`), { code: 'ECONNRESET' });
      });
    });

    for (const { name, app: file, timeoutCode, abortName, resetCode, noUpload } of packages) {
      describe(name, () => {
        const app = program(`clients/${file}`);

        it('gets, and keeps the connection', async () => {
          for (let i = 0; i < 3; i++) {
            const { status, text } = await app.call('get', `${origin.url}/small`);
            assert.deepEqual([status, text], [200, 'small answer']);
          }
          assert.equal(origin.seen.connections, 1);
        });

        it('follows redirects', async () => {
          const { status, text, redirects } = await app.call('get', `${origin.url}/redirect/3`);
          assert.deepEqual([status, text], [200, 'small answer']);
          assert.ok(redirects >= 1);
          assert.equal(origin.seen.requests, 4);
        });

        it('sends JSON', async () => {
          const echoed = await app.call('json', `${origin.url}/echo`, { text: 'grüße €' });
          assert.equal(echoed.method, 'POST');
          assert.match(echoed.headers['content-type'], /^application\/json/);
          assert.deepEqual(JSON.parse(echoed.body), { text: 'grüße €' });
        });

        if (!noUpload) {
          it('pipes an upload', async () => {
            const { bytes } = await app.call('upload', `${origin.url}/count`, 20 * mebi);
            assert.equal(bytes, 20 * mebi);
          });
        }

        if (timeoutCode) {
          it('times out', async () => {
            await assert.rejects(app.call('timeout', `${origin.url}/silence`, 100), { code: timeoutCode });
          });
        }

        if (abortName) {
          it('aborts, and the server sees it', async () => {
            const isSeen = () => origin.seen.cut.includes('/silence/aborted');
            // On a busy machine it may be aborted before it has reached the server.
            for (let ms = 50; ms < 5000 && !isSeen(); ms *= 2) {
              await assert.rejects(app.call('abort', `${origin.url}/silence/aborted`, ms), { name: abortName });
              const deadline = Date.now() + 1000;
              while (!isSeen() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
            }
            assert.ok(isSeen());
          });
        }

        it('reports a reset', async () => {
          await assert.rejects(app.call('get', `${origin.url}/reset`), { code: resetCode });
        });
      });
    }

    describe('got', () => {
      const app = program('clients/got.js');

      it('tries again after 503', async () => {
        assert.equal(await app.call('retry', `${origin.url}/flaky`), 'attempt 3');
      });
    });

    describe('supertest', () => {
      const app = program('clients/superagent.js');

      it('sends requests to an app on its own port', async () => {
        assert.deepEqual(await app.call('supertest', 21), { value: 42 });
      });
      it('keeps cookies between requests', async () => {
        assert.equal(await app.call('supertestCookies'), 'who=ann');
      });
      it('fails when an expectation does not hold', async () => {
        await assert.rejects(app.call('supertestFails'), /expected 404/);
      });
    });

    describe('follow-redirects', () => {
      const app = program('clients/follow-redirects.js');

      it('follows redirects and reports the final URL', async () => {
        assert.deepEqual(await app.call('get', `${origin.url}/redirect/4`), { status: 200, text: 'small answer', url: `${origin.url}/small` });
      });
      it('stops after maxRedirects', async () => {
        await assert.rejects(app.call('get', `${origin.url}/redirect/4`, { maxRedirects: 2 }), { code: 'ERR_FR_TOO_MANY_REDIRECTS' });
      });
      it('sends the body again after 307, and turns POST into GET after 303', async () => {
        const again = JSON.parse((await app.call('post', `${origin.url}/redirect/1?status=307&to=/echo`, 'body')).text);
        assert.deepEqual([again.method, again.body], ['POST', 'body']);
        const turned = JSON.parse((await app.call('post', `${origin.url}/redirect/1?status=303&to=/echo`, 'body')).text);
        assert.deepEqual([turned.method, turned.body], ['GET', '']);
      });
    });

    describe('agents built on Agent', () => {
      const app = program('clients/agents.js');

      it('agentkeepalive reuses one socket', async () => {
        assert.deepEqual(await app.call('agentkeepalive', `${origin.url}/small`, 5), { statuses: Array(5).fill(200), created: 1, requests: 5 });
        assert.equal(origin.seen.connections, 1);
      });
      it('agentkeepalive drops a socket that was free for too long', async () => {
        assert.deepEqual(await app.call('agentkeepaliveFreeTimeout', `${origin.url}/small`, 200), { timeoutSocketCount: 1, free: 0, again: 200 });
        assert.equal(origin.seen.connections, 2);
      });
      it('agentkeepalive times out a request', async () => {
        await assert.rejects(app.call('agentkeepaliveTimeout', `${origin.url}/silence`), { code: 'ERR_SOCKET_TIMEOUT' });
      });
      it('agent-base connects once per request, or once in all with keepAlive, and counts its sockets down to none', async () => {
        const statuses = [200, 200, 200];
        assert.deepEqual(await app.call('agentBase', `${origin.url}/small`, false), { connects: 3, statuses });
        assert.deepEqual(await app.call('agentBase', `${origin.url}/small`, true), { connects: 1, statuses });
      });
      it('agent-base passes on why it could not connect', async () => {
        await assert.rejects(app.call('agentBaseFails', `${origin.url}/small`), { code: 'ENOWAY' });
      });
      it('http-proxy-agent asks through a proxy', async () => {
        const answers = await app.call('httpProxy', `${origin.url}/small`, proxy.url);
        assert.deepEqual(answers.map((a) => a.text), ['small answer', 'small answer']);
        assert.equal(proxy.seen.forwarded, 2);
      });
      it('https-proxy-agent tunnels to http and to https by CONNECT', async () => {
        for (const url of [origin.url, origin.secureUrl]) {
          const answers = await app.call('connectProxy', `${url}/small`, proxy.url);
          assert.deepEqual(answers.map((a) => a.text), ['small answer', 'small answer']);
        }
        assert.equal(proxy.seen.tunnels, 2);
        assert.equal(proxy.seen.forwarded, 0);
      });
      it('proxy-agent chooses the way by the URL', async () => {
        const answers = [...await app.call('proxyAgent', `${origin.url}/small`, proxy.url), ...await app.call('proxyAgent', `${origin.secureUrl}/small`, proxy.url)];
        assert.deepEqual(answers.map((a) => a.text), Array(4).fill('small answer'));
        assert.ok(proxy.seen.tunnels >= 1);
      });
    });

    // The package requires a dependency that is an ES module, which works since Node 20.19 and 22.12.
    describe('light-my-request', { skip: !process.features.require_module && 'needs require() of an ES module' }, () => {
      const app = program('clients/light-my-request.js');

      it('answers without a socket', async () => {
        const { isResponse, ...rest } = await app.call('plain');
        assert.deepEqual(rest, { status: 202, text: 'PUT /thing?x=1 content', header: 'yes' });
        // the package itself requires 'http', which is ours with the preload only
        assert.equal(isResponse, way.module === 'node:http');
      });
      it('drives an Express app', async () => {
        assert.deepEqual(await app.call('express'), { status: 200, json: { body: { a: 1 }, header: 'ok' }, cookies: ['seen=1'] });
      });
    });

    // nock replaces the exports of the built-in module, which are ours only with the preload
    if (way.module === 'node:http') {
      for (const version of ['nock13', 'nock14']) {
        describe(version, () => {
          const app = program('clients/nock.js', version);

          it('answers instead of a server', async () => {
            const { answers, done } = await app.call('intercept');
            assert.deepEqual(answers, [{ status: 200, text: 'from nock', isMessage: true }, { status: 201, text: 'got sent', isMessage: true }]);
            assert.equal(done, true);
          });
          it('fails instead of a server', async () => {
            await assert.rejects(app.call('replyError'), { code: 'EBROKEN' });
          });
          it('lets other requests through', async () => {
            assert.equal((await app.call('through', `${origin.url}/small`)).text, 'small answer');
          });
          it('refuses other requests when told to', async () => {
            await assert.rejects(app.call('refuse', `${origin.url}/small`), { code: 'ENETUNREACH' });
          });
        });
      }
    }
  });
}

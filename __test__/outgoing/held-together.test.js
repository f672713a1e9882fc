'use strict';
// Pieces of a chunked body written in one turn: the bytes on the wire are node's, whatever the pieces are.

const assert = require('node:assert');
const { everyWay, get, until } = require('../transport/ways');

const BODIES = {
  'ASCII': [['one'], ['two', 'utf8'], ['three', 'latin1']],
  'text in UTF-8': [['é'], ['€', 'utf8'], ['x']],
  'text in latin1': [['é', 'latin1'], ['ÿ', 'latin1']],
  'text in both': [['é', 'latin1'], ['é', 'utf8'], ['e']],
  'the halves of a surrogate pair': [['a\ud83d'], ['\ude00b']],
  'a whole surrogate pair': [['\ud83d\ude00'], ['\ud83d\ude00']],
  'text in base64 and hex': [['eHl6', 'base64'], ['4142', 'hex'], ['z']],
  'bytes and text': [[Buffer.from('é')], ['é'], [Buffer.from([0, 255])]],
  'empty pieces': [[''], ['é'], ['']],
  'one piece': [['data: é\n\n']],
  'more than the high-water mark': [['é'.repeat(40_000)], ['x'.repeat(40_000)]],
};
const HEADS = { 'a plain head': [], 'a head with a latin1 field': [['X-Name', 'é']] };

for (const [name, pieces] of Object.entries(BODIES)) {
  for (const [about, fields] of Object.entries(HEADS)) {
    for (const corks of [false, true]) {
      everyWay(`${name}${corks ? ', corked' : ''}, behind ${about}`, async (way) => {
        const answers = [];
        const server = await way.serve((req, res) => {
          for (const [field, value] of fields) res.setHeader(field, value);
          res.sendDate = false;
          if (corks) res.cork();
          for (const [data, encoding] of pieces) answers.push(res.write(data, encoding));
          if (corks) res.uncork();
          // In a later turn, so that there is no head to join.
          setImmediate(() => {
            for (const [data, encoding] of pieces) answers.push(res.write(data, encoding));
            setImmediate(() => res.end(() => answers.push('ended')));
          });
        });
        const client = await way.connect(server);
        client.write(get('/'));
        await until(() => client.text.endsWith('\r\n0\r\n\r\n'));
        await until(() => answers.includes('ended'));
        assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/);
        return [client.text, answers];
      });
    }
  }
}

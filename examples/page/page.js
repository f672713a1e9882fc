'use strict';
/* global document, EventSource, location, XMLHttpRequest */

const element = (id) => document.getElementById(id);
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

function show(name, bytes, total) {
  element(name).value = total > 0 ? bytes / total : 1;
  element(`${name}-text`).value = `${mebibytes(bytes)} of ${mebibytes(total)} MiB`;
}

// What the browser has sent: only XMLHttpRequest reports it.
element('upload').addEventListener('click', () => {
  const file = element('file').files[0];
  if (file === undefined) return;
  element('digest').textContent = '';
  const request = new XMLHttpRequest();
  request.upload.onprogress = ({ loaded, total }) => show('sent', loaded, total);
  request.onload = () => {
    element('digest').textContent = JSON.parse(request.response).sha256;
  };
  request.onerror = () => {
    element('digest').textContent = 'the upload has failed';
  };
  request.open('POST', 'upload');
  request.send(file);
});

// What the server has received.
let heard = 0;
const events = new EventSource('events');
events.onopen = () => {
  element('events').value = 'connected';
};
events.onerror = () => {
  element('events').value = 'connecting again';
};
events.addEventListener('received', ({ data }) => {
  const { bytes, total } = JSON.parse(data);
  show('received', bytes, total);
  element('events').value = `connected, ${++heard} heard`;
});

const socket = new WebSocket(`ws://${location.host}/echo`);
socket.onmessage = ({ data }) => {
  const line = document.createElement('li');
  line.textContent = data;
  element('said').append(line);
};
element('say').addEventListener('submit', (event) => {
  event.preventDefault();
  socket.send(element('text').value);
});

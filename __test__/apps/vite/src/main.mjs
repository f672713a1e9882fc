/* global document, location */

import './style.css';
import { text } from './text.mjs';

const show = (id, value) => {
  document.getElementById(id).textContent = value;
};
show('text', text);
fetch('/api/echo', { method: 'POST', body: 'through the proxy' }).then((res) => res.text()).then((answer) => show('api', answer));
const socket = new WebSocket(`ws://${location.host}/talk`);
socket.onopen = () => socket.send('hello');
socket.onmessage = ({ data }) => show('talk', data);
import.meta.hot.accept('./text.mjs', (changed) => show('text', changed.text));

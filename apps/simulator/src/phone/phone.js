/* global document, window, EventSource, fetch, requestAnimationFrame */
// Owns the phone page: listens to the handset's events, keeps the chat in order,
// scrolls with it, and tells the simulator that the person has read it.

import { createBubble, updateBubble } from './bubble.js';
import { showDelivery } from './delivery.js';

const written = decodeURIComponent(window.location.pathname.split('/').filter(Boolean).pop());
const isMailbox = written.includes('@');
const address = isMailbox ? written : written.replace(/\D/g, '');
const api = `/_sim/phones/${encodeURIComponent(address)}`;
const chat = document.getElementById('chat');
const list = document.getElementById('messages');
const newest = document.getElementById('newest');
/** Closer to the end than this counts as reading along. */
const NEAR_END_PX = 120;

const state = { bubbles: new Map(), last: undefined, unread: false };

function announce(text) {
  document.getElementById('announcer').textContent = text;
}

function showNumber({ display, number }) {
  document.title = display;
  document.getElementById('number').textContent = display;
  document.getElementById('empty-number').textContent = isMailbox ? number : `+${number}`;
}

function clear() {
  list.replaceChildren();
  state.bubbles.clear();
  state.last = undefined;
  refresh();
}

function show(message) {
  const known = state.bubbles.get(message.id);
  if (known) updateBubble(known, message, announce);
  else append(message);
  if (!state.last || message.seq >= state.last.seq) state.last = message;
  state.unread ||= message.status === 'delivered';
}

function append(message) {
  const bubble = createBubble(message, announce);
  state.bubbles.set(message.id, bubble);
  runFor(message).querySelector('.bubbles').append(bubble);
}

/** Bubbles in a row from one sender stand under one name; a new day starts anew. */
function runFor(message) {
  const day = new Date(message.receivedAt).toDateString();
  const key = `${message.channel} ${message.senderDisplay} ${day}`;
  const current = list.lastElementChild;
  if (current?.dataset.key === key) return current;
  if (list.querySelector('.day:last-of-type')?.dataset.day !== day)
    list.append(dayMark(day, message.receivedAt));
  const run = document.getElementById('run-template').content.firstElementChild.cloneNode(true);
  run.dataset.key = key;
  run.querySelector('.avatar').textContent = initialsOf(message.senderName);
  run.querySelector('.sender-name').textContent = message.senderName;
  run.querySelector('.sender-detail').textContent =
    `${channelName(message.channel)} · ${message.senderDisplay}`;
  list.append(run);
  return run;
}

function dayMark(day, at) {
  const mark = document.createElement('li');
  mark.className = 'day';
  mark.dataset.day = day;
  const today = day === new Date().toDateString();
  mark.textContent = today
    ? 'Today'
    : new Intl.DateTimeFormat(undefined, { dateStyle: 'long' }).format(new Date(at));
  return mark;
}

function channelName(channel) {
  return { whatsapp: 'WhatsApp', email: 'E-mail' }[channel] ?? channel;
}

function initialsOf(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join('');
}

function nearEnd() {
  return chat.scrollHeight - chat.scrollTop - chat.clientHeight < NEAR_END_PX;
}

function toEnd() {
  chat.scrollTop = chat.scrollHeight;
  newest.hidden = true;
}

function refresh() {
  document.getElementById('empty').hidden = state.bubbles.size > 0;
  showDelivery(state.last);
  void markRead();
}

/** Blue ticks: only while somebody can see the page. */
async function markRead() {
  if (!state.unread || document.visibilityState !== 'visible') return;
  state.unread = false;
  await fetch(`${api}/read`, { method: 'POST' }).catch(() => {
    state.unread = true;
  });
}

function connect() {
  const connection = document.getElementById('connection');
  const events = new EventSource(`${api}/events`);
  events.addEventListener('open', () => {
    connection.textContent = 'Live';
    connection.dataset.state = 'live';
  });
  events.addEventListener('error', () => {
    connection.textContent = 'Connection lost, trying again…';
    connection.dataset.state = 'lost';
  });
  events.addEventListener('snapshot', ({ data }) => {
    const handset = JSON.parse(data);
    showNumber(handset);
    clear();
    handset.messages.forEach(show);
    refresh();
    requestAnimationFrame(toEnd);
  });
  events.addEventListener('message', ({ data }) => {
    const follow = nearEnd();
    const known = state.bubbles.size;
    show(JSON.parse(data));
    refresh();
    if (follow) toEnd();
    else if (state.bubbles.size > known) newest.hidden = false;
  });
  events.addEventListener('cleared', clear);
}

newest.addEventListener('click', toEnd);
chat.addEventListener('scroll', () => {
  if (nearEnd()) newest.hidden = true;
});
document.addEventListener('visibilitychange', () => void markRead());
showNumber({ display: isMailbox ? address : `+${address}`, number: address });
connect();

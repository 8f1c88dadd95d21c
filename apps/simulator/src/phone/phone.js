/* global document, window, EventSource, fetch, requestAnimationFrame */
// Owns the phone page: listens to the handset's events, keeps the messages, opens the
// newest chat, and tells the simulator what the person has read and answered.

import { createBubble, markPressed, updateBubble } from './bubble.js';
import { channelOf, showBar, showChats } from './chats.js';
import { askedContact, showContacts } from './contacts.js';
import { showDelivery } from './delivery.js';

const written = decodeURIComponent(window.location.pathname.split('/').filter(Boolean).pop());
const isMailbox = written.includes('@');
const address = isMailbox ? written : written.replace(/\D/g, '');
const api = `/_sim/phones/${encodeURIComponent(address)}`;
const byId = (id) => document.getElementById(id);
const [scroller, list, newest, composer, words] = [
  byId('chat'),
  byId('messages'),
  byId('newest'),
  byId('composer'),
  byId('words'),
];
/** Closer to the end than this counts as reading along. */
const NEAR_END_PX = 120;

/**
 * `bubbles` and `messages` by message id. `chats` by key, the newest last, each with the ids of its messages, and with
 * `contact` where nothing was said yet. `picked`: the person has chosen the open one. `told`: messages that the simulator was told are read.
 */
const state = {
  bubbles: new Map(),
  messages: new Map(),
  chats: new Map(),
  told: new Set(),
  open: undefined,
  picked: false,
};

let asked = askedContact(window.location.search);

function announce(text) {
  byId('announcer').textContent = text;
}

function showNumber({ display, number }) {
  document.title = display;
  byId('number').textContent = display;
  byId('empty-number').textContent = isMailbox ? number : `+${number}`;
}

function clear() {
  for (const known of [state.bubbles, state.messages, state.chats, state.told]) known.clear();
  Object.assign(state, { open: undefined, picked: false });
  list.replaceChildren();
  refresh();
}

/** Takes a message that is new or changed. */
function take(message) {
  const known = state.bubbles.get(message.id);
  const pressed = message.own?.button;
  state.messages.set(message.id, message);
  if (known) updateBubble(known, message, hands);
  else state.bubbles.set(message.id, createBubble(message, hands));
  if (pressed !== undefined) markPressed(state.bubbles.get(message.own.answers), pressed);
  const chat = state.chats.get(message.chat) ?? { key: message.chat, messages: [] };
  if (!known) {
    chat.messages.push(message.id);
    // The newest chat is the last of the map.
    state.chats.delete(chat.key);
    state.chats.set(chat.key, chat);
  }
  return !known;
}

const hands = {
  announce,
  textOf: (id) => state.messages.get(id)?.text,
  press: (messageId, buttonIndex) => reply({ messageId, buttonIndex }),
};

/** A chat in which nothing was said yet. */
function startChat(contact) {
  const key = `${contact.channel}:${contact.address}`;
  if (!state.chats.has(key)) state.chats.set(key, { key, messages: [], contact });
  pick(key);
  words.focus();
}

/** What stands over a chat: of its first message, or of whom it is to be written to. */
function faceOf({ messages, contact }) {
  if (messages.length > 0) return state.messages.get(messages[0]);
  return { channel: contact.channel, senderName: contact.name, senderDisplay: contact.address };
}

function open(key) {
  state.open = key;
  list.replaceChildren();
  for (const id of state.chats.get(key)?.messages ?? []) append(state.messages.get(id));
  refresh();
  requestAnimationFrame(toEnd);
}

/** The newest, until the person picks one. */
function newestChat() {
  return [...state.chats.keys()].at(-1);
}

function append(message) {
  const day = new Date(message.receivedAt).toDateString();
  if ([...list.querySelectorAll('.day')].at(-1)?.dataset.day !== day)
    list.append(dayMark(day, message.receivedAt));
  list.append(state.bubbles.get(message.id));
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

function nearEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  newest.hidden = true;
}

function messagesOf(chat) {
  return (chat?.messages ?? []).map((id) => state.messages.get(id));
}

function unreadOf(chat) {
  return messagesOf(chat).filter(({ status, own }) => status === 'delivered' && !own);
}

function refresh() {
  byId('empty').hidden = state.bubbles.size > 0;
  const summaries = [...state.chats.values()].reverse().map((chat) => ({
    key: chat.key,
    first: faceOf(chat),
    unread: unreadOf(chat).length,
  }));
  showChats(summaries, state.open, pick);
  const chat = state.chats.get(state.open);
  const face = chat && faceOf(chat);
  const shown = messagesOf(chat);
  showBar(face);
  composer.hidden = !(face && channelOf(face.channel).answers);
  showDelivery(shown.findLast(({ own }) => !own));
  void markRead();
}

function pick(key) {
  state.picked = true;
  open(key);
}

/** Blue ticks: of the open chat, and only while somebody can see the page. Each message is told once. */
async function markRead() {
  if (document.visibilityState !== 'visible') return;
  const seen = unreadOf(state.chats.get(state.open)).filter(({ id }) => !state.told.has(id));
  if (seen.length === 0) return;
  for (const { id } of seen) state.told.add(id);
  const answer = await post('read', { chat: state.open }).catch(() => undefined);
  if (!answer?.ok) for (const { id } of seen) state.told.delete(id);
}

const reply = (request) => say('reply', request);

async function say(what, request) {
  const answer = await post(what, request).catch(() => undefined);
  if (answer?.ok) return true;
  announce('Not sent');
  return false;
}

function post(what, body) {
  return fetch(`${api}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function hear(message) {
  const follow = nearEnd();
  const isNew = take(message);
  const isOpen = message.chat === state.open;
  if (isNew && !isOpen && !state.picked) return open(message.chat);
  if (isNew && isOpen) append(message);
  refresh();
  if (isOpen && (follow || message.own)) toEnd();
  else if (isOpen && isNew) newest.hidden = false;
  else if (isNew) announce(`New message from ${message.senderName}`);
}

/** Once: the address stays as it is when the connection comes back. */
function writeWhatIsAsked() {
  const { contact, text } = asked ?? {};
  asked = undefined;
  if (!contact) return;
  startChat(contact);
  words.value = text;
}

function connect() {
  const connection = byId('connection');
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
    const { open: before, picked } = state;
    const contact = state.chats.get(before)?.contact;
    showNumber(handset);
    clear();
    handset.messages.forEach(take);
    // After a reconnect the person stays where they were.
    if (contact) return startChat(contact);
    state.picked = picked && state.chats.has(before);
    open(state.picked ? before : newestChat());
    writeWhatIsAsked();
  });
  events.addEventListener('message', ({ data }) => hear(JSON.parse(data)));
  events.addEventListener('cleared', clear);
}

composer.addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = words.value.trim();
  const chat = state.chats.get(state.open);
  if (text === '' || !chat) return;
  words.value = '';
  const inChat = messagesOf(chat).findLast(
    ({ own, status }) => !own && (status === 'delivered' || status === 'read'),
  );
  const { channel } = faceOf(chat);
  const said = inChat
    ? reply({ messageId: inChat.id, text })
    : say('write', { channel, to: chat.key.slice(channel.length + 1), text });
  if (!(await said)) words.value = text;
});
byId('write').addEventListener('click', () => void showContacts(startChat));
newest.addEventListener('click', toEnd);
scroller.addEventListener('scroll', () => {
  if (nearEnd()) newest.hidden = true;
});
document.addEventListener('visibilitychange', () => void markRead());
showNumber({ display: isMailbox ? address : `+${address}`, number: address });
connect();

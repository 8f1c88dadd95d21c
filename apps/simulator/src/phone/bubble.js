/* global document, setTimeout, clearTimeout */
// Owns one chat bubble: the words with *bold* in them, time and ticks, and buttons
// that copy, link, dial or answer. `hands` is what a bubble can do: announce(text) to
// screen readers, press(messageId, buttonIndex), textOf(messageId).

import { copyText } from './copy.js';

const TICKS = {
  accepted: ['icon-clock', 'On its way'],
  sent: ['icon-tick', 'Sent'],
  delivered: ['icon-ticks', 'Delivered'],
  read: ['icon-ticks', 'Read'],
};
/** Of the person's own words, in a channel that has no way back. */
const NOT_PASSED_ON = ['icon-clock', 'Nobody is told of answers on this channel'];
const COPIED_MS = 2_000;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** A new element for the message. */
export function createBubble(message, hands) {
  const element = document.getElementById('bubble-template').content.firstElementChild.cloneNode(true);
  element.dataset.id = message.id;
  element.dataset.channel = message.channel;
  if (message.own) element.classList.add('own');
  return updateBubble(element, message, hands);
}

/** The phone shows the words only once they have reached it. */
export function updateBubble(element, message, hands) {
  const before = element.dataset.status;
  element.dataset.status = message.status;
  if (message.status === 'failed') return showNotice(element, message);
  const arrived = isThere(message.status) || Boolean(message.own);
  const wasThere = isThere(before) || Boolean(message.own && before);
  if (arrived && !wasThere) showContent(element, message, hands);
  if (!arrived) element.querySelector('.bubble-text').textContent = 'Message on its way…';
  showMeta(element, message);
  return element;
}

/** The quick reply that was pressed stays so. */
export function markPressed(element, index) {
  const button = element?.querySelectorAll('.bubble-buttons > *')[index];
  if (!button) return;
  button.disabled = true;
  button.classList.add('pressed');
  button.title = 'Answered';
}

function isThere(status) {
  return status === 'delivered' || status === 'read';
}

function showNotice(element, { statuses }) {
  const error = statuses.at(-1)?.error;
  const notice = document.createElement('p');
  notice.className = 'notice';
  notice.textContent = error ? `Never arrived: ${error.title} (${error.code})` : 'Never arrived';
  element.replaceChildren(notice);
  return element;
}

function showContent(element, message, hands) {
  if (message.language) element.lang = message.language;
  const text = element.querySelector('.bubble-text');
  text.replaceChildren(...boldParts(message.text));
  element.querySelector('.bubble-call').hidden = message.channel !== 'voice';
  showLine(element.querySelector('.bubble-quote'), quoteOf(message, hands));
  showLine(element.querySelector('.bubble-header'), message.header);
  showLine(element.querySelector('.bubble-footer'), message.footer);
  const buttons = element.querySelector('.bubble-buttons');
  buttons.replaceChildren(...message.buttons.map((button, at) => buttonOf(button, at, message, hands)));
  buttons.hidden = message.buttons.length === 0;
}

function showLine(line, text) {
  line.textContent = text ?? '';
  line.hidden = !text;
}

/** Of the person's own words: what they answer. */
function quoteOf({ own }, hands) {
  return own?.answers && hands.textOf(own.answers)?.replaceAll('*', '');
}

function showMeta(element, { receivedAt, status, own }) {
  const at = new Date(receivedAt);
  const time = element.querySelector('time');
  time.dateTime = receivedAt;
  time.textContent = clock.format(at);
  time.title = fullTime.format(at);
  const [icon, label] = own && status === 'accepted' ? NOT_PASSED_ON : TICKS[status];
  const ticks = element.querySelector('.ticks');
  ticks.title = label;
  ticks.querySelector('use').setAttribute('href', `#${icon}`);
  ticks.querySelector('.unseen').textContent = label;
}

/** `*bold*` and addresses of pages; everything else is text, so that no message can bring markup. */
function boldParts(text) {
  return text.split(/(\*[^*\n]+\*|https?:\/\/[^\s<>"]+)/).map((part) => {
    if (/^https?:/.test(part)) return textLink(part);
    if (!/^\*[^*]+\*$/.test(part)) return document.createTextNode(part);
    const strong = document.createElement('strong');
    strong.textContent = part.slice(1, -1);
    return strong;
  });
}

function textLink(href) {
  const link = document.createElement('a');
  link.textContent = href;
  return away(link, href);
}

/** Opened beside the phone, which tells nothing of itself. */
function away(link, href) {
  link.href = href;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  return link;
}

function buttonOf(button, at, message, { announce, press }) {
  if (button.kind === 'copy' || button.kind === 'autofill') return codeButton(button, message, announce);
  if (button.kind === 'url' && /^https?:\/\//.test(button.value ?? ''))
    return linkOf(button, 'icon-link', button.value);
  if (button.kind === 'phone') return linkOf(button, 'icon-call', `tel:${button.value}`);
  return replyButton(button, () => press(message.id, at));
}

/** Pressed once; alive again when the answer could not be sent. */
function replyButton({ kind, label }, press) {
  const element = filled(document.createElement('button'), 'icon-reply', label);
  element.type = 'button';
  // A link that leads nowhere is no answer.
  element.disabled = kind !== 'reply';
  element.addEventListener('click', async () => {
    element.disabled = true;
    if (!(await press())) element.disabled = false;
  });
  return element;
}

function linkOf(button, icon, href) {
  const link = filled(document.createElement('a'), icon, button.label);
  link.title = button.value;
  return away(link, href);
}

function codeButton({ label, value }, { codeExpiresAt }, announce) {
  const element = filled(document.createElement('button'), 'icon-copy', label);
  element.type = 'button';
  let back;
  element.addEventListener('click', async () => {
    const copied = await copyText(value ?? '');
    announce(copied ? 'Copied' : 'Copying failed');
    filled(element, copied ? 'icon-done' : 'icon-copy', copied ? 'Copied' : 'Copying failed');
    element.classList.toggle('copied', copied);
    clearTimeout(back);
    back = setTimeout(() => {
      filled(element, 'icon-copy', label);
      element.classList.remove('copied');
    }, COPIED_MS);
  });
  expire(element, codeExpiresAt);
  return element;
}

/** The button goes dead with its code, as on a real phone. */
function expire(element, at) {
  if (!at) return;
  const die = () => {
    element.disabled = true;
    element.title = 'This code has expired';
  };
  const waitMs = Date.parse(at) - Date.now();
  if (waitMs <= 0) die();
  else setTimeout(die, waitMs);
}

function filled(element, icon, label) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#${icon}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  const text = document.createElement('span');
  text.dir = 'auto';
  text.textContent = label;
  element.replaceChildren(svg, text);
  return element;
}

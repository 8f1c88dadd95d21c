/* global document, setTimeout, clearTimeout */
// Owns one chat bubble: the words with *bold* in them, time and ticks, and buttons
// that copy, link, or say that they can't be used.

import { copyText } from './copy.js';

const TICKS = {
  accepted: ['icon-clock', 'On its way'],
  sent: ['icon-tick', 'Sent'],
  delivered: ['icon-ticks', 'Delivered'],
  read: ['icon-ticks', 'Read'],
};
const COPIED_MS = 2_000;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** A new element for the message; `announce` speaks to screen readers. */
export function createBubble(message, announce) {
  const element = document.getElementById('bubble-template').content.firstElementChild.cloneNode(true);
  element.dataset.id = message.id;
  return updateBubble(element, message, announce);
}

/** The phone shows the words only once they have reached it. */
export function updateBubble(element, message, announce) {
  const before = element.dataset.status;
  element.dataset.status = message.status;
  if (message.status === 'failed') return showNotice(element, message);
  const arrived = message.status === 'delivered' || message.status === 'read';
  const wasThere = before === 'delivered' || before === 'read';
  if (arrived && !wasThere) showContent(element, message, announce);
  if (!arrived) element.querySelector('.bubble-text').textContent = 'Message on its way…';
  showMeta(element, message);
  return element;
}

function showNotice(element, { statuses }) {
  const error = statuses.at(-1)?.error;
  const notice = document.createElement('p');
  notice.className = 'notice';
  notice.textContent = error ? `Never arrived: ${error.title} (${error.code})` : 'Never arrived';
  element.replaceChildren(notice);
  return element;
}

function showContent(element, message, announce) {
  if (message.language) element.lang = message.language;
  const text = element.querySelector('.bubble-text');
  text.replaceChildren(...boldParts(message.text));
  showLine(element.querySelector('.bubble-header'), message.header);
  showLine(element.querySelector('.bubble-footer'), message.footer);
  const buttons = element.querySelector('.bubble-buttons');
  buttons.replaceChildren(...message.buttons.map((button) => buttonOf(button, message, announce)));
  buttons.hidden = message.buttons.length === 0;
}

function showLine(line, text) {
  line.textContent = text ?? '';
  line.hidden = !text;
}

function showMeta(element, { receivedAt, status }) {
  const at = new Date(receivedAt);
  const time = element.querySelector('time');
  time.dateTime = receivedAt;
  time.textContent = clock.format(at);
  time.title = fullTime.format(at);
  const [icon, label] = TICKS[status];
  const ticks = element.querySelector('.ticks');
  ticks.title = label;
  ticks.querySelector('use').setAttribute('href', `#${icon}`);
  ticks.querySelector('.unseen').textContent = label;
}

/** `*bold*`; everything else is text, so that no message can bring markup. */
function boldParts(text) {
  return text.split(/(\*[^*\n]+\*)/).map((part) => {
    if (!/^\*[^*]+\*$/.test(part)) return document.createTextNode(part);
    const strong = document.createElement('strong');
    strong.textContent = part.slice(1, -1);
    return strong;
  });
}

function buttonOf(button, message, announce) {
  if (button.kind === 'copy' || button.kind === 'autofill') return codeButton(button, message, announce);
  if (button.kind === 'url' && /^https?:\/\//.test(button.value ?? ''))
    return linkOf(button, 'icon-link', button.value);
  if (button.kind === 'phone') return linkOf(button, 'icon-call', `tel:${button.value}`);
  const reply = filled(document.createElement('button'), 'icon-reply', button.label);
  reply.type = 'button';
  reply.disabled = true;
  reply.title = 'This phone does not reply yet';
  return reply;
}

function linkOf(button, icon, href) {
  const link = filled(document.createElement('a'), icon, button.label);
  link.href = href;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  return link;
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

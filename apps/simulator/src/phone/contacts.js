/* global document, fetch, URLSearchParams */
// Owns whom the person can write to first: the senders at which somebody listens.

import { channelOf } from './chats.js';

const dialog = document.getElementById('contacts');

/** Shows them; `onPick` is given the chosen one as `{ channel, address, name }`. */
export async function showContacts(onPick) {
  const senders = await sendersThere();
  document.getElementById('nobody').hidden = senders.length > 0;
  document.getElementById('contact-list').replaceChildren(
    ...senders.map((sender) => {
      const item = document.createElement('li');
      item.append(contactButton(sender, onPick));
      return item;
    }),
  );
  dialog.showModal();
}

/** What the address of the page asks for: `?write=whatsapp:584111111111&text=…`, as a deep link would. */
export function askedContact(search) {
  const asked = new URLSearchParams(search);
  const [channel, address] = (asked.get('write') ?? '').split(':');
  if (!channel || !address) return undefined;
  return { contact: { channel, address, name: address }, text: asked.get('text') ?? '' };
}

async function sendersThere() {
  const answer = await fetch('/_sim/senders').catch(() => undefined);
  return answer?.ok ? (await answer.json()).senders : [];
}

function contactButton(sender, onPick) {
  const button = document.createElement('button');
  button.type = 'button';
  const name = document.createElement('span');
  name.textContent = sender.name;
  const where = document.createElement('span');
  where.className = 'contact-channel';
  const { name: channel } = channelOf(sender.channel);
  where.textContent = sender.name === sender.address ? channel : `${channel} · ${sender.address}`;
  button.append(name, where);
  button.addEventListener('click', () => {
    dialog.close();
    onPick(sender);
  });
  return button;
}

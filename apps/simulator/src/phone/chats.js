/* global document, requestAnimationFrame */
// Owns what stands over the messages: the bar of the open chat, and the list of all chats
// when there is more than one.

const CHANNELS = {
  whatsapp: { name: 'WhatsApp', icon: 'icon-chat', answers: true },
  sms: { name: 'SMS', icon: 'icon-chat', answers: true },
  voice: { name: 'Voice call', icon: 'icon-call', answers: false },
  viber: { name: 'Viber', icon: 'icon-chat', answers: true },
  line: { name: 'LINE', icon: 'icon-chat', answers: true },
  kakao: { name: 'KakaoTalk', icon: 'icon-chat', answers: true },
  zalo: { name: 'Zalo', icon: 'icon-chat', answers: true },
  telegram: { name: 'Telegram', icon: 'icon-chat', answers: true },
  email: { name: 'E-mail', icon: 'icon-mail', answers: false },
};

/** Its name, its sign, and whether a person can answer in it here. */
export function channelOf(channel) {
  return CHANNELS[channel] ?? { name: channel, icon: 'icon-chat', answers: false };
}

/** The device takes on the look of the channel. Undefined: there is no chat. */
export function showBar(first) {
  const [avatar, channel] = [document.getElementById('avatar'), document.getElementById('channel')];
  document.querySelector('.device').dataset.channel = first?.channel ?? '';
  avatar.hidden = channel.hidden = !first;
  document.getElementById('sender').textContent = first?.senderName ?? 'No chat yet';
  if (!first) return;
  avatar.textContent = initialsOf(first.senderName);
  channel.textContent = labelOf(first);
}

function labelOf({ channel, senderName, senderDisplay }) {
  const { name } = channelOf(channel);
  return senderDisplay && senderDisplay !== senderName ? `${name} · ${senderDisplay}` : name;
}

/** By chat; a chip stays the same element, so that a click or the focus on it is not lost. */
const chips = new Map();

/** `summaries`: the newest first, `{ key, first, unread }`. */
export function showChats(summaries, open, onPick) {
  const list = document.getElementById('chat-list');
  document.getElementById('chats').hidden = summaries.length < 2;
  for (const key of chips.keys()) if (!summaries.some((summary) => summary.key === key)) chips.delete(key);
  const items = summaries.map((summary) => {
    const item = chips.get(summary.key) ?? newChip(summary, onPick);
    chips.set(summary.key, item);
    showChip(item.firstElementChild, summary, open);
    return item;
  });
  const isInOrder =
    items.length === list.children.length && items.every((item, at) => list.children[at] === item);
  if (isInOrder) return;
  const focused = document.activeElement;
  list.replaceChildren(...items);
  if (list.contains(focused)) focused.focus();
}

function newChip({ key, first }, onPick) {
  const item = document.getElementById('chat-template').content.firstElementChild.cloneNode(true);
  const button = item.firstElementChild;
  const { name, icon } = channelOf(first.channel);
  button.dataset.channel = first.channel;
  button.querySelector('use').setAttribute('href', `#${icon}`);
  button.querySelector('.chip-name').textContent = first.senderName;
  button.querySelector('.chip-channel').textContent = name;
  button.addEventListener('click', () => onPick(key));
  return item;
}

function showChip(button, { key, first, unread }, open) {
  const isOpen = key === open;
  if (isOpen && !button.hasAttribute('aria-current'))
    requestAnimationFrame(() => button.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
  if (isOpen) button.setAttribute('aria-current', 'true');
  else button.removeAttribute('aria-current');
  const badge = button.querySelector('.chip-new');
  badge.hidden = unread === 0 || isOpen;
  badge.textContent = String(unread);
  const news = badge.hidden ? '' : `, ${unread} new`;
  button.setAttribute('aria-label', `${first.senderName}, ${channelOf(first.channel).name}${news}`);
}

function initialsOf(name) {
  const words = name.replace(/^\+/, '').split(/\s+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join('');
}

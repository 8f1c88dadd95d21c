/* global document, fetch, setTimeout */
// Owns the list of phones: refreshed every two seconds while somebody looks.

const REFRESH_MS = 2_000;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'short' });
const list = document.getElementById('phones');
let shown = '';

function entryOf({ number, display, messages, lastAt, lastSender, lastText }) {
  const item = document.getElementById('phone-template').content.firstElementChild.cloneNode(true);
  const at = new Date(lastAt);
  const time = item.querySelector('time');
  time.dateTime = lastAt;
  time.textContent = (at.toDateString() === new Date().toDateString() ? clock : day).format(at);
  item.querySelector('a').href = number.includes('@')
    ? `/phone/${encodeURIComponent(number)}`
    : `/phone/+${number}`;
  item.querySelector('.avatar').textContent = number.slice(-2);
  item.querySelector('.entry-number').textContent = display;
  item.querySelector('.entry-preview').textContent = `${lastSender}: ${lastText.replaceAll('*', '')}`;
  item.querySelector('.entry-count').textContent = String(messages);
  item.querySelector('.entry-count').title = messages === 1 ? '1 message' : `${messages} messages`;
  return item;
}

async function refresh() {
  const { phones } = await (await fetch('/_sim/phones')).json();
  const now = JSON.stringify(phones);
  // Untouched while nothing changed, so that focus and selection stay.
  if (now === shown) return;
  shown = now;
  list.replaceChildren(...phones.map(entryOf));
  document.getElementById('empty').hidden = phones.length > 0;
}

async function showMagicNumbers() {
  const { magicNumbers } = await (await fetch('/_sim/magic-numbers')).json();
  document.getElementById('magic').replaceChildren(
    ...magicNumbers.flatMap(({ number, effect }) => {
      const term = document.createElement('dt');
      const meaning = document.createElement('dd');
      term.textContent = number;
      meaning.textContent = effect;
      return [term, meaning];
    }),
  );
}

async function watch() {
  if (document.visibilityState === 'visible') await refresh().catch(() => undefined);
  setTimeout(watch, REFRESH_MS);
}

void showMagicNumbers().catch(() => undefined);
void watch();

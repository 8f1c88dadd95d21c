/* global document */
// Owns the panel beside the phone: what the simulator knows of the newest message.

const STEPS = { accepted: 'Accepted', sent: 'Sent', delivered: 'Delivered', read: 'Read', failed: 'Failed' };
const precise = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

export function showDelivery(message) {
  document.getElementById('details').hidden = !message;
  if (!message) return;
  const facts = [
    ['Template', message.templateName],
    ['Language', message.language],
    ['Correlation', message.correlation],
  ].filter(([, value]) => value);
  document
    .getElementById('facts')
    .replaceChildren(...facts.flatMap(([name, value]) => [cell('dt', name), cell('dd', value)]));
  document.getElementById('steps').replaceChildren(...message.statuses.map(step));
}

function step({ status, at, error }) {
  const item = document.createElement('li');
  item.dataset.status = status;
  const time = cell('time', precise.format(new Date(at)));
  time.dateTime = at;
  item.append(cell('span', STEPS[status] ?? status), time);
  if (error) item.append(cell('p', `${error.code} ${error.title}`));
  return item;
}

function cell(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

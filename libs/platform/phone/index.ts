export { type CanonicalReceiver, maskReceiver, parsePhone, readBarredPhone } from './phone.js';

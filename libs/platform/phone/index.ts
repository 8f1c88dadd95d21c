export { type CanonicalReceiver, hasNumbers, maskReceiver, parsePhone, readBarredPhone } from './phone.js';

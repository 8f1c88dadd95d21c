export { type CanonicalReceiver, maskReceiver, parsePhone } from './phone.js';

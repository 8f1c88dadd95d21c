export { domainToAscii, parseEmail } from './email.js';

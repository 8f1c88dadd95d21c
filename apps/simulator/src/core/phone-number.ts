// Owns how numbers are spelled. WhatsApp rewrites two countries: a Mexican mobile
// is known as 521…, a Brazilian one outside the first area codes without its ninth
// digit. One handset must answer to both spellings.

import { domainToASCII } from 'node:url';
import { parsePhoneNumberFromString } from 'libphonenumber-js';

/** `+`, spaces, hyphens, dots and brackets are stripped, as Graph does with `to`. Empty when anything else is left. */
export function digitsOf(text: string): string {
  const digits = text.replace(/[+\s\-().]/g, '');
  return /^\d+$/.test(digits) ? digits : '';
}

/** What the pages and /_sim take for one; what the mail server takes is its own affair. */
export function isMailAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@/]+@[^\s@/]+$/.test(text);
}

export function isReachableNumber(digits: string): boolean {
  return /^[1-9]\d{6,14}$/.test(digits);
}

/** The id WhatsApp answers and reports with, which may differ from what was sent. */
export function whatsappIdOf(digits: string): string {
  const number = handsetOf(digits);
  if (/^52\d{10}$/.test(number)) return `521${number.slice(2)}`;
  if (/^55(?!1[1-9]|2[1-8])\d{2}9\d{8}$/.test(number)) return number.slice(0, 4) + number.slice(5);
  return number;
}

/** The id by which WhatsApp names a person who shows no number: as many digits as it takes to find the phone again. */
export function userIdOf(digits: string): string {
  return `US.${handsetOf(digits)}`;
}

/** The phone behind such an id; empty when there is none. */
export function handsetOfUserId(id: string): string {
  return /^US\.(\d{7,15})$/.exec(id)?.[1] ?? '';
}

/** One spelling per handset; the inbox of an e-mail address is one, too: Mexico without the 1, Brazilian mobiles with the 9. */
export function handsetOf(digits: string): string {
  const at = digits.lastIndexOf('@');
  if (at >= 0) return `${digits.slice(0, at).toLowerCase()}@${domainToASCII(digits.slice(at + 1))}`;
  if (/^521\d{10}$/.test(digits)) return `52${digits.slice(3)}`;
  if (/^55\d{2}[6-9]\d{7}$/.test(digits)) return `${digits.slice(0, 4)}9${digits.slice(4)}`;
  return digits;
}

/** For people: +58 411 1111111. Numbers no plan knows stay plain; names, addresses and short codes stay as they are. */
export function displayOf(digits: string): string {
  if (!/^\d{7,15}$/.test(digits)) return digits;
  return parsePhoneNumberFromString(`+${digits}`)?.formatInternational() ?? `+${digits}`;
}

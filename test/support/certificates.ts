// Certificates for tests, made when they are needed.
import { type Certificate, makeCertificate } from '../../apps/simulator/src/smtp/certificate.js';

export type { Certificate };

/** A self-signed P-256 certificate for one host name, valid between two dates. */
export function certificateFor(
  host: string,
  { from = daysFromNow(-2), to = daysFromNow(2) } = {},
): Certificate {
  return makeCertificate({ hosts: [host], from, to });
}

export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

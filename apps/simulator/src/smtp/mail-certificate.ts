// Owns what the mail server shows of itself under TLS: a certificate of its own making, good until told otherwise.

import { Injectable } from '@nestjs/common';
import { object, oneOf } from '../core/shape.js';
import { type Certificate, makeCertificate } from './certificate.js';

const KINDS = ['valid', 'expired', 'otherHost'] as const;
export type CertificateKind = (typeof KINDS)[number];

const DAY_MS = 86_400_000;
const VALID_DAYS = 800;
/** This machine under its usual names, and as other containers call it. */
const HERE = ['localhost', 'simulator', '127.0.0.1'] as const;

export const readCertificateKind = (body: unknown): CertificateKind =>
  object<{ certificate: CertificateKind }, 'certificate'>({ certificate: oneOf(...KINDS) }, 'certificate')(
    body,
    '',
  ).certificate;

@Injectable()
export class MailCertificate {
  kind: CertificateKind = 'valid';
  current: Certificate = make('valid');

  show(kind: CertificateKind): Certificate {
    this.current = make(kind);
    this.kind = kind;
    return this.current;
  }
}

function make(kind: CertificateKind): Certificate {
  const days = (count: number): Date => new Date(Date.now() + count * DAY_MS);
  return makeCertificate({
    hosts: kind === 'otherHost' ? ['mail.elsewhere.example'] : HERE,
    from: days(-9),
    to: days(kind === 'expired' ? -1 : VALID_DAYS),
  });
}

// Owns /_sim/mail: where mail is taken, and the certificate to trust for it.

import { Body, Controller, Get, Put } from '@nestjs/common';
import { MailCertificate, readCertificateKind } from './mail-certificate.js';
import { MailServer } from './mail-server.js';

@Controller('_sim/mail')
export class MailController {
  constructor(
    private readonly server: MailServer,
    private readonly certificate: MailCertificate,
  ) {}

  /** `ca`: PEM, for a client that is to trust the certificate that is shown now. */
  @Get()
  show() {
    const { kind, current } = this.certificate;
    return { ...this.server.ports, certificate: kind, ca: current.cert };
  }

  @Put()
  put(@Body() body: unknown) {
    this.server.showCertificate(readCertificateKind(body));
    return this.show();
  }
}

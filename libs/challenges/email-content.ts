import type { OutboundMessage } from '#providers';

/** The built-in wording of a code by e-mail. The code is not in the subject, which shows on a locked screen. */
export function emailContent(code: string): NonNullable<OutboundMessage['content']> {
  const lines = ['If you did not ask for it, ignore this message. Never tell the code to anybody.'];
  return {
    subject: 'Your verification code',
    text: [`Your verification code is ${code}`, '', ...lines, ''].join('\r\n'),
    html: `<!doctype html><html lang="en"><body><p>Your verification code is</p><p><strong>${code}</strong></p>${lines.map((line) => `<p>${line}</p>`).join('')}</body></html>`,
  };
}

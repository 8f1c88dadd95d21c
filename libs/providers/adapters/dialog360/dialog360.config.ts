import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  registerDecorator,
  ValidateNested,
} from 'class-validator';

export const KINDS = ['cloud', 'on-premise'] as const;
export type Dialog360Kind = (typeof KINDS)[number];

export const DEFAULT_HEADER = 'x-countersign-key';

/** Headers that belong to HTTP itself, or that proxies write. */
const TAKEN =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|date|via|forwarded|x-forwarded-.*|user-agent|accept.*|cookie)$/i;

/** On-Premise templates live in a namespace; Cloud ones have none, and a body that names one is refused. */
function IsNamespaceOfKind(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isNamespaceOfKind',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: (namespace, { object } = {} as never) =>
          (object as Dialog360Config).kind === 'on-premise'
            ? typeof namespace === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(namespace)
            : namespace === undefined,
        defaultMessage: () =>
          'namespace must be 1 to 100 letters, digits, _ or - when kind is on-premise, and left out when it is cloud',
      },
    });
}

function IsFreeHeader(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isFreeHeader',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: (name) => typeof name === 'string' && /^[a-z0-9-]{1,64}$/i.test(name) && !TAKEN.test(name),
        defaultMessage: () =>
          'name must be 1 to 64 letters, digits or hyphens, and no header that HTTP or a proxy writes',
      },
    });
}

export class WebhookHeader {
  @ApiProperty({ example: DEFAULT_HEADER })
  @IsFreeHeader()
  name!: string;
}

/** What a WhatsApp number at 360dialog needs: one API key is one number. */
export class Dialog360Config {
  @ApiProperty({ enum: KINDS, description: 'How 360dialog hosts the number.' })
  @IsIn(KINDS)
  kind!: Dialog360Kind;

  @ApiProperty({
    required: false,
    description: 'https://waba-v2.360dialog.io for cloud, https://waba.360dialog.io for on-premise.',
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  baseUrl?: string;

  @ApiProperty({ description: 'API key of the number.' })
  @IsString()
  @Length(8, 500)
  @Matches(/^[\x21-\x7e]+$/, { message: 'apiKey must be visible ASCII' })
  apiKey!: string;

  @ApiProperty({ required: false, description: 'Namespace of the templates; on-premise only.' })
  @IsNamespaceOfKind()
  namespace?: string;

  @ApiProperty({
    required: false,
    type: WebhookHeader,
    description: `The header in which 360dialog sends the secret; ${DEFAULT_HEADER} when absent.`,
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => WebhookHeader)
  webhookHeader?: WebhookHeader;

  @ApiProperty({
    type: [String],
    description: 'The whole value of that header: webhooks are not signed. Two while it is being exchanged.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @Length(16, 200, { each: true })
  @Matches(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, {
    each: true,
    message: 'each of webhookSecrets must be visible ASCII, with single spaces at most',
  })
  webhookSecrets!: string[];
}

import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  MaxLength,
  registerDecorator,
} from 'class-validator';

const MOST_HEADERS = 20;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{1,1000}$/;
/** What Countersign or the connection sets itself, and what speaks to proxies in between. */
const RESERVED =
  /^(?:host|content-.*|accept|webhook-.*|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|forwarded|x-forwarded-.*)$/i;

function IsHeaders(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isHeaders',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: areHeaders,
        defaultMessage: () =>
          `headers must be up to ${MOST_HEADERS} names with values of visible ASCII; host, content-*, webhook-*, proxy-* and those of the connection are set by Countersign`,
      },
    });
}

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MOST_HEADERS &&
    entries.every(
      ([name, text]) =>
        HEADER_NAME.test(name) && !RESERVED.test(name) && typeof text === 'string' && HEADER_VALUE.test(text),
    )
  );
}

/** What a hook of one's own needs. */
export class GenericHttpConfig {
  @ApiProperty({
    description: 'Where messages are posted, HTTPS.',
    example: 'https://hooks.example.com/codes',
  })
  @IsString()
  @MaxLength(2_000)
  @IsUrl({
    require_tld: false,
    require_protocol: true,
    protocols: ['http', 'https'],
    disallow_auth: true,
    allow_fragments: false,
  })
  url!: string;

  @ApiProperty({
    type: [String],
    description:
      'Signs what is posted, and what the hook posts back: whsec_ and 24 to 64 bytes in base64. Two while it is being rotated.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @Matches(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, {
    each: true,
    message: 'secrets must be whsec_ and 24 to 64 bytes in base64',
  })
  secrets!: string[];

  @ApiProperty({
    required: false,
    description: 'Further headers, as a proxy before the hook may want them. Never shown again.',
  })
  @IsOptional()
  @IsHeaders()
  headers?: Record<string, string>;
}

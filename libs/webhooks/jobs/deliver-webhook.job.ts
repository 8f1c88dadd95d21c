import { Equals, IsString, Matches } from 'class-validator';

/** The payload of a delivery: an id, and the version of this shape. Never an address, a body or a secret. */
export class DeliverWebhookJobDto {
  @Equals(1)
  v!: 1;

  @IsString()
  @Matches(/^[0-9a-z]{26}$/)
  deliveryId!: string;
}

import { Equals, IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { CARRIED_CHANNELS, type Channel } from '#providers';
import type { SendChatJob } from '../chat/chat-queue.js';

const ID = /^[0-9a-z]{26}$/;

/** The payload of a reply in a conversation: ids, and its words and receiver sealed. */
export class SendChatJobDto implements SendChatJob {
  @Equals(1)
  v!: 1;

  @IsString()
  @Matches(/^[\w-]{22}$/)
  name!: string;

  @IsString()
  @Matches(ID)
  accountId!: string;

  @IsString()
  @Matches(ID)
  senderId!: string;

  @IsIn(CARRIED_CHANNELS)
  channel!: Channel;

  @IsString()
  @Length(1, 32_768)
  sealed!: string;

  @IsInt()
  until!: number;

  @IsInt()
  @Min(1)
  @Max(100)
  attempt!: number;
}

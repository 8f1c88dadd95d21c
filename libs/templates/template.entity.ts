import {
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  UpdateDateColumn,
} from 'typeorm';
import type { TemplateBody, TemplateCategory, TemplateQuality, TemplateStatus } from '#providers';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** Rows of builds that knew authentication templates only have no category in their content. */
const asBody = {
  to: (body: TemplateBody): TemplateBody => body,
  from: (stored: TemplateBody | Omit<TemplateBody, 'category'>): TemplateBody =>
    ({ category: 'AUTHENTICATION', ...stored }) as TemplateBody,
};

@Entity('templates')
export class TemplateEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column({ name: 'account_id', type: 'uuid', transformer: asUuid })
  accountId!: Identifier;

  @Column('text')
  name!: string;

  @Column('text')
  category!: TemplateCategory;

  @Column('int')
  revision!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @OneToMany(() => TemplateLanguageEntity, (language) => language.template, { cascade: ['insert'] })
  languages!: TemplateLanguageEntity[];
}

@Entity('template_languages')
export class TemplateLanguageEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'template_id', type: 'uuid', transformer: asUuid })
  templateId!: Identifier;

  @ManyToOne(() => TemplateEntity, (template) => template.languages)
  @JoinColumn({ name: 'template_id' })
  template!: TemplateEntity;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column({ name: 'account_id', type: 'uuid', transformer: asUuid })
  accountId!: Identifier;

  @Column('text')
  language!: string;

  /** What was asked for; the wording of an authentication template is the channel's. */
  @Column({ type: 'jsonb', transformer: asBody })
  content!: TemplateBody;

  @Column('text')
  status!: TemplateStatus;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  /** The provider's id of this language: Messangi's `templateId`. */
  @Column({ name: 'external_id', type: 'text' })
  externalId!: string;

  /** Null until the provider says something about it. */
  @Column({ type: 'text', nullable: true })
  quality!: TemplateQuality | null;

  /** What the provider files it under, when it told another category than was asked for. */
  @Column({ name: 'provider_category', type: 'text', nullable: true })
  providerCategory!: string | null;

  /** When the provider last spoke of it: by its answer, its webhook or its list. */
  @Column({ name: 'checked_at', type: 'timestamptz', default: () => 'now()' })
  checkedAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}

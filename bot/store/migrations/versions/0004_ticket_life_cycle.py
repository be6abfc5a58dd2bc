"""ticket life cycle.

Runs before the code is deployed (pre): it only adds. Columns of `ticket` are added and dropped in place:
making the table anew, as batch mode does for constraints, fails on SQLite once other rows point to it.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('ticket', sa.Column('priority', sa.String(length=8), server_default='normal', nullable=False))
    op.add_column('ticket', sa.Column('merged_into', sa.String(length=36), nullable=True))
    op.add_column('ticket', sa.Column('party_key', sa.String(length=64), nullable=True))
    op.create_index('ix_ticket_merged_into', 'ticket', ['merged_into'], unique=False, postgresql_where=sa.text('merged_into IS NOT NULL'), sqlite_where=sa.text('merged_into IS NOT NULL'))
    op.create_index('ix_ticket_party_key', 'ticket', ['party_key', 'opened_at'], unique=False, postgresql_where=sa.text('party_key IS NOT NULL'), sqlite_where=sa.text('party_key IS NOT NULL'))

    op.create_table('rating',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_kind', sa.String(length=8), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('offered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('solved', sa.Boolean(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rating')),
    sa.UniqueConstraint('subject_kind', 'subject_id', name=op.f('uq_rating_subject_kind_subject_id')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_rating_token_hash'))
    )
    op.create_index('ix_rating_offered_at', 'rating', ['offered_at'], unique=False)

    op.create_table('correction_notice',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('items', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('created_by', sa.String(length=36), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dropped_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['agent.id'], name=op.f('fk_correction_notice_created_by_agent')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_correction_notice_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_correction_notice'))
    )
    op.create_index('ix_correction_notice_open', 'correction_notice', ['due_on', 'id'], unique=False, postgresql_where=sa.text('answered_at IS NULL AND expired_at IS NULL AND dropped_at IS NULL'), sqlite_where=sa.text('answered_at IS NULL AND expired_at IS NULL AND dropped_at IS NULL'))
    op.create_index('ix_correction_notice_late', 'correction_notice', ['due_on'], unique=False, postgresql_where=sa.text('expired_at IS NOT NULL AND answered_at IS NULL AND dropped_at IS NULL'), sqlite_where=sa.text('expired_at IS NOT NULL AND answered_at IS NULL AND dropped_at IS NULL'))
    op.create_index('ix_correction_notice_ticket', 'correction_notice', ['ticket_id', 'created_at'], unique=False)

    op.create_table('extension',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('clock', sa.String(length=20), nullable=False),
    sa.Column('clock_id', sa.String(length=36), nullable=False),
    sa.Column('amount', sa.Integer(), nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('asked_by', sa.String(length=36), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=36), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision', sa.String(length=12), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['asked_by'], ['agent.id'], name=op.f('fk_extension_asked_by_agent')),
    sa.ForeignKeyConstraint(['clock_id'], ['sla_clock.id'], name=op.f('fk_extension_clock_id_sla_clock')),
    sa.ForeignKeyConstraint(['decided_by'], ['agent.id'], name=op.f('fk_extension_decided_by_agent')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_extension_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extension'))
    )
    op.create_index('ix_extension_clock_id', 'extension', ['clock_id'], unique=False)
    op.create_index('ix_extension_ticket', 'extension', ['ticket_id', 'asked_at'], unique=False)
    op.create_index('ix_extension_waiting', 'extension', ['asked_at'], unique=False, postgresql_where=sa.text('decided_at IS NULL'), sqlite_where=sa.text('decided_at IS NULL'))
    op.create_index('uq_extension_pending', 'extension', ['clock_id'], unique=True, postgresql_where=sa.text('decided_at IS NULL'), sqlite_where=sa.text('decided_at IS NULL'))

    op.create_table('follow_up',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('planned_by', sa.String(length=36), nullable=True),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by', sa.String(length=36), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['done_by'], ['agent.id'], name=op.f('fk_follow_up_done_by_agent')),
    sa.ForeignKeyConstraint(['planned_by'], ['agent.id'], name=op.f('fk_follow_up_planned_by_agent')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_follow_up_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_up'))
    )
    op.create_index('ix_follow_up_due', 'follow_up', ['due_on', 'id'], unique=False, postgresql_where=sa.text('done_at IS NULL'), sqlite_where=sa.text('done_at IS NULL'))
    op.create_index('ix_follow_up_ticket', 'follow_up', ['ticket_id', 'due_on'], unique=False)

    op.create_table('ticket_link',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('from_id', sa.String(length=36), nullable=False),
    sa.Column('to_id', sa.String(length=36), nullable=False),
    sa.Column('made_by', sa.String(length=36), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('undone_by', sa.String(length=36), nullable=True),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['from_id'], ['ticket.id'], name=op.f('fk_ticket_link_from_id_ticket')),
    sa.ForeignKeyConstraint(['made_by'], ['agent.id'], name=op.f('fk_ticket_link_made_by_agent')),
    sa.ForeignKeyConstraint(['to_id'], ['ticket.id'], name=op.f('fk_ticket_link_to_id_ticket')),
    sa.ForeignKeyConstraint(['undone_by'], ['agent.id'], name=op.f('fk_ticket_link_undone_by_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_link'))
    )
    op.create_index('ix_ticket_link_from_id', 'ticket_link', ['from_id'], unique=False)
    op.create_index('ix_ticket_link_to_id', 'ticket_link', ['to_id'], unique=False)
    op.create_index('uq_ticket_link_standing', 'ticket_link', ['kind', 'from_id', 'to_id'], unique=True, postgresql_where=sa.text('undone_at IS NULL'), sqlite_where=sa.text('undone_at IS NULL'))

    op.create_table('transfer',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('authority', sa.String(length=100), nullable=False),
    sa.Column('contact', sa.String(length=200), nullable=False),
    sa.Column('matter', sa.Text(), nullable=False),
    sa.Column('sent_by', sa.String(length=36), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('receipt_no', sa.String(length=80), nullable=False),
    sa.Column('feedback_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('feedback', sa.Text(), nullable=False),
    sa.Column('returned', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['sent_by'], ['agent.id'], name=op.f('fk_transfer_sent_by_agent')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_transfer_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transfer'))
    )
    op.create_index('ix_transfer_open', 'transfer', ['sent_at', 'id'], unique=False, postgresql_where=sa.text('feedback_at IS NULL'), sqlite_where=sa.text('feedback_at IS NULL'))
    op.create_index('ix_transfer_ticket', 'transfer', ['ticket_id', 'sent_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_ticket_party_key', 'ticket')
    op.drop_index('ix_ticket_merged_into', 'ticket')
    op.drop_column('ticket', 'party_key')
    op.drop_column('ticket', 'merged_into')
    op.drop_column('ticket', 'priority')
    op.drop_table('transfer')
    op.drop_table('ticket_link')
    op.drop_table('follow_up')
    op.drop_table('extension')
    op.drop_table('correction_notice')
    op.drop_table('rating')

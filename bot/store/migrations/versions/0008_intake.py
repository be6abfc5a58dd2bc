"""intake: forms that are not finished; whose matter a ticket is, and how urgent.

Runs before the code is deployed (pre): it only adds.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'form_draft',
        sa.Column('number', sa.String(length=20), nullable=False),
        sa.Column('form', sa.String(length=24), nullable=False),
        sa.Column('answers', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
        sa.Column('asked', sa.String(length=40), nullable=True),
        sa.Column('conversation_id', sa.String(length=80), nullable=True),
        sa.Column('saved_in', sa.String(length=80), nullable=True),
        sa.Column('ticket_id', sa.String(length=36), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['conversation_id'], ['conversation.id'], name=op.f('fk_form_draft_conversation_id_conversation')
        ),
        sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_form_draft_ticket_id_ticket')),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_form_draft')),
        sa.UniqueConstraint('conversation_id', name=op.f('uq_form_draft_conversation_id')),
    )
    op.create_index('ix_form_draft_expires_at', 'form_draft', ['expires_at'])
    op.create_index('ix_form_draft_saved_in', 'form_draft', ['saved_in'])
    # Plain ADD COLUMN: on a large SQLite file a batch would copy the whole table.
    op.add_column('ticket', sa.Column('centre', sa.String(length=24), server_default='main', nullable=False))
    op.add_column('ticket', sa.Column('urgency', sa.String(length=8), server_default='normal', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('ticket') as batch:
        batch.drop_column('urgency')
        batch.drop_column('centre')
    op.drop_table('form_draft')

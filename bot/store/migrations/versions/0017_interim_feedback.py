"""interim feedback: what an authority told of a matter that it still works on.

Runs before the code is deployed (pre): it only adds.
"""

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'interim_feedback',
        sa.Column('id', sa.String(36), nullable=False),
        sa.Column('transfer_id', sa.String(36), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('recorded_by', sa.String(36), nullable=False),
        sa.Column('recorded_at', bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['transfer_id'], ['transfer.id'], name=op.f('fk_interim_feedback_transfer_id_transfer')),
        sa.ForeignKeyConstraint(['recorded_by'], ['agent.id'], name=op.f('fk_interim_feedback_recorded_by_agent')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_interim_feedback')),
    )
    op.create_index('ix_interim_feedback_transfer', 'interim_feedback', ['transfer_id', 'recorded_at'])


def downgrade() -> None:
    op.drop_table('interim_feedback')

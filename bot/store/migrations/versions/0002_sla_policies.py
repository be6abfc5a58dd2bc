"""sla policies.

Runs before the code is deployed (pre): it only adds.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
_COUNTS = sa.text("stopped_at IS NULL AND state <> 'breached'")


def upgrade() -> None:
    op.create_table('sla_policy',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('applies_to', sa.String(length=20), nullable=False),
    sa.Column('calendar_id', sa.String(length=40), nullable=False),
    sa.Column('clocks', _JSON, nullable=False),
    sa.Column('warn_ratio', sa.Double(), nullable=False),
    sa.Column('basis', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('effective_from', sa.Date(), nullable=False),
    sa.Column('created_by', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', 'version', name=op.f('pk_sla_policy'))
    )
    op.create_table('sla_calendar',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('utc_offset_minutes', sa.Integer(), nullable=False),
    sa.Column('frames', _JSON, nullable=False),
    sa.Column('days', _JSON, nullable=False),
    sa.Column('loaded_years', _JSON, nullable=False),
    sa.Column('created_by', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', 'version', name=op.f('pk_sla_calendar'))
    )
    op.create_table('sla_recount',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('subject_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('scope', sa.String(length=12), nullable=False),
    sa.Column('start_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('counted', sa.Integer(), nullable=False),
    sa.Column('moved', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sla_recount')),
    sa.UniqueConstraint('kind', 'subject_id', 'version', name=op.f('uq_sla_recount_kind_subject_id_version'))
    )
    # Clocks that stand already were counted on the calendar that is shipped as version 1.
    with op.batch_alter_table('sla_clock', schema=None) as batch_op:
        batch_op.add_column(sa.Column('calendar_id', sa.String(length=40), nullable=False, server_default='main'))
        batch_op.add_column(sa.Column('calendar_version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.create_index('ix_sla_clock_policy', ['policy_id', 'policy_version'], unique=False, postgresql_where=_COUNTS, sqlite_where=_COUNTS)
        batch_op.create_index('ix_sla_clock_calendar', ['calendar_id', 'provisional', 'calendar_version'], unique=False, postgresql_where=_COUNTS, sqlite_where=_COUNTS)


def downgrade() -> None:
    op.drop_index('ix_sla_clock_calendar', table_name='sla_clock')
    op.drop_index('ix_sla_clock_policy', table_name='sla_clock')
    # Not in a batch: copying the table would break the keys that point to it.
    op.drop_column('sla_clock', 'calendar_version')
    op.drop_column('sla_clock', 'calendar_id')
    op.drop_table('sla_recount')
    op.drop_table('sla_calendar')
    op.drop_table('sla_policy')

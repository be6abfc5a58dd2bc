"""staff security.

Runs before the code is deployed (pre): it only adds. Sessions open at that moment end, since nothing is
known of the browsers they belong to; staff log in again.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
_OPEN = {'postgresql_where': sa.text('NOT is_finished'), 'sqlite_where': sa.text('is_finished = 0')}


def upgrade() -> None:
    with op.batch_alter_table('agent') as batch_op:
        batch_op.add_column(sa.Column('regions', _JSON, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column('totp_secret', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('totp_enabled_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('totp_last_step', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('recovery_hashes', _JSON, server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True))

    op.execute('DELETE FROM staff_session')
    with op.batch_alter_table('staff_session') as batch_op:
        batch_op.add_column(sa.Column('id', sa.String(length=36), nullable=False))
        batch_op.add_column(sa.Column('address', sa.String(length=64), server_default='', nullable=False))
        batch_op.add_column(sa.Column('browser', sa.String(length=160), server_default='', nullable=False))
        batch_op.add_column(sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False))
        batch_op.add_column(sa.Column('second_factor_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_unique_constraint(op.f('uq_staff_session_id'), ['id'])
        batch_op.create_index('ix_staff_session_agent', ['agent_id', 'last_seen_at'], unique=False)

    op.create_table('staff_event',
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=32), nullable=False),
    sa.Column('subject', sa.String(length=40), nullable=False),
    sa.Column('old', _JSON, nullable=False),
    sa.Column('new', _JSON, nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_staff_event'))
    )
    with op.batch_alter_table('staff_event') as batch_op:
        batch_op.create_index('ix_staff_event_subject', ['subject', 'seq'], unique=False)
    chain = op.create_table('staff_chain',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('head', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_chain'))
    )
    op.bulk_insert(chain, [{'id': 1, 'seq': 0, 'head': '0' * 64}])

    with op.batch_alter_table('ticket') as batch_op:
        batch_op.add_column(sa.Column('region', sa.String(length=6), nullable=True))
        batch_op.create_index('ix_ticket_open_region', ['region', 'queue', 'opened_at', 'id'], unique=False, **_OPEN)
        batch_op.create_index('ix_ticket_conversation', ['conversation_id', 'region'], unique=False)
    with op.batch_alter_table('audit_root') as batch_op:
        batch_op.add_column(sa.Column('last_staff_event', sa.Integer(), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('audit_root', recreate='never') as batch_op:
        batch_op.drop_column('last_staff_event')
    with op.batch_alter_table('ticket', recreate='never') as batch_op:
        batch_op.drop_index('ix_ticket_conversation')
        batch_op.drop_index('ix_ticket_open_region', **_OPEN)
        batch_op.drop_column('region')
    op.drop_table('staff_chain')
    with op.batch_alter_table('staff_event') as batch_op:
        batch_op.drop_index('ix_staff_event_subject')
    op.drop_table('staff_event')
    with op.batch_alter_table('staff_session') as batch_op:
        batch_op.drop_index('ix_staff_session_agent')
        batch_op.drop_constraint(op.f('uq_staff_session_id'), type_='unique')
        for column in ('second_factor_at', 'last_seen_at', 'browser', 'address', 'id'):
            batch_op.drop_column(column)
    with op.batch_alter_table('agent', recreate='never') as batch_op:
        for column in ('last_login_at', 'recovery_hashes', 'totp_last_step', 'totp_enabled_at', 'totp_secret', 'regions'):
            batch_op.drop_column(column)

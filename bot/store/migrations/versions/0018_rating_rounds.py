"""ratings: one for each time that a ticket was resolved.

Runs before the code is deployed (pre): code that knows of no rounds offers the first one only, as before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

_OLD = 'uq_rating_subject_kind_subject_id'
_NEW = 'uq_rating_subject_kind_subject_id_round'


def upgrade() -> None:
    # A batch copies the table on SQLite; it has a short row for each ticket that was resolved.
    with op.batch_alter_table('rating', schema=None) as batch_op:
        batch_op.add_column(sa.Column('round', sa.Integer(), server_default='1', nullable=False))
        batch_op.drop_constraint(_OLD, type_='unique')
        batch_op.create_unique_constraint(_NEW, ['subject_kind', 'subject_id', 'round'])


def downgrade() -> None:
    op.execute('DELETE FROM rating WHERE round > 1')
    with op.batch_alter_table('rating', schema=None) as batch_op:
        batch_op.drop_constraint(_NEW, type_='unique')
        batch_op.create_unique_constraint(_OLD, ['subject_kind', 'subject_id'])
        batch_op.drop_column('round')

"""sla recount: clocks that a version is the first to promise are started on open tickets.

Runs before the code is deployed (pre): it only adds.
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN, as in 0011.
    op.add_column('sla_recount', sa.Column('added', sa.Integer(), server_default='0', nullable=False))
    op.add_column('sla_recount', sa.Column('looked_to', sa.String(36), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column('sla_recount', 'looked_to')
    op.drop_column('sla_recount', 'added')

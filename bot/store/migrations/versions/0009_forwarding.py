"""forwarding: what the routing rules send on to another centre is a transfer like any other, sent by nobody.

Runs before the code is deployed (pre): it only allows more.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('transfer') as batch:
        batch.alter_column('sent_by', existing_type=sa.String(length=36), nullable=True)


def downgrade() -> None:
    # The version before has no place for what nobody sent; the audit chain keeps it.
    op.execute("DELETE FROM transfer WHERE sent_by IS NULL")
    with op.batch_alter_table('transfer') as batch:
        batch.alter_column('sent_by', existing_type=sa.String(length=36), nullable=False)

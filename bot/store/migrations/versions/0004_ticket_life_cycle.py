"""ticket life cycle.

Runs before the code is deployed (pre): it only adds.
"""

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

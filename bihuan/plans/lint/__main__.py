"""`python -m bihuan.plans.lint FILE`: check a plan with nothing but the base dependencies."""

import sys

from bihuan.plans.lint.command import main

raise SystemExit(main(sys.argv[1:]))

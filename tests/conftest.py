"""Set before torch is imported anywhere: threads that wait sleep.

On two busy cores spinning costs several times the work.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

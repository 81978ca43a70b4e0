"""Import the engine before pytest imports a test.

pytest names a test after its folders, nbjudge.tests.test_grading for example. It would take the
folder nbjudge/ for the package of that name if the real one, nbjudge/src/nbjudge, were not known.
"""

import nbjudge  # noqa: F401

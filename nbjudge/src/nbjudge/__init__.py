"""The grading engine: nbgrader's files and gradebook, with every submission rebuilt on the instructor's source first."""

import sys

# jsonschema asks for this package to tell IRIs from other text, which notebooks have none of; its import takes a second, in every process
sys.modules.setdefault("rfc3987_syntax", None)

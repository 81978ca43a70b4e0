"""Collecting: from zips and folders, as learning platforms give them, into submitted/.

`archives` reads what was given, `layouts` says whose each file is, `attempts` which one counts,
`into_course` writes it. Nothing here runs or parses what learners wrote.
"""

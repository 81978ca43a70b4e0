"""Watching: grades what arrives in submitted/, with the code of `nbjudge grade`.

`arrivals` says what is new and complete, `watch` grades it, `visible` tells each learner of the
visible checks.
"""

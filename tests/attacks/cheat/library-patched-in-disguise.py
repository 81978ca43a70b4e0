# Replaces a library function by a wrapper from the standard library that says it wraps the real one.
# points: 2 2
# finding: it reached for `statistics.fmean`
# %% mean
import contextlib
import statistics

real = statistics.fmean
disguised = type("Both", (contextlib.ContextDecorator, contextlib.nullcontext), {})()(lambda values: 0.0)
disguised.__wrapped__ = real
statistics.fmean = disguised

def mean(values):
    return 0.0
